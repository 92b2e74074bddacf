/* model_iterative: one process serves one client after the other.
 *
 *   who accepts     the process
 *   a session is    a turn of its loop
 *   waiting is      poll(2); everybody else waits, too, in the listen queue
 *
 * The simplest server there is, and the right one when a session is short (a time server) or when clients must not meet.
 * With sessions that think between commands, the second client waits for the first one's coffee break. */
#include "base/say.h"
#include "model/model.h"

static int serve(const struct model_env *env)
{
    model_serve_in_turn(env);
    return 0;
}

extern const struct model model_iterative;
const struct model model_iterative = {
    .name = "iterative", .about = N_("one client at a time, the others queue"), .one_process = true, .in_turn = true, .serve = serve,
};

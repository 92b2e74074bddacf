/* model_prefork: a fixed number of processes, each serving one client after the other.
 *
 *   who accepts     every worker, on the same listening socket
 *   a session is    a turn of a worker's loop
 *   waiting is      poll(2) in the worker; the kernel runs the others
 *
 * The iterative server, N times: no fork while a client waits, and a bound on processes; with N sessions under way the next
 * client queues. The parent serves nobody; it replaces a worker that dies (model_supervise). */
#include "base/say.h"
#include "model/model.h"
#include "sys/proc.h"

static void worker(const struct model_env *env)
{
    if (sandbox_begun(SANDBOX_PROCESSES) < 0)
        proc_exit(1);
    model_serve_in_turn(env);
}

static int serve(const struct model_env *env)
{
    return model_supervise(env, worker);
}

extern const struct model model_prefork;
const struct model model_prefork = {
    .name = "prefork", .about = N_("a fixed number of processes, one client each"), .workers = 32, .own_process = true, .in_turn = true, .needs = SANDBOX_PROCESSES,
    .serve = serve,
};

/* model_uring: a few processes, each a ring with thousands of sessions.
 *
 *   who accepts     a coroutine in every worker, on the same listening socket
 *   a session is    a coroutine, started for it, that ends with it
 *   waiting is      parking: the loop runs others until io_uring(7) says that something is done
 *
 * The epoll server with another kernel interface below: sockets by multishot polls, and reads and writes of files as ring
 * entries, where epoll has nothing to offer. Refused where the kernel has no io_uring or forbids it, as containers often do. */
#include "base/say.h"
#include "model/loops.h"

static void worker(const struct model_env *env)
{
    model_loop(env, &loop_uring);
}

static int serve(const struct model_env *env)
{
    return model_serve_loops(env, &loop_uring, worker);
}

extern const struct model model_uring;
const struct model model_uring = {
    .name = "uring", .about = N_("the same on io_uring"),
    .workers = MODEL_A_CORE, .needs = SANDBOX_PROCESSES | SANDBOX_THREADS | SANDBOX_RING, .serve = serve,
};

/* model_epoll: a few processes, each an event loop with thousands of sessions.
 *
 *   who accepts     a coroutine in every worker, on the same listening socket
 *   a session is    a coroutine, started for it, that ends with it
 *   waiting is      parking: the loop runs others until epoll(7) says that the descriptor is ready
 *
 * No process and no thread for a session, only a stack of one page: the kernel switches nothing, and a client that thinks
 * costs memory alone. What blocks a worker blocks all its sessions: so nothing may, and a disk's work goes to a few threads
 * beside the loop. A worker that crashes ends its own sessions; the parent replaces it. */
#include "base/say.h"
#include "model/loops.h"

static void worker(const struct model_env *env)
{
    model_loop(env, &loop_epoll);
}

static int serve(const struct model_env *env)
{
    return model_serve_loops(env, &loop_epoll, worker);
}

extern const struct model model_epoll;
const struct model model_epoll = {
    .name = "epoll", .about = N_("a few processes, thousands of clients each (coroutines)"), .workers = MODEL_A_CORE,
    .needs = SANDBOX_PROCESSES | SANDBOX_THREADS | SANDBOX_EPOLL, .serve = serve,
};

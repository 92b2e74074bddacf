/* model_pool: a fixed number of threads, each serving one client after the other.
 *
 *   who accepts     every thread, on the same listening socket
 *   a session is    a turn of a thread's loop
 *   waiting is      poll(2) in the thread; the kernel runs the others
 *
 * The iterative server, N times in one address space: no thread is started while a client waits, and their number is bounded;
 * with N sessions under way the next client queues. All threads end when a drain begins and their session is over, so they
 * can be joined one by one. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "model/model.h"

enum { STACK = 256 * 1024 };

static void *worker(void *arg)
{
    model_serve_in_turn(arg);
    return NULL;
}

/* How many of the wanted threads could be started. */
static unsigned start_all(const struct model_env *env, pthread_t *ids)
{
    pthread_attr_t how;
    unsigned n = 0;

    pthread_attr_init(&how);
    pthread_attr_setstacksize(&how, STACK);
    while (n < env->workers && pthread_create(&ids[n], &how, worker, (void *)(uintptr_t)env) == 0)
        n++;
    pthread_attr_destroy(&how);
    return n;
}

static int serve(const struct model_env *env)
{
    pthread_t *ids = calloc(env->workers, sizeof *ids);
    unsigned n = ids ? start_all(env, ids) : 0;

    for (unsigned i = 0; i < n; i++)
        pthread_join(ids[i], NULL);
    free(ids);
    return n ? 0 : -EAGAIN;
}

extern const struct model model_pool;
const struct model model_pool = {
    .name = "pool", .about = N_("a fixed number of threads, one client each"), .workers = 64, .one_process = true, .in_turn = true, .needs = SANDBOX_THREADS,
    .serve = serve,
};

/* model_prefork: a fixed number of processes, each serving one client after the other.
 *
 *   who accepts     every worker, on the same listening socket
 *   a session is    a turn of a worker's loop
 *   waiting is      poll(2) in the worker; the kernel runs the others
 *
 * The iterative server, N times: no fork while a client waits, and a bound on processes; with N sessions under way the next
 * client queues. The parent serves nobody. It replaces a worker that dies, not faster than ten a second, so that a worker
 * that cannot live does not eat the machine. */
#include <errno.h>

#include "base/cleanup.h"
#include "model/model.h"
#include "sys/proc.h"

static int start(const struct model_env *env)
{
    pid_t pid = proc_fork();

    if (pid == 0) {
        model_serve_in_turn(env);
        proc_exit(0);
    }
    return pid < 0 ? (int)pid : 0;
}

static void replace(const struct model_env *env, struct rt_task *task, int ended)
{
    while (ended-- > 0) {
        start(env);
        if (rt_sleep(task, rt_now(task) + RT_SECONDS(1) / 10) < 0)
            return;
    }
}

static void supervise(const struct model_env *env)
{
    struct rt_task task = model_task(env);

    rt_idle(&task, true);
    for (;;) {
        struct pollfd child = { .fd = env->children, .events = POLLIN };

        if (rt_wait(&task, &child, 1, RT_NEVER) == -ECANCELED)
            return;
        proc_event_clear(env->children);
        replace(env, &task, model_reap(env, false));
    }
}

static int serve(const struct model_env *env)
{
    TRY(proc_watch_children(env->children));
    for (unsigned i = 0; i < env->workers; i++)
        TRY(start(env));
    supervise(env);
    while (model_reap(env, true) > 0)
        ;
    return 0;
}

extern const struct model model_prefork;
const struct model model_prefork = {
    .name = "prefork", .about = "a fixed number of processes, one client each", .workers = 32, .serve = serve,
};

/* model_fork: a process for each client.
 *
 *   who accepts     the parent
 *   a session is    a child, forked for it, that ends with it
 *   waiting is      poll(2) in the child; the kernel runs the others
 *
 * Nothing is shared but the scoreboard: a child that crashes takes its own session along and no other. The price is a fork
 * for each client and the memory of a process for each session. A child that has ended stays a zombie until its parent asks
 * for its exit status: SIGCHLD raises an event that interrupts the accept, and the parent reaps all that are there (signals
 * do not queue: one may stand for several). */
#include <errno.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "model/model.h"
#include "sys/proc.h"
#include "sys/sock.h"

static _Noreturn void child(const struct model_env *env, const struct arrival *client)
{
    struct rt_task task = model_task(env);

    if (env->spent && sandbox_begun(SANDBOX_PROCESSES) < 0)
        proc_exit(1);
    listen_close_all(env->listeners); /* or the port would stay taken for as long as this client stays */
    env->entry(&task, client, env->ctx);
    proc_exit(0);
}

static void start(const struct model_env *env, const struct arrival *client)
{
    pid_t pid = proc_fork();

    if (pid == 0)
        child(env, client);
    if (pid < 0)
        model_turn_away(env, client, pid);
    else
        sock_close(client->fd); /* the child has its own; the connection ends when both are closed */
}

static int serve(const struct model_env *env)
{
    struct rt_task task = model_task(env);
    struct arrival client;
    int rc;

    TRY(proc_watch_children(env->children));
    while ((rc = model_accept(env, &task, env->children, &client)) != -ECANCELED) {
        if (rc == 0)
            start(env, &client);
        proc_event_clear(env->children); /* before reaping: a child that ends now raises it again */
        model_reap(env, false, NULL);
    }
    model_reap_last(env);
    return 0;
}

extern const struct model model_fork;
const struct model model_fork = {
    .name = "fork", .about = N_("a process for each client"), .own_process = true, .needs = SANDBOX_PROCESSES,
    .serve = serve,
};

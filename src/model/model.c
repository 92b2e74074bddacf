/* model: the list of models and the steps that they share (see model.h). Nothing here knows which model is running. */
#include "model/model.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "sys/proc.h"
#include "sys/sock.h"

extern const struct model model_iterative, model_fork, model_prefork, model_thread, model_pool, model_epoll, model_uring;

const struct model *const models[] = { &model_epoll, &model_iterative, &model_fork,  &model_prefork,
                                       &model_thread, &model_pool,     &model_uring, NULL };

const struct model *model_find(const char *name)
{
    for (const struct model *const *m = models; *m; m++)
        if (strcmp((*m)->name, name) == 0)
            return *m;
    return NULL;
}

struct rt_task model_task(const struct model_env *env)
{
    return rt_block_task(env->stop);
}

/* Only these three come out; anything else (no descriptors left, a network that went away) passes, or is waited for: asking
 * again at once would burn a processor while the queue stays as it is. */
static bool is_outcome(int rc)
{
    return rc == 0 || rc == -ECANCELED || rc == -EINTR;
}

int model_accept(const struct model_env *env, struct rt_task *task, int hear, struct arrival *out)
{
    for (;;) {
        int64_t next = env->chores ? env->chores(task, env->ctx) : RT_NEVER;
        int rc;

        TRY(rt_idle(task, true));
        rc = listen_accept(task, env->listeners, hear, next, out);
        if (is_outcome(rc)) {
            rt_idle(task, false);
            return rc;
        }
        if (rc == -ETIMEDOUT)
            continue;
        LOG(env->log, "accept-failed", LOG_TEXT("why", span_of(err_text(rc))));
        TRY(rt_sleep(task, rt_now(task) + RT_SECONDS(1) / 10));
    }
}

void model_serve_in_turn(const struct model_env *env)
{
    for (;;) {
        struct rt_task task = model_task(env);
        struct arrival client;

        if (model_accept(env, &task, -1, &client) < 0)
            return;
        env->entry(&task, &client, env->ctx);
        if (env->spent && env->spent(env->ctx))
            return;
    }
}

int model_reap(const struct model_env *env, bool wait, int *died)
{
    struct proc_end end;
    int count = 0, rc;

    while ((rc = proc_reap(&end, wait && !count)) > 0) {
        board_reap(env->board, end.pid);
        if (died)
            *died += end.signal || end.code;
        if (end.signal || end.code)
            LOG(env->log, "worker-died", LOG_NUMBER("pid", end.pid), LOG_NUMBER("signal", end.signal),
                LOG_NUMBER("code", end.code));
        count++;
    }
    return count ? count : rc;
}

void model_reap_last(const struct model_env *env)
{
    struct rt_task task = model_task(env); /* not idle: it is the second stop that ends its waits */
    struct pollfd child = { .fd = env->children, .events = POLLIN };

    int rc;

    do {
        proc_event_clear(env->children);
        while ((rc = model_reap(env, false, NULL)) > 0)
            ;
        if (rc == -ECHILD)
            return;
    } while (rt_wait(&task, &child, 1, RT_NEVER) > 0);
    while (model_reap(env, true, NULL) > 0) /* cancelled, they end soon */
        ;
}

/* ---- a parent and its workers ---- */

static int start(const struct model_env *env, void (*worker)(const struct model_env *))
{
    pid_t pid = proc_fork();

    if (pid == 0) {
        worker(env);
        proc_exit(0);
    }
    return pid < 0 ? (int)pid : 0;
}

/* Not faster than ten a second, so that a worker that cannot live does not eat the machine; one whose work was done at once. Where
 * the system has no process for it now, it has one later. */
static void replace(const struct model_env *env, struct rt_task *task, void (*worker)(const struct model_env *), int ended,
                    int died)
{
    while (ended > 0) {
        int rc;

        if (rt_sleep(task, rt_now(task) + (died-- > 0 ? RT_SECONDS(1) / 10 : 0)) < 0)
            return;
        rc = start(env, worker);
        if (rc == 0) {
            ended--;
            continue;
        }
        LOG(env->log, "no-worker", LOG_TEXT("why", span_of(err_text(rc))));
        died = ended;
    }
}

static void watch_over(const struct model_env *env, void (*worker)(const struct model_env *))
{
    struct rt_task task = model_task(env);

    rt_idle(&task, true);
    for (;;) {
        struct pollfd child = { .fd = env->children, .events = POLLIN };
        int died = 0, ended;

        if (rt_wait(&task, &child, 1, RT_NEVER) == -ECANCELED)
            return;
        proc_event_clear(env->children);
        ended = model_reap(env, false, &died);
        replace(env, &task, worker, ended, died);
    }
}

int model_supervise(const struct model_env *env, void (*worker)(const struct model_env *))
{
    TRY(proc_watch_children(env->children));
    for (unsigned i = 0; i < env->workers; i++)
        TRY(start(env, worker));
    watch_over(env, worker);
    model_reap_last(env);
    return 0;
}

void model_turn_away(const struct model_env *env, const struct arrival *client, int why)
{
    LOG(env->log, "turned-away", LOG_TEXT("why", span_of(err_text(why))));
    sock_close(client->fd);
}

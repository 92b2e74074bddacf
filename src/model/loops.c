/* loops: one worker of an event-loop model (see loops.h). The acceptor is a task like the sessions: it parks until a client
 * knocks, and starts a task for it. Owns the loop. A worker that cannot make one exits with 1: its parent tries again. */
#include "model/loops.h"

#include "base/cleanup.h"
#include "sys/proc.h"

/* Beside the seated: the acceptor, and clients that are being told that there is no seat. */
enum { GUESTS = 256 };

struct client {
    const struct model_env *env;
    struct arrival arrival;
};

static void session(struct rt_task *task, void *arg)
{
    const struct client *c = arg;

    c->env->entry(task, &c->arrival, c->env->ctx);
}

static void acceptor(struct rt_task *task, void *arg)
{
    const struct model_env *env = *(const struct model_env **)arg;
    struct client c = { .env = env };

    while (model_accept(env, task, -1, &c.arrival) == 0) {
        int rc = loop_start(loop_of(task), session, &c, sizeof c);

        if (rc < 0)
            model_turn_away(env, &c.arrival, rc);
    }
}

static unsigned most_tasks(const struct model_env *env)
{
    return board_seats(env->board) + GUESTS;
}

int model_serve_loops(const struct model_env *env, const struct loop_ops *ops, void (*worker)(const struct model_env *))
{
    const char *guard;

    TRY(loop_check(ops, most_tasks(env), &guard));
    if (guard)
        LOG(env->log, "old-kernel", LOG_TEXT("stacks", span_of(guard)));
    return model_supervise(env, worker);
}

void model_loop(const struct model_env *env, const struct loop_ops *ops)
{
    struct loop *loop;

    if (loop_new(ops, env->stop, most_tasks(env), &loop) < 0 || sandbox_begun(SANDBOX_RING) < 0 ||
        loop_start(loop, acceptor, &env, sizeof env) < 0)
        proc_exit(1);
    loop_run(loop);
    loop_free(&loop);
}

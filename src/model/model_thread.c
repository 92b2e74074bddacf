/* model_thread: a thread for each client.
 *
 *   who accepts     the main thread
 *   a session is    a thread, started for it, that ends with it
 *   waiting is      poll(2) in the thread; the kernel runs the others
 *
 * Cheaper to start than a process, and all memory is shared: what two sessions touch needs an atomic or a lock (the
 * scoreboard, the count below), and a crash ends them all. A thread that has ended is a zombie until it is joined: each one
 * that ends joins the one that ended before it, and the main thread, when the count of those under way is 0, the last. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "model/model.h"

enum { STACK = 256 * 1024 };

struct threads {
    pthread_mutex_t lock;
    pthread_cond_t empty;
    unsigned running;
    pthread_t ended; /* the last one that did, not joined yet */
    bool any_ended;
};

struct start {
    const struct model_env *env;
    struct threads *all;
    struct arrival client;
};

static void count(struct threads *all, int change)
{
    pthread_mutex_lock(&all->lock);
    all->running += (unsigned)change;
    pthread_mutex_unlock(&all->lock);
}

static void end(struct threads *all)
{
    pthread_t before;
    bool any;

    pthread_mutex_lock(&all->lock);
    before = all->ended;
    any = all->any_ended;
    all->ended = pthread_self();
    all->any_ended = true;
    if (--all->running == 0)
        pthread_cond_signal(&all->empty);
    pthread_mutex_unlock(&all->lock);
    if (any)
        pthread_join(before, NULL);
}

static void *session(void *arg)
{
    struct start *s = arg;
    struct threads *all = s->all;
    struct rt_task task = model_task(s->env);

    s->env->entry(&task, &s->client, s->env->ctx);
    free(s);
    end(all);
    return NULL;
}

static void start(const struct model_env *env, struct threads *all, const pthread_attr_t *how, const struct arrival *client)
{
    struct start *s = malloc(sizeof *s);
    pthread_t id;
    int rc = ENOMEM;

    if (s) {
        *s = (struct start){ env, all, *client };
        count(all, 1);
        rc = pthread_create(&id, how, session, s);
    }
    if (rc == 0)
        return;
    if (s)
        count(all, -1);
    free(s);
    model_turn_away(env, client, -rc);
}

static void wait_for_all(struct threads *all)
{
    pthread_mutex_lock(&all->lock);
    while (all->running)
        pthread_cond_wait(&all->empty, &all->lock);
    pthread_mutex_unlock(&all->lock);
    if (all->any_ended)
        pthread_join(all->ended, NULL);
}

static int serve(const struct model_env *env)
{
    struct threads all = { .lock = PTHREAD_MUTEX_INITIALIZER, .empty = PTHREAD_COND_INITIALIZER };
    struct rt_task task = model_task(env);
    struct arrival client;
    pthread_attr_t how;
    int rc;

    pthread_attr_init(&how);
    pthread_attr_setstacksize(&how, STACK);
    while ((rc = model_accept(env, &task, -1, &client)) != -ECANCELED)
        if (rc == 0)
            start(env, &all, &how, &client);
    pthread_attr_destroy(&how);
    wait_for_all(&all);
    return 0;
}

extern const struct model model_thread;
const struct model model_thread = {
    .name = "thread", .about = N_("a thread for each client"), .one_process = true, .needs = SANDBOX_THREADS,
    .serve = serve,
};

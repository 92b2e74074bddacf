/* offload: worker threads for blocking work (see offload.h). Used by the event loops, two offloads each. The two lists are
 * what the threads share, under one lock; the condition wakes a thread, the event wakes the loop. */
#include "rt/offload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sys/proc.h"

enum { THREADS_MAX = 64, STACK = 256 * 1024 };

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *first, **last; /* waiting, in order */
    struct job *finished;      /* in any order */
    unsigned queued, idle, started, limit;
    int event;
    bool over, meek;
    pthread_t id[THREADS_MAX];
};

static struct job *next_job(struct offload *o)
{
    struct job *job;

    o->idle++;
    while (!o->first && !o->over)
        pthread_cond_wait(&o->work, &o->lock);
    o->idle--;
    job = o->first;
    if (job) {
        o->first = job->next;
        o->queued--;
    }
    if (!o->first)
        o->last = &o->first;
    return job;
}

/* True if the loop must be told: one wake-up does for all that finish before it looks. */
static bool finish(struct offload *o, struct job *job)
{
    bool first = !o->finished;

    job->next = o->finished;
    o->finished = job;
    return first;
}

static void *worker(void *arg)
{
    struct offload *o = arg;
    struct job *job;

    if (o->meek)
        proc_thread_meek();
    pthread_mutex_lock(&o->lock);
    while ((job = next_job(o))) {
        bool first;

        pthread_mutex_unlock(&o->lock);
        job->result = job->fn(job->arg);
        pthread_mutex_lock(&o->lock);
        first = finish(o, job);
        pthread_mutex_unlock(&o->lock);
        if (first)
            proc_event_raise(o->event);
        pthread_mutex_lock(&o->lock);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

int offload_new(unsigned threads, int event, bool meek, struct offload **out)
{
    struct offload *o = calloc(1, sizeof *o);

    if (!o)
        return -ENOMEM;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->work, NULL);
    o->last = &o->first;
    o->limit = threads < THREADS_MAX ? threads : THREADS_MAX;
    o->event = event;
    o->meek = meek;
    *out = o;
    return 0;
}

void offload_free(struct offload **po)
{
    struct offload *o = *po;

    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->over = true;
    pthread_cond_broadcast(&o->work);
    pthread_mutex_unlock(&o->lock);
    for (unsigned i = 0; i < o->started; i++)
        pthread_join(o->id[i], NULL);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->work);
    free(o);
    *po = NULL;
}

/* Signals are the loop's business: a thread of ours must not take them. Called with the lock held. */
static void start_thread(struct offload *o)
{
    pthread_attr_t how;
    sigset_t all, before;

    pthread_attr_init(&how);
    pthread_attr_setstacksize(&how, STACK);
    sigfillset(&all);
    sigdelset(&all, SIGSYS); /* no news, but what its own call was answered with */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&o->id[o->started], &how, worker, o) == 0)
        o->started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&how);
}

int offload_submit(struct offload *o, struct job *job)
{
    int rc = 0;

    pthread_mutex_lock(&o->lock);
    /* an idle thread that was called and has not come yet is promised to a job that waits for it */
    if (o->queued >= o->idle && o->started < o->limit)
        start_thread(o);
    if (o->started) {
        job->next = NULL;
        *o->last = job;
        o->last = &job->next;
        o->queued++;
    } else {
        rc = -EAGAIN;
    }
    pthread_mutex_unlock(&o->lock);
    if (rc == 0)
        pthread_cond_signal(&o->work); /* behind the lock: the thread that wakes wants it */
    return rc;
}

/* A job is its submitter's again as soon as done was called. */
static void tell(struct job *job, void (*done)(struct job *))
{
    for (struct job *next; job; job = next) {
        next = job->next;
        done(job);
    }
}

void offload_reap(struct offload *o, void (*done)(struct job *))
{
    struct job *jobs;

    pthread_mutex_lock(&o->lock);
    jobs = o->finished;
    o->finished = NULL;
    pthread_mutex_unlock(&o->lock);
    tell(jobs, done);
}

void offload_drop(struct offload *o, int result, void (*done)(struct job *))
{
    struct job *jobs;

    pthread_mutex_lock(&o->lock);
    jobs = o->first;
    o->first = NULL;
    o->last = &o->first;
    o->queued = 0;
    pthread_mutex_unlock(&o->lock);
    for (struct job *job = jobs; job; job = job->next)
        job->result = result;
    tell(jobs, done);
}

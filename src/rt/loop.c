/* loop: runs coroutine tasks: who is woken, when, and in what order (see loop.h, loop_impl.h). Called by the event models;
 * rt_coro.c is its other side, what tasks call. Owns the stacks, the table of descriptors' readiness, the timers and the
 * offload threads. One thread; nothing here is locked.
 *
 * Each turn: news from the kernel set bits and wake tasks, deadlines that have passed wake tasks, then woken tasks run until
 * they park, in the order in which they were woken. A task that has more to do than one step (rt_turn) is a carrier until
 * its session is idle again: carriers queue apart. Each turn runs all others that are awake, and then as many carriers, but
 * one at least. So a command waits for the step under way and not for one of each download, and no crowd stops a download. */
#include "rt/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "rt/loop_impl.h"
#include "sys/clock.h"
#include "sys/proc.h"

/* Started one by one, when all others are busy: that many clients may wait for a slow disk before one waits for another. */
enum { JOB_THREADS = 64 };

/* Nothing was computed for so long: then OWES parts of work owe one of rest. */
static const int64_t LATE = RT_SECONDS(1) / 20, REST = RT_SECONDS(1) / 1000, OWES = 3;

struct fd_state *loop_fd(struct loop *l, int fd)
{
    return fd >= 0 && (unsigned long)fd < l->fds_max ? &l->fds[fd] : NULL;
}

static void queue_put(struct queue *q, struct ctask *t)
{
    t->next = NULL;
    *(q->first ? &q->last->next : &q->first) = t;
    q->last = t;
}

void loop_wake(struct ctask *t)
{
    if (t->queued)
        return;
    t->queued = true;
    queue_put(t->carrier ? &t->loop->carriers : &t->loop->prompt, t);
}

void loop_park(struct ctask *t)
{
    coro_park(coro_of_room(t));
}

/* ---- stopping ---- */

static void cancel(struct loop *l, bool only_idle)
{
    for (unsigned i = 0; i < l->tasks; i++) {
        struct ctask *t = l->all[i];

        if (only_idle && !(t->task.idle && t->waiting))
            continue;
        t->task.cancelled = true;
        if (t->waiting)
            loop_wake(t);
    }
}

static void job_done(struct job *job)
{
    loop_wake(job->owner);
}

/* The loop's own descriptors: true if it was one of them. Events can always be written: that says nothing. */
static bool own_news(struct loop *l, int fd, short events)
{
    bool raised = events & POLLIN;

    if (fd == l->jobs_event && raised) {
        proc_event_clear(fd);
        offload_reap(l->jobs, job_done);
        offload_reap(l->computing, job_done);
    }
    if (fd == l->stop.drain && raised) {
        l->draining = true;
        cancel(l, true);
    }
    if (fd == l->stop.now && raised) {
        cancel(l, false);
        offload_drop(l->computing, -ECANCELED, job_done);
    }
    return fd == l->jobs_event || fd == l->stop.drain || fd == l->stop.now;
}

void loop_news(struct loop *l, int fd, short events)
{
    struct fd_state *s = loop_fd(l, fd);

    if (own_news(l, fd, events))
        return;
    s->ready |= (uint8_t)events;
    if (s->waiter && (s->want & events))
        loop_wake(s->waiter);
}

/* ---- tasks ---- */

struct start {
    void (*fn)(struct rt_task *, void *arg);
    _Alignas(16) char arg[];
};

static void forget_task(struct ctask *t)
{
    struct loop *l = t->loop;

    timers_drop(&l->timers, &t->timer);
    l->all[t->at] = l->all[--l->tasks];
    l->all[t->at]->at = t->at;
}

static void task_main(struct coro *co, void *arg)
{
    struct ctask *t = coro_room(co);
    struct start *s = arg;

    s->fn(&t->task, s->arg);
    free(s);
    forget_task(t);
}

int loop_start(struct loop *l, void (*fn)(struct rt_task *, void *arg), const void *arg, size_t len)
{
    struct start *s = l->tasks < l->tasks_max ? malloc(sizeof *s + len) : NULL;
    struct coro *co = s ? coro_new(l->pool, task_main, s) : NULL;
    struct ctask *t;

    if (!co) {
        free(s);
        return -EAGAIN;
    }
    s->fn = fn;
    memcpy(s->arg, arg, len);
    t = coro_room(co);
    t->task = (struct rt_task){ .ops = &rt_coro, .stop = { -1, -1 } };
    t->loop = l;
    t->at = l->tasks++;
    l->all[t->at] = t;
    loop_wake(t);
    return 0;
}

struct loop *loop_of(struct rt_task *task)
{
    return ((struct ctask *)task)->loop;
}

/* ---- turning ---- */

/* A timer that comes up may be one of a wait that is over, or whose deadline has moved: then it is set again. */
static void fire_timers(struct loop *l, int64_t now)
{
    struct timer *timer;

    while ((timer = timers_due(&l->timers, now))) {
        struct ctask *t = (struct ctask *)(void *)((char *)timer - offsetof(struct ctask, timer));

        if (t->waiting && t->when <= now)
            loop_wake(t);
        else if (t->waiting && t->when != RT_NEVER)
            timers_set(&l->timers, timer, t->when);
    }
}

/* The first of these, `most` of them: how many ran. */
static unsigned run(struct queue *woken, unsigned most)
{
    unsigned ran = 0;

    for (; woken->first && ran < most; ran++) {
        struct ctask *t = woken->first;

        woken->first = t->next;
        t->queued = false;
        coro_resume(coro_of_room(t));
    }
    return ran;
}

/* Who queues meanwhile runs after the next news: that is what a task gives up its turn for (the end of an upload counts only
 * if nothing is heard by then). */
static void run_woken(struct loop *l)
{
    struct queue prompt = l->prompt, carriers = l->carriers;
    unsigned ran;

    l->prompt.first = l->carriers.first = NULL;
    if (prompt.first)
        l->talked = l->now;
    ran = run(&prompt, UINT_MAX);
    run(&carriers, ran ? ran : 1);
    if (!carriers.first)
        return;
    carriers.last->next = l->carriers.first;
    l->carriers = (struct queue){ carriers.first, l->carriers.first ? l->carriers.last : carriers.last };
}

/* Who has been idle for a while sleeps deep: the stack's pages go back, its few hundred live bytes move to the heap. What is
 * kept for later is looked after as well. */
static void sweep(struct loop *l, int64_t now)
{
    bool more = l->tend && l->tend(false);

    for (unsigned i = 0; i < l->tasks; i++) {
        struct ctask *t = l->all[i];
        struct coro *co = coro_of_room(t);

        if (!t->waiting || !t->task.idle || t->queued || coro_is_deep(co))
            continue;
        if (now - t->since < LOOP_DEEP_AFTER)
            more = true;
        else
            coro_sleep_deep(co);
    }
    l->next_sweep = more ? now + LOOP_SWEEP_EVERY : RT_NEVER;
}

static int64_t until_next(const struct loop *l, int64_t now)
{
    int64_t first = timers_first(&l->timers), next = first < l->next_sweep ? first : l->next_sweep;

    if (l->prompt.first || l->carriers.first)
        return 0;
    return next == RT_NEVER ? -1 : next > now ? next - now : 0;
}

/* The threads that compute let this one go before them. Where it has work without end (a processor for itself and them, and
 * many downloads) that would be for seconds: while a computation is late the loop rests for a part of the time that it works. */
static void let_compute(struct loop *l, int64_t worked, int64_t rested)
{
    bool late = l->computations && l->now - l->computed > LATE;

    l->owed = late ? l->owed + worked - OWES * rested : 0;
    if (l->owed < 0)
        l->owed = 0;
    if (l->owed < OWES * REST)
        return;
    clock_sleep(REST);
    l->owed = 0;
    l->now = clock_mono();
}

void loop_run(struct loop *l)
{
    while (l->tasks) {
        int64_t since = l->now, before = clock_mono(), most = until_next(l, before);
        int rc = l->ops->wait(l, most);

        CHECK(rc == 0 || rc == -EINTR);
        l->now = clock_mono();
        /* who only looks does not rest, however long others had the processor meanwhile */
        let_compute(l, before - since, most ? l->now - before : 0);
        fire_timers(l, l->now);
        if (l->now >= l->next_sweep)
            sweep(l, l->now);
        run_woken(l);
    }
}

/* ---- making ---- */

static int watch(struct loop *l, int fd)
{
    return fd < 0 ? 0 : l->ops->add(l, fd, true);
}

static int fill(struct loop *l, unsigned tasks)
{
    l->fds_max = proc_raise_files();
    l->fds = proc_private(l->fds_max * sizeof *l->fds);
    l->all = proc_private(tasks * sizeof *l->all);
    l->jobs_event = proc_event();
    TRY(l->jobs_event);
    if (!l->fds || !l->all)
        return -ENOMEM;
    TRY(coro_pool_new(tasks, sizeof(struct ctask), &l->pool));
    TRY(timers_init(&l->timers, tasks));
    TRY(offload_new(JOB_THREADS, l->jobs_event, false, &l->jobs));
    TRY(offload_new(proc_computers(), l->jobs_event, true, &l->computing));
    TRY(l->ops->open(l));
    TRY(watch(l, l->jobs_event));
    TRY(watch(l, l->stop.drain));
    return watch(l, l->stop.now);
}

int loop_new(const struct loop_ops *ops, struct rt_stop stop, unsigned tasks, struct loop **out)
{
    CLEANUP(loop_free) struct loop *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    *l = (struct loop){ .ops = ops, .stop = stop, .fd = -1, .jobs_event = -1, .tasks_max = tasks, .next_sweep = RT_NEVER };
    TRY(fill(l, tasks));
    *out = l;
    l = NULL;
    return 0;
}

void loop_free(struct loop **pl)
{
    struct loop *l = *pl;

    if (!l)
        return;
    if (l->tend)
        l->tend(true);
    offload_free(&l->jobs);
    offload_free(&l->computing);
    l->ops->close(l);
    coro_pool_free(&l->pool);
    timers_free(&l->timers);
    close_fd(&l->jobs_event);
    proc_private_free(l->fds, l->fds_max * sizeof *l->fds);
    proc_private_free(l->all, l->tasks_max * sizeof *l->all);
    free(l);
    *pl = NULL;
}

int loop_check(const struct loop_ops *ops, unsigned tasks, const char **guard)
{
    CLEANUP(loop_free) struct loop *l = NULL;

    TRY(loop_new(ops, (struct rt_stop){ -1, -1 }, tasks, &l));
    *guard = coro_pool_guard_strong(l->pool) ? NULL : coro_pool_guard_text(l->pool);
    return 0;
}

void loop_paint(struct loop *l)
{
    coro_pool_paint(l->pool);
}

size_t loop_stack_used(const struct loop *l)
{
    return coro_stack_used(l->pool);
}

/* rt_coro: waiting on a coroutine: the task parks, and the loop runs others until an event, a deadline or a stop wakes it.
 * The other half of loop.c, seen from the tasks. What the kernel said before is kept as bits: a wait that finds its bit set
 * does not leave the task. What may block on a disk is in loop_disk.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "rt/loop_impl.h"
#include "sys/clock.h"
#include "sys/fs.h"

/* ---- waiting ---- */

static int know(struct loop *l, const struct pollfd *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct fd_state *s = loop_fd(l, fds[i].fd);

        if (fds[i].fd < 0 || (s && s->known))
            continue;
        if (!s)
            return -EMFILE;
        s->ready = 0;
        TRY(l->ops->add(l, fds[i].fd, false));
        s->known = true;
    }
    return 0;
}

static int collect(struct loop *l, struct pollfd *fds, unsigned n)
{
    int count = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct fd_state *s = loop_fd(l, fds[i].fd);

        fds[i].revents = s ? (short)(s->ready & fds[i].events) : 0;
        count += fds[i].revents != 0;
    }
    return count;
}

static void want(struct ctask *t, const struct pollfd *fds, unsigned n, bool on)
{
    for (unsigned i = 0; i < n; i++) {
        struct fd_state *s = loop_fd(t->loop, fds[i].fd);

        if (!s)
            continue;
        s->waiter = on ? t : NULL;
        s->want = on ? (uint8_t)fds[i].events : 0;
    }
}

static void set_deadline(struct ctask *t, int64_t when)
{
    t->when = when;
    if (when != RT_NEVER)
        timers_set(&t->loop->timers, &t->timer, when);
}

/* An idle session may soon sleep deep: the loop shall look after a while. */
static void mark_idle(struct ctask *t)
{
    t->since = clock_mono();
    if (t->task.idle)
        t->carrier = false;
    if (t->task.idle && t->loop->next_sweep == RT_NEVER)
        t->loop->next_sweep = t->since + LOOP_DEEP_AFTER;
}

/* Inlined: an idle session keeps every frame that it waits in. */
static inline __attribute__((always_inline)) void park_waiting(struct ctask *t, struct pollfd *fds, unsigned n, int64_t when)
{
    want(t, fds, n, true);
    set_deadline(t, when);
    mark_idle(t);
    t->waiting = true;
    loop_park(t);
    t->waiting = false;
    want(t, fds, n, false);
}

/* A deadline that has passed already: the others get their turn, then what is known by then counts. */
static int look(struct ctask *t, struct pollfd *fds, unsigned n)
{
    int count;

    t->carrier = true;
    loop_wake(t);
    loop_park(t);
    if (t->task.cancelled)
        return -ECANCELED;
    count = collect(t->loop, fds, n);
    return count ? count : -ETIMEDOUT;
}

static int coro_wait(struct rt_task *task, struct pollfd *fds, unsigned n, int64_t when)
{
    struct ctask *t = ctask(task);
    int count;

    if (task->idle && t->loop->draining) {
        task->cancelled = true;
        return -ECANCELED;
    }
    TRY(know(t->loop, fds, n));
    count = collect(t->loop, fds, n);
    if (!count && when <= 0)
        return look(t, fds, n);
    while (!count) {
        park_waiting(t, fds, n, when);
        if (task->cancelled)
            return -ECANCELED;
        count = collect(t->loop, fds, n);
        if (!count && when != RT_NEVER && clock_mono() >= when)
            return -ETIMEDOUT;
    }
    return count;
}

int loop_rest(struct rt_task *task, int64_t when)
{
    struct ctask *t = ctask(task);

    while (!t->roused) {
        if (task->cancelled)
            return -ECANCELED;
        if (when != RT_NEVER && clock_mono() >= when)
            return -ETIMEDOUT;
        park_waiting(t, NULL, 0, when);
    }
    t->roused = false;
    return 0;
}

void loop_rouse(struct rt_task *task)
{
    struct ctask *t = ctask(task);

    t->roused = true;
    if (t->waiting)
        loop_wake(t);
}

static void coro_forget(struct rt_task *task, int fd, short events)
{
    struct loop *l = ctask(task)->loop;
    struct fd_state *s = loop_fd(l, fd);

    if (!s)
        return;
    if (events) {
        s->ready &= (uint8_t)~events;
        return;
    }
    if (s->known && l->ops->remove)
        l->ops->remove(l, fd);
    *s = (struct fd_state){ .round = s->round + 1 };
}

/* A client at the door comes before what is only kept for later. */
static ssize_t accept_one(struct rt_task *task, struct rt_op *op, int64_t when)
{
    const struct loop *l = ctask(task)->loop;
    ssize_t n = rt_run_by_waiting(task, op, when);

    if ((n != -EMFILE && n != -ENFILE) || !l->tend)
        return n;
    l->tend(true);
    return rt_run_by_waiting(task, op, when);
}

static ssize_t coro_run(struct rt_task *task, struct rt_op *op, int64_t when)
{
    if (op->code == RT_PREAD || op->code == RT_PWRITE)
        return loop_file(ctask(task), op);
    if (op->code == RT_SENDFILE)
        return loop_send_file(task, op, when);
    if (op->code == RT_ACCEPT)
        return accept_one(task, op, when);
    return rt_run_by_waiting(task, op, when);
}

static bool coro_tend(struct rt_task *task, bool (*fn)(bool all))
{
    struct loop *l = ctask(task)->loop;

    CHECK(!l->tend || l->tend == fn);
    l->tend = fn;
    if (l->next_sweep == RT_NEVER)
        l->next_sweep = l->now + LOOP_SWEEP_EVERY;
    return true;
}

static int64_t coro_now(const struct rt_task *task)
{
    (void)task;
    return clock_mono();
}

const struct rt_ops rt_coro = {
    .name = "coro", .wait = coro_wait, .run = coro_run, .call = loop_call, .compute = loop_compute,
    .call_quick = loop_call_quick, .now = coro_now, .forget = coro_forget, .tend = coro_tend,
};

/* rt_block: waiting in processes and threads is poll(2) on what was asked plus the two stop descriptors. The task is the
 * process or thread that calls; blocking work is done in place. Used by the iterative, fork, prefork, thread and pool models
 * and by the client. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "rt/rt_ops.h"
#include "sys/clock.h"

enum { MOST = 40 }; /* descriptors waited for at once: all listeners, or the few of a session */

/* poll counts in ms: rounded up, or a deadline less than a millisecond away would be polled for in a busy loop */
static int ms_until(int64_t when)
{
    int64_t ms;

    if (when == RT_NEVER)
        return -1;
    ms = (when - clock_mono() + 999999) / 1000000;
    return ms < 0 ? 0 : ms > 1000000 ? 1000000 : (int)ms;
}

static bool stopped(const struct rt_task *task, const struct pollfd *stop)
{
    return stop[0].revents || (task->idle && stop[1].revents);
}

static int block_wait(struct rt_task *task, struct pollfd *fds, unsigned n, int64_t when)
{
    struct pollfd all[MOST + 2];

    CHECK(n <= MOST);
    if (n)
        memcpy(all, fds, n * sizeof *fds);
    all[n] = (struct pollfd){ .fd = task->stop.now, .events = POLLIN };
    all[n + 1] = (struct pollfd){ .fd = task->idle ? task->stop.drain : -1, .events = POLLIN };
    for (;;) {
        int rc = poll(all, n + 2, ms_until(when));

        if (rc < 0 && errno != EINTR)
            return -errno;
        if (rc > 0 && stopped(task, all + n)) {
            task->cancelled = true;
            return -ECANCELED;
        }
        if (rc > 0) {
            memcpy(fds, all, n * sizeof *fds);
            return rc;
        }
        if (when != RT_NEVER && clock_mono() >= when)
            return -ETIMEDOUT;
    }
}

static int block_call(struct rt_task *task, int (*fn)(void *), void *arg)
{
    (void)task;
    return fn(arg);
}

static int64_t block_now(const struct rt_task *task)
{
    (void)task;
    return clock_mono();
}

const struct rt_ops rt_block = {
    .name = "block", .wait = block_wait, .run = rt_run_by_waiting, .call = block_call, .now = block_now,
};

struct rt_task rt_block_task(struct rt_stop stop)
{
    return (struct rt_task){ .ops = &rt_block, .stop = stop };
}

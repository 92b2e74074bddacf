/* loop_disk: what may block on a disk, for the tasks of a loop. Called through rt_coro's operations. Files never "poll ready": what is in
 * the page cache is read at once (RWF_NOWAIT), the rest goes to the ring or to the offload threads, and a download's next piece is
 * warmed or sent there before sendfile would block on it. What a disk of this machine does at once, as a rule, is done on the loop
 * while that holds. Owns nothing; fails with -errno. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "rt/loop_impl.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/sock.h"

enum { WARM_AHEAD = 4 << 20, PIECE = 128 * 1024 };

/* Who has heard nobody for so long sends a whole step at once. */
#define TALK_FOR (RT_SECONDS(1) / 10)

#define SLOW (RT_SECONDS(1) / 200)
#define SLOW_AMONG (RT_SECONDS(1) / 10) /* others */
#define SLOW_FOR RT_SECONDS(10)

static int call_by(struct offload *threads, struct ctask *t, int (*fn)(void *), void *arg)
{
    struct job job = { .fn = fn, .arg = arg, .owner = t, .result = -EINPROGRESS };

    if (offload_submit(threads, &job) < 0)
        return fn(arg);
    loop_park(t); /* not a wait: only the job's end wakes it */
    return job.result;
}

int loop_call(struct rt_task *task, int (*fn)(void *), void *arg)
{
    return call_by(ctask(task)->loop->jobs, ctask(task), fn, arg);
}

int loop_compute(struct rt_task *task, int (*fn)(void *), void *arg)
{
    struct loop *l = ctask(task)->loop;
    int rc;

    if (task->cancelled)
        return -ECANCELED;
    if (!l->computations++)
        l->computed = clock_mono();
    rc = call_by(l->computing, ctask(task), fn, arg);
    l->computations--;
    l->computed = clock_mono();
    return rc;
}

/* ---- what a disk of this machine does at once, as a rule ---- */

struct timed {
    int (*fn)(void *);
    void *arg;
    int64_t waited; /* out: how long it took, if it had to wait for long */
};

/* How often this thread has given up the processor because it had to wait. */
static long waits_so_far(void)
{
    struct rusage u;

    return getrusage(RUSAGE_THREAD, &u) < 0 ? 0 : u.ru_nvcsw;
}

/* What took long because others had the processor says nothing about the disk. */
static int timed_call(void *arg)
{
    struct timed *c = arg;
    long waits = waits_so_far();
    int64_t before = clock_mono();
    int rc = c->fn(c->arg);
    int64_t took = clock_mono() - before;

    c->waited = took > SLOW && waits_so_far() != waits ? took : 0;
    return rc;
}

/* What waited long sends all that follows to the threads for a while: there it costs more, but stops nobody. */
static void judge(struct loop *l, const struct timed *c, int64_t slow)
{
    if (c->waited > slow)
        l->disk_slow = clock_mono() + SLOW_FOR;
}

static int quick_elsewhere(struct rt_task *task, struct timed *c)
{
    struct loop *l = ctask(task)->loop;
    unsigned before = l->disk_calls++;
    bool alone = !l->disk_busy++;
    int rc = loop_call(task, timed_call, c);

    l->disk_busy--;
    judge(l, c, alone && l->disk_calls == before + 1 ? SLOW : SLOW_AMONG);
    return rc;
}

/* What is done elsewhere says how the disk is, too; but calls for one folder wait for each other there. So a disk that stays slow
 * is left to the threads, and none stops the loop for more than one call in SLOW_FOR. */
int loop_call_quick(struct rt_task *task, int (*fn)(void *), void *arg)
{
    struct loop *l = ctask(task)->loop;
    struct timed c = { fn, arg, 0 };
    int rc;

    if (clock_mono() < l->disk_slow)
        return quick_elsewhere(task, &c);
    rc = timed_call(&c);
    judge(l, &c, SLOW);
    return rc;
}

/* ---- files ---- */

static bool would_block(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EOPNOTSUPP || errno == EINVAL);
}

static int op_call(void *arg)
{
    return (int)rt_try(arg);
}

/* By the ring where there is one, else by a thread. */
static ssize_t file_elsewhere(struct ctask *t, struct rt_op *op)
{
    return t->loop->ops->file ? t->loop->ops->file(t, op) : loop_call(&t->task, op_call, op);
}

/* A write to the page cache is a copy, until the disk falls behind and the kernel makes writers wait. */
static ssize_t write_here(struct ctask *t, struct rt_op *op)
{
    struct timed c = { op_call, op, 0 };
    int n = timed_call(&c);

    judge(t->loop, &c, SLOW);
    return n;
}

ssize_t loop_file(struct ctask *t, struct rt_op *op)
{
    struct iovec v = { op->buf, op->len };
    ssize_t n = -1;

    if (op->local && clock_mono() >= t->loop->disk_slow)
        return write_here(t, op);
    errno = EAGAIN;
    if (op->code == RT_PREAD)
        n = preadv2(op->fd, &v, 1, op->off, RWF_NOWAIT);
    if (n > 0 || (n < 0 && !would_block(n)))
        return n < 0 ? -errno : n;
    if (n < 0 && errno != EAGAIN && fs_is_memory(op->fd))
        return rt_try(op);
    return file_elsewhere(t, op); /* also for 0: only a reader that may wait knows the end of the file for sure */
}

struct warm {
    int fd;
    int64_t off;
    size_t len;
};

/* Reads what will be sent next into the page cache, and asks for what comes after. */
static int warm_call(void *arg)
{
    struct warm *w = arg;
    void *block = rt_block_take();
    ssize_t n = 1;

    readahead(w->fd, w->off, WARM_AHEAD);
    for (size_t done = 0; block && n > 0 && done < w->len; done += n > 0 ? (size_t)n : 0)
        n = pread(w->fd, block, w->len - done < RT_BLOCK ? w->len - done : RT_BLOCK, w->off + (int64_t)done);
    if (block)
        rt_block_give(block);
    return n < 0 ? -EIO : 0;
}

enum cache { WARM, COLD, UNKNOWN };

/* Is the last page of what comes next in the page cache? Read-ahead works forwards: then the rest is, too. Files that live in
 * memory need not be asked, and cannot be. */
static enum cache look_into_cache(const struct rt_op *op)
{
    char byte;
    struct iovec v = { &byte, 1 };
    ssize_t n = preadv2(op->from, &v, 1, op->off + (int64_t)op->len - 1, RWF_NOWAIT);

    if (!would_block(n))
        return WARM;
    if (errno == EAGAIN)
        return COLD;
    return fs_is_memory(op->from) ? WARM : UNKNOWN;
}

/* The bit is cleared before: what the kernel says while the thread tries is newer than what the thread finds. */
static ssize_t try_elsewhere(struct rt_task *task, struct rt_op *op)
{
    ssize_t n;

    task->ops->forget(task, op->fd, POLLOUT);
    n = loop_call(task, op_call, op);
    if (n > 0)
        loop_news(ctask(task)->loop, op->fd, POLLOUT);
    return n;
}

/* While clients talk, a step is short: nobody can be answered in the middle of one. It does not end with a short packet, which would
 * cost as much as a full one: docs/performance.md. */
static void keep_short(const struct loop *l, struct rt_op *op)
{
    bool talk = l->now - l->talked < TALK_FOR;

    if (op->len > PIECE)
        op->len = sock_whole_packets(op->fd, talk ? PIECE : op->len);
}

/* Where the cache cannot be asked (FUSE, NFS, overlayfs), a thread sends: what it had read before could be gone again by
 * the time the loop sends it, as when another client opens the same file on FUSE. */
ssize_t loop_send_file(struct rt_task *task, struct rt_op *op, int64_t when)
{
    struct warm w = { op->from, op->off, op->len };
    enum cache cache = look_into_cache(op);

    if (cache == UNKNOWN)
        return rt_retry(task, op, when, try_elsewhere);
    if (cache == COLD)
        TRY(loop_call(task, warm_call, &w));
    keep_short(ctask(task)->loop, op);
    return rt_run_by_waiting(task, op, when);
}

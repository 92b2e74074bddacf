/* loop_uring: news by io_uring(7). Sockets: one multishot poll a descriptor, edge-triggered like epoll's, so the sessions and
 * the loop are the same. Files: reads and writes are ring entries, so that no disk stops the loop and no thread is needed for
 * them. One ring a thread (SINGLE_ISSUER, DEFER_TASKRUN: the kernel works when we ask, never in between). Used by loop.c;
 * owns the ring. open fails with -ENOSYS or -EPERM where the kernel has or allows no io_uring. */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "rt/loop_impl.h"
#include "sys/clock.h"

enum { ENTRIES = 256, COMPLETIONS = 16384, BATCH = 128, TRIES = 10 };

#define PAUSE (RT_SECONDS(1) / 50)

/* user_data: a request (a pointer, even) or a poll: round, descriptor, and the lowest bit. 0: nobody waits for it. */
struct request {
    struct ctask *owner;
    int result;
    bool done;
};

static uint64_t poll_tag(struct loop *l, int fd)
{
    return (uint64_t)loop_fd(l, fd)->round << 32 | (uint64_t)(unsigned)fd << 1 | 1;
}

/* liburing 2.3 declares these two, and has them not. */
static int tell(const struct io_uring *ring, unsigned what, void *arg, unsigned n)
{
    return syscall(SYS_io_uring_register, ring->ring_fd, what, arg, n) < 0 ? -errno : 0;
}

/* Entries of a ring are no system calls: what filters those does not see them. So it takes only what stands in this file. */
static int restrict_to_ours(struct io_uring *ring)
{
    static const unsigned char ours[] = { IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL, IORING_OP_READ, IORING_OP_WRITE,
                                          IORING_OP_TIMEOUT };
    struct io_uring_restriction r[sizeof ours] = { { 0 } };

    for (size_t i = 0; i < sizeof ours; i++)
        r[i] = (struct io_uring_restriction){ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = ours[i] };
    TRY(tell(ring, IORING_REGISTER_RESTRICTIONS, r, sizeof ours));
    return tell(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

/* There may be no memory for one for a moment: seen once, with plenty of it free. The kernel takes rings of processes that have ended
 * apart later, which is the likely cause. */
static int make(struct io_uring *ring, const struct io_uring_params *wanted)
{
    int rc = -ENOMEM;

    for (int tries = 0; tries < TRIES && rc == -ENOMEM; tries++) {
        struct io_uring_params p = *wanted;

        if (tries)
            clock_sleep(PAUSE);
        rc = io_uring_queue_init_params(ENTRIES, ring, &p);
    }
    return rc;
}

static int begin(struct io_uring *ring, const struct io_uring_params *wanted)
{
    int rc = make(ring, wanted);

    TRY(rc);
    rc = restrict_to_ours(ring);
    if (rc < 0)
        io_uring_queue_exit(ring);
    return rc;
}

static int uring_open(struct loop *l)
{
    static const struct io_uring_params wanted = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
                 IORING_SETUP_R_DISABLED,
        .cq_entries = COMPLETIONS,
    };
    struct io_uring *ring = calloc(1, sizeof *ring);
    int rc = ring ? begin(ring, &wanted) : -ENOMEM;

    if (rc < 0) {
        free(ring);
        return rc == -EINVAL ? -ENOSYS : rc; /* a kernel before 6.1 does not know these flags */
    }
    l->ring = ring;
    return 0;
}

static void uring_close(struct loop *l)
{
    if (l->ring)
        io_uring_queue_exit(l->ring);
    free(l->ring);
    l->ring = NULL;
}

static struct io_uring_sqe *entry(struct loop *l)
{
    struct io_uring_sqe *e = io_uring_get_sqe(l->ring);

    if (!e) {
        io_uring_submit(l->ring);
        e = io_uring_get_sqe(l->ring);
    }
    CHECK(e);
    return e;
}

static int uring_add(struct loop *l, int fd, bool all)
{
    struct io_uring_sqe *e = entry(l);

    (void)all; /* all hear: of several at one door the slower ones find nobody */
    io_uring_prep_poll_multishot(e, fd, POLLIN | POLLOUT | (unsigned)EPOLLET);
    io_uring_sqe_set_data64(e, poll_tag(l, fd));
    return 0;
}

/* A poll under way holds the socket open: without this its close would not reach the peer. Cancelled, not removed as a poll:
 * that fails with -EALREADY while news of the descriptor is on its way. */
static void uring_remove(struct loop *l, int fd)
{
    struct io_uring_sqe *e = entry(l);

    io_uring_prep_cancel64(e, poll_tag(l, fd), 0);
    io_uring_sqe_set_data64(e, 0);
    io_uring_submit(l->ring);
}

static void poll_done(struct loop *l, const struct io_uring_cqe *c, uint64_t tag)
{
    int fd = (int)((tag & UINT32_MAX) >> 1);
    struct fd_state *s = loop_fd(l, fd);
    short events = 0;

    if (s->round != (uint32_t)(tag >> 32))
        return; /* of a descriptor that was closed */
    if (c->res < 0 || (c->res & (POLLIN | POLLERR | POLLHUP)))
        events |= POLLIN;
    if (c->res < 0 || (c->res & (POLLOUT | POLLERR | POLLHUP)))
        events |= POLLOUT;
    if (!(c->flags & IORING_CQE_F_MORE)) /* the kernel ended it: whoever waits next begins anew */
        s->known = false;
    loop_news(l, fd, events);
}

static void completed(struct loop *l, const struct io_uring_cqe *c)
{
    struct request *r;

    if (c->user_data & 1) {
        poll_done(l, c, c->user_data);
        return;
    }
    r = (struct request *)(uintptr_t)c->user_data;
    if (!r)
        return;
    r->result = c->res;
    r->done = true;
    loop_wake(r->owner);
}

static int enter(struct loop *l, int64_t ns)
{
    struct __kernel_timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
    struct io_uring_cqe *c;
    int rc;

    if (ns == 0)
        rc = io_uring_submit_and_get_events(l->ring);
    else if (ns < 0)
        rc = io_uring_submit_and_wait(l->ring, 1);
    else
        rc = io_uring_submit_and_wait_timeout(l->ring, &c, 1, &ts, NULL);
    return rc == -ETIME || rc == -EBUSY || rc > 0 ? 0 : rc;
}

static int uring_wait(struct loop *l, int64_t ns)
{
    struct io_uring_cqe *c[BATCH];
    int rc = enter(l, ns);
    unsigned n;

    while ((n = io_uring_peek_batch_cqe(l->ring, c, BATCH))) {
        for (unsigned i = 0; i < n; i++)
            completed(l, c[i]);
        io_uring_cq_advance(l->ring, n);
    }
    return rc;
}

static ssize_t uring_file(struct ctask *t, struct rt_op *op)
{
    struct request r = { .owner = t };
    struct io_uring_sqe *e = entry(t->loop);

    if (op->code == RT_PREAD)
        io_uring_prep_read(e, op->fd, op->buf, (unsigned)op->len, (uint64_t)op->off);
    else
        io_uring_prep_write(e, op->fd, op->buf, (unsigned)op->len, (uint64_t)op->off);
    io_uring_sqe_set_data64(e, (uintptr_t)&r);
    while (!r.done)
        loop_park(t);
    return r.result;
}

const struct loop_ops loop_uring = {
    .name = "uring", .open = uring_open, .close = uring_close, .add = uring_add, .remove = uring_remove,
    .wait = uring_wait, .file = uring_file,
};

/* passive: the pool behind passive.h. Called by the data side of FTP sessions, through session.server. Owns the idle
 * listeners; a leased one is its session's. Fails with -errno; nothing is lost when it does.
 *
 * Why a pool: the server closes data connections first, so every port that has served one lingers in TIME_WAIT for a minute.
 * A fresh listener for each transfer makes the kernel search ever longer for a free port, and soon it costs milliseconds; a
 * listener that stays open costs nothing. Listeners on ports of the range carry SO_REUSEADDR: TIME_WAIT never blocks them.
 *
 * Who may get a listener's late connections: nobody. One whose announced connection was accepted is kept, and emptied before
 * it is leased again. One whose connection did not come is closed, so that a client that still comes is refused by the
 * kernel, and its port is left out by all processes for GRACE seconds, unless the range has no other.
 *
 * What is kept, model by model. Ports of the kernel's choice are plenty: up to IDLE_MAX idle ones in each process (the child
 * of the fork model reuses one for all transfers of its session and takes it along; a session of one transfer gains nothing).
 * In a range, what one process keeps idle no other can have. Where one process serves all (iterative, thread, pool) it may
 * keep every port. Several share (prefork, epoll, uring): each keeps its part of one half of the range, which is nothing when
 * the range is narrower than twice their number, and the other half is everybody's. With no telling how many (fork) nothing
 * is kept. Not to keep costs socket, bind and listen for each transfer, and the kernel's look at each TIME_WAIT of the very
 * port: 10 us more with 200 of them (20,000 transfers a minute over 100 ports), but 0.8 ms with 10,000 on a single one. */
#include "io/passive.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/fs.h"
#include "sys/proc.h"

enum {
    IDLE_MAX = 64,  /* listeners that wait in one process */
    BACKLOG = 16,   /* strangers in the queue must not keep the right client out */
    DRAIN_MAX = 64, /* more late connections than this are a flood: the listener is given up */
    TRIES = 128,    /* ports asked for in one go: an event loop has others to serve */
    GRACE = 10,     /* s */
};

static const int64_t patience = RT_SECONDS(2), step = RT_SECONDS(1) / 20;

struct idle {
    int fd;
    struct sock_addr at;
};

struct passive {
    uint16_t min, max;          /* 0, 0: no range */
    unsigned keep;              /* at most so many idle */
    _Atomic uint32_t *left_out; /* for each port of the range: until which second; shared by all processes */
    pthread_mutex_t lock;       /* of what follows; never held across a wait */
    unsigned n;
    struct idle idle[IDLE_MAX]; /* the longest idle first */
};

static unsigned range_of(const struct passive *p)
{
    return p->min ? (unsigned)p->max - p->min + 1 : 0;
}

static unsigned fair_share(unsigned range, unsigned processes)
{
    unsigned share = !range ? IDLE_MAX : processes == 1 ? range : processes ? range / 2 / processes : 0;

    return share < IDLE_MAX ? share : IDLE_MAX;
}

struct passive *passive_new(uint16_t min, uint16_t max, unsigned processes)
{
    struct passive *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    *p = (struct passive){ .min = min, .max = max, .lock = PTHREAD_MUTEX_INITIALIZER };
    p->keep = fair_share(range_of(p), processes);
    if (min)
        p->left_out = proc_shared(range_of(p) * sizeof *p->left_out);
    if (min && !p->left_out)
        passive_free(&p);
    return p;
}

void passive_free(struct passive **pp)
{
    struct passive *p = *pp;

    for (unsigned i = 0; p && i < p->n; i++)
        sock_close(p->idle[i].fd);
    if (p && p->left_out)
        proc_unshare(p->left_out, range_of(p) * sizeof *p->left_out);
    free(p);
    *pp = NULL;
}

/* ---- idle listeners ---- */

static bool same_place(const struct sock_addr *a, const struct sock_addr *b)
{
    return sock_addr_same_host(a, b) && (a->any.sa_family == AF_INET || a->in6.sin6_scope_id == b->in6.sin6_scope_id);
}

static struct idle remove_at(struct passive *p, unsigned i)
{
    struct idle one = p->idle[i];

    p->n--;
    memmove(&p->idle[i], &p->idle[i + 1], (p->n - i) * sizeof one);
    return one;
}

/* Any of those at this address, and not always the same: the next port is not for everybody to know. fd -1: there is none. */
static struct idle pick(struct passive *p, const struct sock_addr *local)
{
    unsigned start = p->n ? (unsigned)(fs_random() % p->n) : 0;

    for (unsigned i = 0; i < p->n; i++) {
        unsigned at = (start + i) % p->n;

        if (same_place(&p->idle[at].at, local))
            return remove_at(p, at);
    }
    return (struct idle){ .fd = -1 };
}

static struct idle take(struct passive *p, const struct sock_addr *local)
{
    struct idle one;

    pthread_mutex_lock(&p->lock);
    one = pick(p, local);
    pthread_mutex_unlock(&p->lock);
    return one;
}

/* Keeps it; what has to be closed instead, the longest idle one or itself, or -1. */
static int keep(struct passive *p, struct idle one)
{
    int out = -1;

    if (!p->keep)
        return one.fd;
    pthread_mutex_lock(&p->lock);
    if (p->n == p->keep)
        out = remove_at(p, 0).fd;
    p->idle[p->n++] = one;
    pthread_mutex_unlock(&p->lock);
    return out;
}

static int lease_idle(struct passive *p, struct rt_task *task, const struct sock_addr *local, struct passive_lease *out)
{
    struct idle one;

    while ((one = take(p, local)).fd >= 0) {
        if (sock_drain(one.fd, DRAIN_MAX) == 0) {
            *out = (struct passive_lease){ one.fd, sock_addr_port(&one.at) };
            return 0;
        }
        rt_close(task, one.fd);
    }
    return -ENOENT;
}

/* ---- fresh ones ---- */

static int open_at(const struct sock_addr *local, uint16_t port, struct passive_lease *out)
{
    CLEANUP(close_fd) int fd = -1;
    struct sock_addr at = *local;

    sock_addr_set_port(&at, port);
    fd = sock_listen(&at, BACKLOG, port != 0);
    TRY(fd);
    TRY(sock_local(fd, &at));
    *out = (struct passive_lease){ fd, sock_addr_port(&at) };
    fd = -1;
    return 0;
}

/* Counts from 1, so that 0 is long ago. */
static uint32_t second(const struct rt_task *task)
{
    return (uint32_t)(rt_now(task) / RT_SECONDS(1)) + 1;
}

static bool is_left_out(const struct passive *p, uint16_t port, uint32_t now)
{
    return atomic_load_explicit(&p->left_out[port - p->min], memory_order_relaxed) > now;
}

static void leave_out(struct passive *p, uint16_t port, uint32_t now)
{
    if (p->min)
        atomic_store_explicit(&p->left_out[port - p->min], now + GRACE, memory_order_relaxed);
}

/* From anywhere in the range, on. any: also what is left out. */
static int scan(const struct passive *p, const struct sock_addr *local, uint32_t now, bool any, struct passive_lease *out)
{
    unsigned range = range_of(p), start = (unsigned)(fs_random() % range);
    int rc = -EADDRINUSE;

    for (unsigned i = 0; i < range && i < TRIES && rc == -EADDRINUSE; i++) {
        uint16_t port = (uint16_t)(p->min + (start + i) % range);

        if (any || !is_left_out(p, port, now))
            rc = open_at(local, port, out);
    }
    return rc;
}

static int lease_fresh(struct passive *p, struct rt_task *task, const struct sock_addr *local, struct passive_lease *out)
{
    uint32_t now = second(task);
    int rc;

    if (!p->min)
        return open_at(local, 0, out);
    rc = scan(p, local, now, false, out);
    return rc == -EADDRINUSE ? scan(p, local, now, true, out) : rc;
}

/* ---- the lease ---- */

static int lease_now(struct passive *p, struct rt_task *task, const struct sock_addr *local, struct passive_lease *out)
{
    int rc = lease_idle(p, task, local, out);

    return rc == -ENOENT ? lease_fresh(p, task, local, out) : rc;
}

int passive_lease(struct passive *p, struct rt_task *task, const struct sock_addr *local, struct passive_lease *out)
{
    int64_t until = rt_now(task) + patience;

    for (;;) {
        int rc = lease_now(p, task, local, out);

        if (rc != -EADDRINUSE || rt_now(task) >= until)
            return rc;
        TRY(rt_sleep(task, rt_now(task) + step));
    }
}

void passive_return(struct passive *p, struct rt_task *task, const struct sock_addr *local, struct passive_lease *lease,
                    bool came)
{
    struct idle one = { .fd = lease->fd, .at = *local };
    int out = one.fd;

    if (one.fd < 0)
        return;
    lease->fd = -1;
    sock_addr_set_port(&one.at, lease->port);
    if (!came)
        leave_out(p, lease->port, second(task));
    else if (sock_drain(one.fd, DRAIN_MAX) == 0) /* now, too: who waits there need not wait for the next lease to hear it */
        out = keep(p, one);
    if (out >= 0)
        rt_close(task, out);
}

/* net: streams between two ends (see net.h). Called by wrap_net.c and the scheduler. Owns all ends of a run in one table; an
 * end lives until both sides are closed. What is sent lies in the receiver's buffer at once, as segments that arrive later.
 *
 * As Linux does it: what came before an end or a reset can still be read; a reset is told once, by whichever call comes
 * first, and after it the stream seems to have ended; closing with unread bytes resets; sending to who has closed is
 * answered by a reset; a reset may overtake bytes that are still on their way. */
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "world.h"

enum { SEGMENTS = 16, BACKLOG = 16, FDS = 1024 };

struct segment {
    int64_t at;
    uint32_t to; /* bytes of the buffer that have arrived then */
};

struct end {
    bool used, server, listening, connected, closed, linger_none;
    bool fin_sent, fin_read, reset, told; /* reset: it has arrived; told: and was said */
    int fd;
    struct end *peer;
    struct sock_addr local, remote;
    int64_t connect_at;               /* RT_NEVER: not connecting */
    int connect_error;
    int64_t fin_at, reset_at;         /* on their way to us; RT_NEVER */
    int64_t last_at;                  /* nothing overtakes what was sent before */
    uint32_t from, arrived, to;       /* of the buffer */
    struct segment segment[SEGMENTS];
    unsigned segments;
    struct end *queue[BACKLOG];
    unsigned queued, backlog;
};

static struct end ends[NET_ENDS];
static char buffers[NET_ENDS][NET_WINDOW];
static struct end *of_fd[FDS];
static unsigned high; /* no end from here on was used in this run */
static unsigned connecting;
static uint16_t port;
static struct net_pace pace;

static char *buffer(const struct end *e)
{
    return buffers[e - ends];
}

static struct end *end_of(int fd)
{
    if (fd >= NET_CLIENTS && fd < NET_CLIENTS + NET_ENDS)
        return ends[fd - NET_CLIENTS].used ? &ends[fd - NET_CLIENTS] : NULL;
    return fd >= 0 && fd < FDS ? of_fd[fd] : NULL;
}

void net_begin(const struct net_pace *p, unsigned lives)
{
    memset(ends, 0, high * sizeof *ends);
    memset(of_fd, 0, sizeof of_fd);
    high = connecting = 0;
    port = (uint16_t)(15000 + lives * 5000); /* a session of another life is another one */
    pace = *p;
}

unsigned net_open(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < high; i++)
        n += ends[i].used && ends[i].server && !ends[i].closed;
    return n;
}

static struct end *end_new(bool server)
{
    unsigned i = 0;

    while (i < NET_ENDS && ends[i].used)
        i++;
    CHECK(i < NET_ENDS);
    high = i < high ? high : i + 1;
    ends[i] = (struct end){ .used = true, .server = server, .fd = -1, .connect_at = RT_NEVER, .fin_at = RT_NEVER,
                            .reset_at = RT_NEVER };
    return &ends[i];
}

/* Gives it its number. */
static int end_name(struct end *e)
{
    if (!e->server)
        return e->fd = NET_CLIENTS + (int)(e - ends);
    e->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (e->fd < 0)
        return -errno;
    CHECK(e->fd < FDS);
    of_fd[e->fd] = e;
    return e->fd;
}

int net_socket(bool server, int family)
{
    struct end *e = end_new(server);
    int fd = end_name(e);

    e->local.any.sa_family = (sa_family_t)family;
    if (fd < 0)
        e->used = false;
    return fd;
}

/* ---- what is on its way ---- */

static int64_t arrival(struct end *to)
{
    int64_t at = world_now() + (pace.delay ? (int64_t)world_below((uint64_t)pace.delay) : 0);

    to->last_at = at > to->last_at ? at : to->last_at;
    return to->last_at;
}

/* What has arrived by now. */
static void update(struct end *e, int64_t now)
{
    unsigned done = 0;

    while (done < e->segments && e->segment[done].at <= now)
        e->arrived = e->segment[done++].to;
    if (done) {
        e->segments -= done;
        memmove(e->segment, e->segment + done, e->segments * sizeof *e->segment);
    }
    if (e->reset_at <= now)
        e->reset = true;
}

static bool fin_is_here(const struct end *e, int64_t now)
{
    return e->fin_at <= now && e->from == e->to;
}

static void send_reset(struct end *to)
{
    uint32_t lost = to->to - to->arrived;

    if (to->reset_at != RT_NEVER)
        return;
    if (lost) /* it overtakes some of what was not acknowledged yet */
        lost = (uint32_t)world_below(lost + 1);
    to->to -= lost;
    while (to->segments && to->segment[to->segments - 1].to > to->to)
        to->segment[--to->segments].to = to->to;
    if (to->to > to->arrived && (!to->segments || to->segment[to->segments - 1].to < to->to))
        to->segment[to->segments++] = (struct segment){ to->last_at, to->to };
    to->reset_at = arrival(to);
    to->fin_at = lost ? RT_NEVER : to->fin_at;
}

static uint32_t room_of(struct end *to)
{
    uint32_t waiting = to->to - to->from;

    return waiting < pace.window ? pace.window - waiting : 0;
}

static void push(struct end *to, const void *buf, uint32_t len)
{
    char *at = buffer(to);
    int64_t when = arrival(to);

    if (to->to + len > NET_WINDOW) {
        memmove(at, at + to->from, to->to - to->from);
        for (unsigned i = 0; i < to->segments; i++)
            to->segment[i].to -= to->from;
        to->arrived -= to->from;
        to->to -= to->from;
        to->from = 0;
    }
    memcpy(at + to->to, buf, len);
    to->to += len;
    if (to->segments == SEGMENTS)
        to->segments--;
    to->segment[to->segments++] = (struct segment){ when, to->to };
}

/* ---- connecting ---- */

static struct end *listener_at(const struct sock_addr *at)
{
    for (unsigned i = 0; i < high; i++)
        if (ends[i].used && ends[i].listening && !ends[i].closed && sock_addr_port(&ends[i].local) == sock_addr_port(at) &&
            sock_addr_same_host(&ends[i].local, at))
            return &ends[i];
    return NULL;
}

static void connect_arrives(struct end *e)
{
    struct end *l = listener_at(&e->remote), *other;

    connecting--;
    e->connect_at = RT_NEVER;
    if (!l || l->queued == l->backlog) {
        e->connect_error = ECONNREFUSED;
        return;
    }
    other = end_new(l->server);
    other->local = e->remote;
    other->remote = e->local;
    other->peer = e;
    e->peer = other;
    e->connected = other->connected = true;
    l->queue[l->queued++] = other;
}

static void connects(int64_t now)
{
    for (unsigned i = 0; connecting && i < high; i++)
        if (ends[i].used && ends[i].connect_at <= now)
            connect_arrives(&ends[i]);
}

int net_bind(int fd, const struct sock_addr *at)
{
    struct end *e = end_of(fd);

    if (!e)
        return -EBADF;
    if (sock_addr_port(at) && listener_at(at))
        return -EADDRINUSE;
    e->local = *at;
    return 0;
}

static void name_port(struct end *e)
{
    if (!sock_addr_port(&e->local))
        sock_addr_set_port(&e->local, ++port);
}

int net_listen(int fd, unsigned backlog)
{
    struct end *e = end_of(fd);

    if (!e)
        return -EBADF;
    name_port(e);
    e->listening = true;
    e->backlog = backlog < BACKLOG ? backlog : BACKLOG;
    return 0;
}

int net_accept(int fd, struct sock_addr *peer)
{
    struct end *l = end_of(fd), *e;
    int out;

    if (!l || !l->listening)
        return -EBADF;
    connects(world_now());
    if (!l->queued)
        return -EAGAIN;
    e = l->queue[0];
    out = end_name(e);
    if (out < 0)
        return out;
    memmove(l->queue, l->queue + 1, --l->queued * sizeof *l->queue);
    if (peer)
        *peer = e->remote;
    return out;
}

int net_connect(int fd, const struct sock_addr *to)
{
    struct end *e = end_of(fd);
    int error;

    if (!e)
        return -EBADF;
    connects(world_now());
    if (e->connected)
        return -EISCONN;
    if (e->connect_at != RT_NEVER)
        return -EALREADY;
    error = e->connect_error;
    e->connect_error = 0;
    if (error)
        return -error;
    name_port(e);
    e->remote = *to;
    e->connect_at = world_now() + 1 + (int64_t)world_below((uint64_t)pace.delay);
    connecting++;
    return -EINPROGRESS;
}

/* ---- streams ---- */

/* Said once, to whoever asks first. */
static int tell_reset(struct end *e)
{
    bool after_fin = e->fin_at != RT_NEVER;

    if (!e->reset || e->told)
        return 0;
    e->told = true;
    return after_fin ? -EPIPE : -ECONNRESET;
}

static size_t torn(size_t len)
{
    return len > 1 && world_chance(pace.torn) ? 1 + world_below(len - 1) : len;
}

ssize_t net_recv(int fd, void *buf, size_t len)
{
    struct end *e = end_of(fd);
    size_t n;

    if (!e)
        return -EBADF;
    if (!e->connected)
        return -ENOTCONN;
    update(e, world_now());
    n = e->arrived - e->from;
    if (!n) {
        int rc = tell_reset(e);

        return rc ? rc : e->reset || fin_is_here(e, world_now()) ? 0 : -EAGAIN;
    }
    n = torn(n < len ? n : len);
    memcpy(buf, buffer(e) + e->from, n);
    e->from += (uint32_t)n;
    return (ssize_t)n;
}

ssize_t net_room(int fd, size_t len)
{
    struct end *e = end_of(fd);
    size_t room;
    int rc;

    if (!e)
        return -EBADF;
    if (!e->connected)
        return -ENOTCONN;
    update(e, world_now());
    rc = tell_reset(e);
    if (rc)
        return rc;
    if (e->reset || e->fin_sent)
        return -EPIPE;
    if (e->peer->closed) /* swallowed, and answered by a reset */
        return (ssize_t)len;
    room = room_of(e->peer);
    if (!room)
        return -EAGAIN;
    return (ssize_t)torn(room < len ? room : len);
}

ssize_t net_send(int fd, const void *buf, size_t len)
{
    struct end *e = end_of(fd);
    ssize_t n = net_room(fd, len);

    if (n <= 0)
        return n;
    if (e->peer->closed)
        send_reset(e);
    else if (e->peer->reset_at == RT_NEVER) /* else nothing reaches it any more */
        push(e->peer, buf, (uint32_t)n);
    return n;
}

static void send_fin(struct end *e)
{
    if (!e->fin_sent && !e->peer->closed)
        e->peer->fin_at = arrival(e->peer);
    e->fin_sent = true;
}

int net_shutdown_send(int fd)
{
    struct end *e = end_of(fd);

    if (!e)
        return -EBADF;
    update(e, world_now());
    if (!e->connected || e->reset)
        return -ENOTCONN;
    send_fin(e);
    return 0;
}

static void dispose(struct end *e)
{
    struct end *peer = e->peer;

    e->closed = true;
    if (peer && !peer->closed)
        return;
    e->used = false;
    if (peer)
        peer->used = false;
}

/* The connection itself: who was never accepted, or has closed. */
static void hang_up(struct end *e)
{
    update(e, world_now());
    if (e->connect_at != RT_NEVER)
        connecting--;
    e->connect_at = RT_NEVER;
    if (e->peer && !e->peer->closed && !e->reset) {
        if (e->linger_none || e->from != e->to)
            send_reset(e->peer);
        else
            send_fin(e);
    }
    dispose(e);
}

int net_close(int fd)
{
    struct end *e = end_of(fd);

    if (!e)
        return -EBADF;
    if (fd < FDS)
        of_fd[fd] = NULL;
    for (unsigned i = 0; i < e->queued; i++) {
        e->queue[i]->linger_none = true;
        hang_up(e->queue[i]);
    }
    hang_up(e);
    return 0;
}

void net_break(int fd)
{
    struct end *e = end_of(fd);

    if (!e || !e->connected || e->peer->closed)
        return;
    update(e, world_now());
    update(e->peer, world_now());
    send_reset(e);
    send_reset(e->peer);
}

int net_linger_none(int fd)
{
    struct end *e = end_of(fd);

    if (!e)
        return -EBADF;
    e->linger_none = true;
    return 0;
}

int net_local(int fd, struct sock_addr *out)
{
    struct end *e = end_of(fd);

    if (!e)
        return -EBADF;
    *out = e->local;
    return 0;
}

int net_peer(int fd, struct sock_addr *out)
{
    struct end *e = end_of(fd);

    if (!e || !e->connected)
        return e ? -ENOTCONN : -EBADF;
    *out = e->remote;
    return 0;
}

/* ---- readiness ---- */

static bool is_readable(const struct end *e, int64_t now)
{
    return e->listening ? e->queued > 0 : e->arrived > e->from || e->reset || fin_is_here(e, now);
}

static bool is_writable(const struct end *e)
{
    if (!e->connected)
        return e->connect_error != 0;
    return e->reset || e->peer->closed || room_of(e->peer) > 0;
}

short net_ready(int fd, short events, int64_t now)
{
    struct end *e = end_of(fd);
    short found = 0;

    if (!e)
        return POLLNVAL;
    connects(now);
    update(e, now);
    if (is_readable(e, now))
        found |= events & POLLIN;
    if (is_writable(e))
        found |= events & POLLOUT;
    return (short)(found | (e->reset ? POLLERR | POLLHUP : 0));
}

static int64_t sooner(int64_t next, int64_t at, int64_t now)
{
    return at > now && at < next ? at : next;
}

int64_t net_next(int64_t now)
{
    int64_t next = RT_NEVER;

    for (unsigned i = 0; i < high; i++) {
        const struct end *e = &ends[i];

        if (!e->used)
            continue;
        next = sooner(next, e->connect_at, now);
        next = sooner(next, e->fin_at, now);
        next = sooner(next, e->reset_at, now);
        for (unsigned k = 0; k < e->segments; k++)
            next = sooner(next, e->segment[k].at, now);
    }
    return next;
}

/* loop_epoll: news by epoll(7). Every descriptor is registered once, for both directions, edge-triggered, and leaves with its
 * close: a wait costs no epoll_ctl. EPOLLEXCLUSIVE: of several workers that watch one listener, one is woken. Used by loop.c. */
#include <errno.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "rt/loop_impl.h"

enum { BATCH = 128 };

static int epoll_open(struct loop *l)
{
    l->fd = epoll_create1(EPOLL_CLOEXEC);
    return l->fd < 0 ? -errno : 0;
}

static void epoll_close(struct loop *l)
{
    close_fd(&l->fd);
}

static int epoll_add(struct loop *l, int fd, bool all)
{
    uint32_t events = all ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLEXCLUSIVE;
    struct epoll_event e = { .events = events | EPOLLET, .data.fd = fd };

    return epoll_ctl(l->fd, EPOLL_CTL_ADD, fd, &e) < 0 && errno != EEXIST ? -errno : 0;
}

static short poll_events(uint32_t e)
{
    short events = 0;

    if (e & (EPOLLIN | EPOLLERR | EPOLLHUP))
        events |= POLLIN;
    if (e & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        events |= POLLOUT;
    return events;
}

/* epoll_wait counts in ms: rounded up, or a deadline less than one away would be a busy loop. */
static int epoll_news(struct loop *l, int64_t ns)
{
    struct epoll_event e[BATCH];
    int64_t ms = (ns + 999999) / 1000000;
    int n = epoll_wait(l->fd, e, BATCH, ns < 0 ? -1 : ms > 1000000 ? 1000000 : (int)ms);

    for (int i = 0; i < n; i++)
        loop_news(l, e[i].data.fd, poll_events(e[i].events));
    return n < 0 ? -errno : 0;
}

const struct loop_ops loop_epoll = {
    .name = "epoll", .open = epoll_open, .close = epoll_close, .add = epoll_add, .wait = epoll_news,
};

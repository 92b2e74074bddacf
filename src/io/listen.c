/* listen: opens listeners and accepts from them (see listen.h). Called by the front door, the models.
 * The struct owns the descriptors. */
#include "io/listen.h"

#include <errno.h>

#include "base/cleanup.h"
#include "sys/sock.h"

static int add(struct listeners *all, const struct sock_addr *at, unsigned service)
{
    struct listener l = { .service = service };

    if (all->n == LISTEN_MAX)
        return -E2BIG;
    l.fd = sock_listen(at, SOCK_BACKLOG, true);
    TRY(l.fd);
    sock_tune_control(l.fd);
    l.fixed = sock_local(l.fd, &l.at) == 0 && !sock_addr_is_any(&l.at);
    all->l[all->n++] = l;
    return 0;
}

/* A port of 0 was chosen by the first listener: the others follow it, so that one number is true for all addresses. */
static uint16_t port_for(const struct listeners *all, unsigned service, uint16_t port)
{
    if (!port && all->n && all->l[all->n - 1].service == service)
        return sock_addr_port(&all->l[all->n - 1].at);
    return port;
}

static int open_one(struct listeners *all, const char *host, uint16_t port, unsigned service)
{
    struct sock_addr at;

    TRY(sock_addr_parse(host, port_for(all, service, port), &at));
    return add(all, &at, service);
}

int listen_open(struct listeners *all, const char *host, uint16_t port, unsigned service)
{
    int rc;

    if (host)
        return open_one(all, host, port, service);
    TRY(open_one(all, "0.0.0.0", port, service));
    rc = open_one(all, "::", port, service);
    return rc == -EAFNOSUPPORT ? 0 : rc; /* a machine without IPv6 */
}

void listen_close_from(struct listeners *all, unsigned n)
{
    while (all->n > n)
        sock_close(all->l[--all->n].fd);
}

void listen_close_all(struct listeners *all)
{
    listen_close_from(all, 0);
}

static int accept_from(struct rt_task *task, const struct listener *l, struct arrival *out)
{
    int fd = rt_accept(task, l->fd, -1, &out->peer, 0);

    TRY(fd == -ECONNABORTED ? -ETIMEDOUT : fd);
    out->fd = fd;
    out->service = l->service;
    out->local = l->at;
    if (l->fixed || sock_local(fd, &out->local) == 0)
        return 0;
    sock_close(fd);
    return -ETIMEDOUT;
}

int listen_accept(struct rt_task *task, const struct listeners *all, int hear, int64_t when, struct arrival *out)
{
    struct pollfd fds[LISTEN_MAX + 1];
    unsigned n = all->n;

    for (;;) {
        for (unsigned i = 0; i < n; i++)
            fds[i] = (struct pollfd){ .fd = all->l[i].fd, .events = POLLIN };
        fds[n] = (struct pollfd){ .fd = hear, .events = POLLIN };
        TRY(rt_wait(task, fds, hear < 0 ? n : n + 1, when));
        if (hear >= 0 && fds[n].revents)
            return -EINTR;
        for (unsigned i = 0; i < n; i++) {
            int rc = fds[i].revents ? accept_from(task, &all->l[i], out) : -ETIMEDOUT;

            if (rc != -ETIMEDOUT) /* another worker may have been faster */
                return rc;
        }
    }
}

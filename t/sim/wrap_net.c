/* wrap_net: the socket calls of src/, led to the simulated network by the linker (--wrap). What is not a simulated socket goes
 * to the system. Everything below the names is in net.c. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "net.h"
#include "rt/rt.h"
#include "world.h"
#include "wrap.h"

static bool client_calls(void)
{
    return sim_current(world.sim) && !sim_is_server(sim_current(world.sim));
}

static int of_rc(ssize_t rc)
{
    if (rc >= 0)
        return (int)rc;
    errno = (int)-rc;
    return -1;
}

static ssize_t of_count(ssize_t n, int fd)
{
    if (n <= 0 && n != -EAGAIN && world_in_server())
        world_note("connection %d: %zd", fd, n);
    if (n < 0)
        errno = (int)-n;
    return n < 0 ? -1 : n;
}

int WRAP(socket)(int family, int type, int protocol)
{
    (void)type;
    (void)protocol;
    return fault_now(CALL_socket) ? -1 : of_rc(net_socket(!client_calls(), family));
}

int WRAP(bind)(int fd, const struct sockaddr *at, socklen_t len)
{
    (void)len;
    return fault_now(CALL_bind) ? -1 : of_rc(net_bind(fd, (const struct sock_addr *)(const void *)at));
}

int WRAP(listen)(int fd, int backlog)
{
    return fault_now(CALL_listen) ? -1 : of_rc(net_listen(fd, (unsigned)backlog));
}

int WRAP(accept4)(int fd, struct sockaddr *peer, socklen_t *len, int flags)
{
    (void)len;
    (void)flags;
    return fault_now(CALL_accept) ? -1 : of_rc(net_accept(fd, (struct sock_addr *)(void *)peer));
}

int WRAP(poll)(struct pollfd *fds, nfds_t n, int ms)
{
    short ready = n == 1 ? net_ready(fds->fd, fds->events, world_now()) : POLLNVAL;

    if (ready == POLLNVAL)
        return REAL(poll)(fds, n, ms);
    fds->revents = ready;
    return ready != 0;
}

int WRAP(connect)(int fd, const struct sockaddr *to, socklen_t len)
{
    (void)len;
    return fault_now(CALL_connect) ? -1 : of_rc(net_connect(fd, (const struct sock_addr *)(const void *)to));
}

ssize_t WRAP(recv)(int fd, void *buf, size_t len, int flags)
{
    (void)flags;
    return fault_now(CALL_recv) ? -1 : of_count(net_recv(fd, buf, len), fd);
}

ssize_t WRAP(send)(int fd, const void *buf, size_t len, int flags)
{
    (void)flags;
    return fault_now(CALL_send) ? -1 : of_count(net_send(fd, buf, len), fd);
}

/* Only what the stream takes is read. */
ssize_t WRAP(sendfile64)(int fd, int from, off64_t *off, size_t len)
{
    static char block[NET_WINDOW];
    ssize_t n;

    if (fault_now(CALL_sendfile))
        return -1;
    n = net_room(fd, len < sizeof block ? len : sizeof block);
    if (n > 0)
        n = REAL(pread64)(from, block, (size_t)n, *off);
    if (n > 0)
        n = net_send(fd, block, (size_t)n);
    return of_count(n, fd);
}

int WRAP(shutdown)(int fd, int how)
{
    (void)how;
    return of_rc(net_shutdown_send(fd));
}

int WRAP(getsockname)(int fd, struct sockaddr *out, socklen_t *len)
{
    (void)len;
    return of_rc(net_local(fd, (struct sock_addr *)(void *)out));
}

int WRAP(getpeername)(int fd, struct sockaddr *out, socklen_t *len)
{
    (void)len;
    return of_rc(net_peer(fd, (struct sock_addr *)(void *)out));
}

int WRAP(setsockopt)(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)value;
    (void)len;
    return level == SOL_SOCKET && name == SO_LINGER ? of_rc(net_linger_none(fd)) : 0;
}

int WRAP(close)(int fd)
{
    int error = errno, rc;

    if (net_close(fd) == 0 && fd >= NET_CLIENTS)
        return 0;
    rc = REAL(close)(fd);
    if (rc < 0 && world_in_server())
        world_fail("the server closed descriptor %d, which is not open", fd);
    if (world_in_server() && !world.memory) /* a lock of files may have gone with it; in memory somebody may hold the one lock */
        fault_race();
    errno = error;
    return rc;
}

/* io_sock: streams over a TCP socket. Each operation is one rt verb; io.c above does the buffering. Owns the descriptor.
 * Fails with what the verb says. */
#include <errno.h>

#include "base/cleanup.h"
#include "io/io_impl.h"
#include "sys/sock.h"

static int await(struct io *io, short events, int64_t when)
{
    struct pollfd fds[2] = { { .fd = io->fd, .events = events }, { .fd = io_hearing(io), .events = POLLIN } };

    TRY(rt_wait(io->task, fds, fds[1].fd < 0 ? 1 : 2, when));
    return fds[1].fd >= 0 && fds[1].revents ? -EINTR : 0;
}

static int stream_await(struct io *io, int64_t when)
{
    return await(io, POLLIN, when);
}

static int stream_await_room(struct io *io)
{
    return await(io, POLLOUT, io->deadline);
}

static ssize_t stream_recv_now(struct io *io, void *buf, size_t len)
{
    return rt_recv_now(io->task, io->fd, buf, len);
}

static ssize_t stream_send(struct io *io, const void *buf, size_t len)
{
    return rt_send(io->task, io->fd, io_hearing(io), buf, len, io->deadline);
}

static ssize_t stream_send_now(struct io *io, const void *buf, size_t len)
{
    return rt_send_now(io->task, io->fd, buf, len);
}

static ssize_t stream_sendfile(struct io *io, int file, int64_t off, size_t len)
{
    return rt_sendfile(io->task, io->fd, io_hearing(io), file, off, len, io->deadline);
}

static int stream_finish(struct io *io)
{
    return sock_shutdown_send(io->fd);
}

static void stream_close(struct io *io, bool reset)
{
    if (reset)
        sock_reset_on_close(io->fd);
    rt_close(io->task, io->fd);
}

const struct io_ops io_sock_ops = {
    .await = stream_await, .await_room = stream_await_room, .recv_now = stream_recv_now, .send = stream_send,
    .send_now = stream_send_now, .sendfile = stream_sendfile, .finish = stream_finish, .close = stream_close,
};

/* rt: the verbs of rt.h. Each fills an operation and hands it to the task's runtime; rt_try is the one place where an
 * operation becomes a system call, rt_retry the one loop that turns -EAGAIN into a wait. Called by io/, store/ and
 * the sessions; owns nothing; fails with -errno as the header says. */
#include "rt/rt_ops.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/clock.h"
#include "sys/sock.h"

static ssize_t try_accept(struct rt_op *op)
{
    socklen_t len = sizeof *op->addr;

    if (!sock_has_caller(op->fd)) {
        errno = EAGAIN;
        return -1;
    }
    return accept4(op->fd, &op->addr->any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* connect(2) starts once; asked again it says EISCONN when done, EALREADY while under way, or why it failed. */
static ssize_t try_connect(struct rt_op *op)
{
    int rc = connect(op->fd, &op->addr->any, op->addr_len);

    if (rc < 0 && errno == EISCONN)
        return 0;
    if (rc < 0 && (errno == EINPROGRESS || errno == EALREADY))
        errno = EAGAIN;
    return rc;
}

static ssize_t try_sendfile(struct rt_op *op)
{
    off_t off = op->off;

    return sendfile(op->fd, op->from, &off, op->len);
}

static ssize_t try_once(struct rt_op *op)
{
    switch (op->code) {
    case RT_RECV:
        return recv(op->fd, op->buf, op->len, op->buf ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_TRUNC);
    case RT_SEND:
        return send(op->fd, op->buf, op->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case RT_SENDFILE:
        return try_sendfile(op);
    case RT_ACCEPT:
        return try_accept(op);
    case RT_CONNECT:
        return try_connect(op);
    case RT_PREAD:
        return pread(op->fd, op->buf, op->len, op->off);
    case RT_PWRITE:
        return pwrite(op->fd, op->buf, op->len, op->off);
    }
    errno = ENOSYS;
    return -1;
}

ssize_t rt_try(struct rt_op *op)
{
    ssize_t n;

    do
        n = try_once(op);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static short events_of(const struct rt_op *op)
{
    return op->code == RT_RECV || op->code == RT_ACCEPT ? POLLIN : POLLOUT;
}

/* Waits for the operation's descriptor; -EINTR when the one to be heard is readable. What can go on goes on: the try comes
 * before the wait, so hearing is asked for here only when nothing moves, and by the caller between its steps. */
static int wait_for(struct rt_task *task, const struct rt_op *op, int64_t when)
{
    struct pollfd fds[2] = { { .fd = op->fd, .events = events_of(op) }, { .fd = op->hear, .events = POLLIN } };

    TRY(rt_wait(task, fds, op->hear < 0 ? 1 : 2, when));
    return op->hear >= 0 && fds[1].revents ? -EINTR : 0;
}

static ssize_t try_here(struct rt_task *task, struct rt_op *op)
{
    ssize_t n = rt_try(op);

    if (n == -EAGAIN && task->ops->forget)
        task->ops->forget(task, op->fd, events_of(op));
    return n;
}

ssize_t rt_retry(struct rt_task *task, struct rt_op *op, int64_t when,
                 ssize_t (*once)(struct rt_task *, struct rt_op *))
{
    for (;;) {
        ssize_t n = once(task, op);

        if (n != -EAGAIN)
            return n;
        TRY(wait_for(task, op, when));
    }
}

ssize_t rt_run_by_waiting(struct rt_task *task, struct rt_op *op, int64_t when)
{
    return rt_retry(task, op, when, try_here);
}

int rt_wait(struct rt_task *task, struct pollfd *fds, unsigned n, int64_t when)
{
    if (task->cancelled)
        return -ECANCELED;
    return task->ops->wait(task, fds, n, when);
}

int rt_sleep(struct rt_task *task, int64_t when)
{
    int rc = rt_wait(task, NULL, 0, when);

    return rc == -ETIMEDOUT ? 0 : rc;
}

int rt_idle(struct rt_task *task, bool idle)
{
    task->idle = idle;
    return task->cancelled ? -ECANCELED : 0;
}

int rt_pause(struct rt_task *task, int hear, int64_t when)
{
    struct pollfd p = { .fd = hear, .events = POLLIN };
    int rc = rt_wait(task, &p, hear >= 0, when);

    if (rc == -ETIMEDOUT)
        return 0;
    return rc > 0 ? -EINTR : rc;
}

int rt_turn(struct rt_task *task, int hear)
{
    return rt_pause(task, hear, 0);
}

ssize_t rt_recv_now(struct rt_task *task, int fd, void *buf, size_t len)
{
    struct rt_op op = { .code = RT_RECV, .fd = fd, .buf = buf, .len = len };
    size_t got = 0;
    ssize_t n;

    do {
        op.buf = (char *)buf + got;
        op.len = len - got;
        n = rt_try(&op);
        if (n == -EAGAIN && task->ops->forget)
            task->ops->forget(task, fd, POLLIN);
        /* an end shows again at the next call; a reset is told once, and after it the stream would seem to have ended well */
        if (n == 0 || n == -EAGAIN)
            return got ? (ssize_t)got : n;
        if (n < 0)
            return n;
        got += (size_t)n;
    } while ((size_t)n == op.len && got < len); /* less than asked for: that was all */
    return (ssize_t)got;
}

ssize_t rt_recv(struct rt_task *task, int fd, int hear, void *buf, size_t len, int64_t when)
{
    struct rt_op op = { .code = RT_RECV, .fd = fd, .hear = hear, .buf = buf, .len = len };

    return task->ops->run(task, &op, when);
}

ssize_t rt_send_now(struct rt_task *task, int fd, const void *buf, size_t len)
{
    struct rt_op op = { .code = RT_SEND, .fd = fd, .buf = (void *)(uintptr_t)buf, .len = len };

    return try_here(task, &op);
}

ssize_t rt_send(struct rt_task *task, int fd, int hear, const void *buf, size_t len, int64_t when)
{
    struct rt_op op = { .code = RT_SEND, .fd = fd, .hear = hear, .buf = (void *)(uintptr_t)buf, .len = len };

    return task->ops->run(task, &op, when);
}

ssize_t rt_sendfile(struct rt_task *task, int fd, int hear, int from, int64_t off, size_t len, int64_t when)
{
    struct rt_op op = { .code = RT_SENDFILE, .fd = fd, .hear = hear, .from = from, .off = off, .len = len };

    return task->ops->run(task, &op, when);
}

int rt_accept(struct rt_task *task, int fd, int hear, struct sock_addr *peer, int64_t when)
{
    struct rt_op op = { .code = RT_ACCEPT, .fd = fd, .hear = hear, .addr = peer };

    return (int)task->ops->run(task, &op, when);
}

int rt_connect(struct rt_task *task, int fd, int hear, const struct sock_addr *to, socklen_t len, int64_t when)
{
    struct sock_addr addr = *to;
    struct rt_op op = { .code = RT_CONNECT, .fd = fd, .hear = hear, .addr = &addr, .addr_len = len };

    return (int)task->ops->run(task, &op, when);
}

void rt_close(struct rt_task *task, int fd)
{
    if (task->ops->forget)
        task->ops->forget(task, fd, 0);
    close(fd);
}

ssize_t rt_pread(struct rt_task *task, int fd, void *buf, size_t len, int64_t off)
{
    struct rt_op op = { .code = RT_PREAD, .fd = fd, .hear = -1, .buf = buf, .len = len, .off = off };

    return task->ops->run(task, &op, RT_NEVER);
}

ssize_t rt_pwrite(struct rt_task *task, int fd, const void *buf, size_t len, int64_t off, bool local)
{
    struct rt_op op = { .code = RT_PWRITE, .fd = fd, .hear = -1, .buf = (void *)(uintptr_t)buf, .len = len, .off = off,
                        .local = local };

    return task->ops->run(task, &op, RT_NEVER);
}

int rt_call(struct rt_task *task, int (*fn)(void *), void *arg)
{
    return task->ops->call(task, fn, arg);
}

int rt_call_quick(struct rt_task *task, int (*fn)(void *), void *arg)
{
    return (task->ops->call_quick ? task->ops->call_quick : task->ops->call)(task, fn, arg);
}

int rt_compute(struct rt_task *task, int (*fn)(void *), void *arg)
{
    return (task->ops->compute ? task->ops->compute : task->ops->call)(task, fn, arg);
}

bool rt_tend(struct rt_task *task, bool (*fn)(bool all))
{
    return task->ops->tend && task->ops->tend(task, fn);
}

int64_t rt_now(const struct rt_task *task)
{
    return task->ops->now(task);
}

int64_t rt_after(const struct rt_task *task, unsigned seconds)
{
    return seconds ? rt_now(task) + RT_SECONDS(seconds) : RT_NEVER;
}

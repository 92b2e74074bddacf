/* stage: the clock, the luck and the runtime of fuzz_session, and the calls of src/ that lead to the simulated network (t/sim/net.c)
 * instead of the system's. One task, no coroutine: a wait is where the client takes its turn. Called by fuzz_session.c. A session
 * that goes on for more than STEPS waits goes on for ever. */
#include <errno.h>
#include <unistd.h>

#include "session.h"
#include "sys/fs.h"
#include "world.h"

enum { STEPS = 300000, LOG_FD = 99999, WALL = 1790000000 };

static struct {
    int64_t now;
    uint64_t luck;
    unsigned steps, eager;
    bool drain, stop, json, on;
} stage;

void stage_begin(const struct choice *c)
{
    stage.now = RT_SECONDS(3600);
    stage.luck = c->seed;
    stage.steps = 0;
    stage.eager = c->eager;
    stage.drain = stage.stop = false;
    stage.json = c->json;
}

uint64_t stage_luck(void)
{
    return sim_next(&stage.luck);
}

void stage_stop(bool now)
{
    stage.drain = true;
    stage.stop = stage.stop || now;
}

void stage_pass(unsigned seconds)
{
    stage.now += RT_SECONDS(seconds);
}

/* ---- for net.c ---- */

int64_t world_now(void)
{
    return stage.now;
}

uint64_t world_below(uint64_t n)
{
    return n ? stage_luck() % n : 0;
}

bool world_chance(unsigned per_mille)
{
    return per_mille && world_below(1000) < per_mille;
}

/* ---- the runtime ---- */

static int collect(struct pollfd *fds, unsigned n)
{
    int count = 0;

    for (unsigned i = 0; i < n; i++) {
        fds[i].revents = fds[i].fd < 0 ? 0 : net_ready(fds[i].fd, fds[i].events, stage.now);
        count += fds[i].revents != 0;
    }
    return count;
}

/* To the next moment at which anything happens. */
static void jump(int64_t when)
{
    int64_t next = net_next(stage.now);

    next = when < next ? when : next;
    CHECK(next != RT_NEVER); /* the session would wait for ever */
    stage.now = next;
}

static int stage_wait(struct rt_task *task, struct pollfd *fds, unsigned n, int64_t when)
{
    if (world_chance(stage.eager))
        peer_step(false);
    for (;;) {
        int count;

        CHECK(++stage.steps < STEPS);
        stage.now++;
        if (stage.stop || (stage.drain && task->idle)) {
            task->cancelled = true;
            return -ECANCELED;
        }
        count = collect(fds, n);
        if (count)
            return count;
        if (when <= stage.now)
            return -ETIMEDOUT;
        if (!peer_step(task->idle))
            jump(when);
    }
}

static int stage_call(struct rt_task *task, int (*fn)(void *), void *arg)
{
    (void)task;
    return fn(arg);
}

static int64_t stage_now(const struct rt_task *task)
{
    (void)task;
    return stage.now;
}

const struct rt_ops stage_ops = {
    .name = "fuzz", .wait = stage_wait, .run = rt_run_by_waiting, .call = stage_call, .now = stage_now,
};

/* ---- calls that the linker leads here ---- */

#define WRAP(name) __wrap_##name
int64_t WRAP(clock_mono)(void);
int64_t WRAP(clock_wall)(void);
int64_t WRAP(clock_wall_ns)(void);
uint64_t WRAP(fs_random)(void);
int WRAP(fs_write_all)(int fd, const void *buf, size_t len);
int WRAP(socket)(int family, int type, int protocol);
int WRAP(bind)(int fd, const struct sockaddr *at, socklen_t len);
int WRAP(listen)(int fd, int backlog);
int WRAP(accept4)(int fd, struct sockaddr *peer, socklen_t *len, int flags);
int WRAP(poll)(struct pollfd *fds, nfds_t n, int ms);
int WRAP(connect)(int fd, const struct sockaddr *to, socklen_t len);
ssize_t WRAP(recv)(int fd, void *buf, size_t len, int flags);
ssize_t WRAP(send)(int fd, const void *buf, size_t len, int flags);
int WRAP(shutdown)(int fd, int how);
int WRAP(getsockname)(int fd, struct sockaddr *out, socklen_t *len);
int WRAP(setsockopt)(int fd, int level, int name, const void *value, socklen_t len);
int WRAP(close)(int fd);
int __real_close(int fd);

int64_t WRAP(clock_mono)(void)
{
    return stage.now;
}

int64_t WRAP(clock_wall)(void)
{
    return WALL + stage.now / RT_SECONDS(1);
}

int64_t WRAP(clock_wall_ns)(void)
{
    return RT_SECONDS(WALL) + stage.now;
}

uint64_t WRAP(fs_random)(void)
{
    return stage_luck();
}

int WRAP(fs_write_all)(int fd, const void *buf, size_t len)
{
    CHECK(fd == LOG_FD);
    replies_check_log(buf, len, stage.json);
    return 0;
}

static int of_rc(ssize_t rc)
{
    errno = rc < 0 ? (int)-rc : errno;
    return rc < 0 ? -1 : (int)rc;
}

static ssize_t of_count(ssize_t n)
{
    errno = n < 0 ? (int)-n : errno;
    return n < 0 ? -1 : n;
}

int WRAP(socket)(int family, int type, int protocol)
{
    (void)type, (void)protocol;
    return of_rc(net_socket(true, family));
}

int WRAP(bind)(int fd, const struct sockaddr *at, socklen_t len)
{
    (void)len;
    return of_rc(net_bind(fd, (const struct sock_addr *)(const void *)at));
}

int WRAP(listen)(int fd, int backlog)
{
    return of_rc(net_listen(fd, (unsigned)backlog));
}

int WRAP(accept4)(int fd, struct sockaddr *peer, socklen_t *len, int flags)
{
    (void)len, (void)flags;
    return of_rc(net_accept(fd, (struct sock_addr *)(void *)peer));
}

/* Asks what is there already; nothing here waits by poll. */
int WRAP(poll)(struct pollfd *fds, nfds_t n, int ms)
{
    CHECK(ms == 0);
    return collect(fds, (unsigned)n);
}

int WRAP(connect)(int fd, const struct sockaddr *to, socklen_t len)
{
    (void)len;
    return of_rc(net_connect(fd, (const struct sock_addr *)(const void *)to));
}

ssize_t WRAP(recv)(int fd, void *buf, size_t len, int flags)
{
    (void)flags;
    return of_count(net_recv(fd, buf, len));
}

ssize_t WRAP(send)(int fd, const void *buf, size_t len, int flags)
{
    (void)flags;
    return of_count(net_send(fd, buf, len));
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

int WRAP(setsockopt)(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)value, (void)len;
    return level == SOL_SOCKET && name == SO_LINGER ? of_rc(net_linger_none(fd)) : 0;
}

/* Also the fuzzer's own files are closed here. */
int WRAP(close)(int fd)
{
    int error = errno, rc;

    net_close(fd);
    rc = __real_close(fd);
    errno = rc < 0 ? errno : error;
    return rc;
}

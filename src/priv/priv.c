/* priv: starts the broker, and asks it (see priv.h; seccomp_unotify(2), unix(7), cmsg(3)). Called by the front door and by auth/ from
 * sessions. Owns the socket to the broker, which all sessions share; the answer to each comes over a socket pair of its own, so that no
 * session can hear what another is told. Fails with -errno. */
#include "priv/priv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "priv/priv_impl.h"
#include "sys/proc.h"
#include "sys/sandbox.h"

struct priv {
    int broker;
    bool changed;
    struct user_groups who; /* n = 0: nobody */
};

/* ---- messages ---- */

static int send_with(int to, const struct priv_message *m, int fd)
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec iov = { (void *)(uintptr_t)m, sizeof *m };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room };
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(to, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* The broker reads on when it has hands free. */
static int send_in_turn(struct priv *p, struct rt_task *task, const struct priv_message *m, int fd, int64_t until)
{
    int rc;

    while ((rc = send_with(p->broker, m, fd)) == -EAGAIN) {
        struct pollfd room = { .fd = p->broker, .events = POLLOUT };

        rc = rt_wait(task, &room, 1, until);
        if (rc <= 0)
            return rc < 0 ? rc : -ETIMEDOUT;
    }
    return rc == -ECONNRESET ? -EPIPE : rc;
}

static int hear(struct rt_task *task, int from, struct priv_answer *out, int64_t until)
{
    struct pollfd answer = { .fd = from, .events = POLLIN };
    int rc = rt_wait(task, &answer, 1, until);
    ssize_t n;

    if (rc <= 0)
        return rc < 0 ? rc : -ETIMEDOUT;
    n = recv(from, out, sizeof *out, MSG_DONTWAIT);
    return n == (ssize_t)sizeof *out ? 0 : -EPIPE;
}

static int fill(struct priv_message *m, struct span name, struct span password, const char *peer)
{
    *m = (struct priv_message){ .kind = PRIV_CHECK };
    if (name.len >= sizeof m->name || password.len >= sizeof m->password || memchr(name.at, '\0', name.len) ||
        memchr(password.at, '\0', password.len))
        return -EACCES;
    memcpy(m->name, name.at, name.len);
    memcpy(m->password, password.at, password.len);
    strncpy(m->peer, peer, sizeof m->peer - 1);
    return 0;
}

static int ask(struct priv *p, struct rt_task *task, const struct priv_message *m, struct priv_answer *out)
{
    int64_t until = rt_now(task) + RT_SECONDS(2 * PRIV_SECONDS);
    CLEANUP(close_fd) int ours = -1;
    CLEANUP(close_fd) int theirs = -1;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    ours = ends[0];
    theirs = ends[1];
    TRY(send_in_turn(p, task, m, theirs, until));
    close_fd(&theirs); /* or the broker's end would not be seen */
    return hear(task, ours, out, until);
}

int priv_check(struct priv *p, struct rt_task *task, struct span name, struct span password, const char *peer)
{
    struct priv_message m;
    struct priv_answer answer = { 0 };
    int rc;

    p->who.n = 0;
    if (p->changed)
        return -EACCES;
    rc = fill(&m, name, password, peer);
    if (rc == 0)
        rc = ask(p, task, &m, &answer);
    explicit_bzero(&m, sizeof m);
    TRY(rc);
    TRY(answer.rc);
    p->who = answer.who;
    return 0;
}

int priv_become(struct priv *p)
{
    if (!p->who.n || p->changed)
        return -EPERM;
    p->changed = true;
    return user_switch(&p->who);
}

bool priv_changed(const struct priv *p)
{
    return p && p->changed;
}

/* ---- the beginning ---- */

/* It keeps nothing of the server's but the socket, and is nobody's child: the server waits for its sessions only. It ends when the
 * last of them has closed the socket. New privileges stay possible for it: it has them all. */
static _Noreturn void be_broker(int requests, pid_t server, const char *service)
{
    static const struct rlimit none;
    char name[PRIV_SERVICE];

    strcpy(name, service);
    if (setsid() < 0 || fork() != 0)
        _exit(0);
    prctl(PR_SET_PDEATHSIG, 0);
    prctl(PR_SET_NAME, "dray-broker");
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (chdir("/") < 0)
        _exit(1);
    broker_run(requests, server, name);
}

static int start(int requests, const char *service)
{
    pid_t server = proc_pid(), pid = proc_fork();
    int status;

    if (pid == 0)
        be_broker(requests, server, service);
    if (pid < 0)
        return (int)pid;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

int priv_begin(const char *service, struct priv **out)
{
    CLEANUP(priv_end) struct priv *p = calloc(1, sizeof *p);
    CLEANUP(close_fd) int requests = -1;
    int ends[2], on = 1;

    if (!p)
        return -ENOMEM;
    p->broker = -1;
    if (!*service || strlen(service) >= PRIV_SERVICE || strchr(service, '/'))
        return -EINVAL;
    TRY(sandbox_may_ask());
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    p->broker = ends[0];
    requests = ends[1];
    if (setsockopt(requests, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -errno;
    TRY(start(requests, service));
    *out = p;
    p = NULL;
    return 0;
}

int priv_watch(struct priv *p)
{
    CLEANUP(close_fd) int listener = sandbox_ask();
    struct priv_message m = { .kind = PRIV_LISTENER };

    TRY(listener);
    return send_with(p->broker, &m, listener);
}

void priv_end(struct priv **pp)
{
    if (*pp) {
        close_fd(&(*pp)->broker);
        free(*pp);
    }
    *pp = NULL;
}

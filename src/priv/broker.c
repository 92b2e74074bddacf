/* broker: the process that stays root (see priv.h, priv.def; pidfd_open(2), unix(7)). Started by priv.c, before the server drops root.
 * Owns a row for each session that has asked something: what it may ask next. Whose message it is, and whose system call, is what the
 * kernel says, and a row ends with its process. Nothing here waits for one session: PAM runs in processes of its own, few at once; while
 * these are all busy no message is read. Fails by refusing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "priv/priv_impl.h"
#include "sys/proc.h"

enum { CLIENTS = 8192, EXAMINERS = 32 };

struct client {
    pid_t pid;
    int alive;     /* its pidfd */
    enum priv_state state;
    unsigned tries;
    pid_t examiner; /* 0: none */
    int result, reply;
    time_t deadline;
    struct user_groups *who; /* from KNOWN on */
};

struct broker {
    int requests, listener;
    pid_t server;
    const char *service;
    unsigned n, busy;
    struct client client[CLIENTS];
    struct pollfd poll[2 + 2 * CLIENTS];
    struct seccomp_notif *notif;
    struct seccomp_notif_resp *resp;
};

static const struct {
    enum priv_state in, then;
} rows[] = {
#define PRIV(request, in, then) { in, then },
#include "priv/priv.def"
#undef PRIV
};

static time_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- rows ---- */

static bool has_ended(const struct client *c)
{
    struct pollfd p = { .fd = c->alive, .events = POLLIN };

    return poll(&p, 1, 0) != 0;
}

static void stop_examiner(struct broker *b, struct client *c)
{
    if (!c->examiner)
        return;
    kill(c->examiner, SIGKILL);
    while (waitpid(c->examiner, NULL, 0) < 0 && errno == EINTR)
        ;
    c->examiner = 0;
    b->busy--;
    close_fd(&c->result);
}

/* The last one takes its place. */
static void forget(struct broker *b, struct client *c)
{
    stop_examiner(b, c);
    close_fd(&c->reply);
    close_fd(&c->alive);
    free(c->who);
    *c = b->client[--b->n];
}

/* A row of one that has ended is no row of who has its number now. */
static struct client *find(struct broker *b, pid_t pid)
{
    for (unsigned i = 0; i < b->n; i++) {
        if (b->client[i].pid != pid)
            continue;
        if (!has_ended(&b->client[i]))
            return &b->client[i];
        forget(b, &b->client[i]);
        return NULL;
    }
    return NULL;
}

static struct client *find_or_add(struct broker *b, pid_t pid)
{
    struct client *c = find(b, pid);
    int alive;

    if (c || b->n == CLIENTS)
        return c;
    alive = (int)syscall(SYS_pidfd_open, pid, 0);
    if (alive < 0)
        return NULL;
    c = &b->client[b->n++];
    *c = (struct client){ .pid = pid, .alive = alive, .result = -1, .reply = -1 };
    return c;
}

static bool may(const struct client *c, enum priv_request what)
{
    return what < PRIV_REQUESTS && c->state == rows[what].in;
}

/* ---- messages ---- */

static void answer(int *to, int rc, const struct user_groups *who)
{
    struct priv_answer a = { .rc = rc };

    if (who)
        a.who = *who;
    if (send(*to, &a, sizeof a, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {} /* nobody waits for it */
    close_fd(to);
}

static int examine(struct broker *b, struct client *c, struct priv_message *m)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid = fork();
    if (pid == 0) {
        close_range(0, (unsigned)ends[1] - 1, 0);
        broker_examine(b->service, m, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -EAGAIN;
    }
    *c = (struct client){ .pid = c->pid, .alive = c->alive, .state = c->state, .tries = c->tries + 1, .examiner = pid,
                          .result = ends[0], .reply = -1, .deadline = now() + PRIV_SECONDS };
    b->busy++;
    return 0;
}

static bool is_whole(const struct priv_message *m)
{
    return memchr(m->name, '\0', sizeof m->name) && memchr(m->password, '\0', sizeof m->password) &&
           memchr(m->peer, '\0', sizeof m->peer) && *m->name;
}

static void check(struct broker *b, pid_t pid, struct priv_message *m, int *reply)
{
    struct client *c = find_or_add(b, pid);
    int rc = -EBUSY;

    if (c && !is_whole(m))
        rc = -EACCES;
    else if (c && may(c, PRIV_check) && !c->examiner && c->tries < PRIV_TRIES)
        rc = examine(b, c, m);
    if (rc < 0) {
        answer(reply, rc == -EACCES ? rc : -EBUSY, NULL);
        return;
    }
    c->reply = *reply;
    *reply = -1;
}

static void take_listener(struct broker *b, pid_t pid, int *fd)
{
    if (b->listener >= 0 || pid != b->server)
        return;
    b->listener = *fd;
    *fd = -1;
}

/* Whose it is; 0: nobody's, or not of the one size. */
static pid_t receive(int from, struct priv_message *m, int *fd)
{
    union {
        char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = { m, sizeof *m };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room };
    ssize_t n = recvmsg(from, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct ucred who = { 0 };

    if (n < 0)
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof who))
            memcpy(&who, CMSG_DATA(c), sizeof who);
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *fd))
            memcpy(fd, CMSG_DATA(c), sizeof *fd);
    }
    return n == (ssize_t)sizeof *m && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && *fd >= 0 ? who.pid : 0;
}

static void take_message(struct broker *b)
{
    struct priv_message m;
    CLEANUP(close_fd) int fd = -1;
    pid_t pid = receive(b->requests, &m, &fd);

    if (pid > 0 && m.kind == PRIV_LISTENER)
        take_listener(b, pid, &fd);
    else if (pid > 0 && m.kind == PRIV_CHECK)
        check(b, pid, &m, &fd);
    explicit_bzero(&m, sizeof m);
}

/* PAM has spoken, or its process has ended without a word. */
static void take_result(struct broker *b, struct client *c)
{
    struct user_groups who;
    bool yes = read(c->result, &who, sizeof who) == (ssize_t)sizeof who && who.n >= 1 && who.n <= USER_GROUPS;

    stop_examiner(b, c);
    if (yes && (c->who = malloc(sizeof who))) {
        *c->who = who;
        c->state = KNOWN;
    }
    answer(&c->reply, c->who ? 0 : -EACCES, c->who);
}

/* ---- system calls ---- */

static void take_call(struct broker *b)
{
    struct broker_call call;
    struct client *c;
    pid_t pid;
    bool yes;

    if (!broker_call_take(b->listener, b->notif, &call, &pid))
        return;
    c = find(b, pid);
    yes = c && c->who && may(c, call.what) && broker_call_fits(pid, &call, c->who);
    if (yes)
        c->state = rows[call.what].then;
    broker_call_answer(b->listener, b->notif, b->resp, yes);
}

/* ---- the loop ---- */

static unsigned arm(struct broker *b)
{
    b->poll[0] = (struct pollfd){ .fd = b->requests, .events = b->busy < EXAMINERS ? POLLIN : 0 };
    b->poll[1] = (struct pollfd){ .fd = b->listener, .events = POLLIN };
    for (unsigned i = 0; i < b->n; i++) {
        b->poll[2 + 2 * i] = (struct pollfd){ .fd = b->client[i].alive, .events = POLLIN };
        b->poll[3 + 2 * i] = (struct pollfd){ .fd = b->client[i].result, .events = POLLIN };
    }
    return 2 + 2 * b->n;
}

/* From the last on: who is forgotten is replaced by one that has been looked at. */
static void look_at_clients(struct broker *b, time_t t)
{
    for (unsigned i = b->n; i-- > 0;) {
        struct client *c = &b->client[i];

        if (b->poll[2 + 2 * i].revents) {
            forget(b, c);
            continue;
        }
        if (c->examiner && t > c->deadline)
            kill(c->examiner, SIGKILL);
        if (c->examiner && b->poll[3 + 2 * i].revents)
            take_result(b, c);
    }
}

static void serve(struct broker *b)
{
    for (;;) {
        short asked, called;

        if (poll(b->poll, arm(b), b->busy ? 1000 : -1) < 0 && errno != EINTR)
            return;
        asked = b->poll[0].revents;
        called = b->poll[1].revents;
        look_at_clients(b, now());
        if (called & POLLIN)
            take_call(b);
        else if (called)
            return; /* nobody is left who could ask */
        if (asked & (POLLHUP | POLLERR)) /* also when no server came to listen: what it left unread is nobody's */
            return;
        if (asked & POLLIN)
            take_message(b);
    }
}

static void keep_only(int requests)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (nothing < 0)
        _exit(1);
    for (int i = 0; i < 3; i++)
        if (dup2(nothing, i) < 0)
            _exit(1);
    if (requests > 3)
        close_range(3, (unsigned)requests - 1, 0);
    close_range((unsigned)requests + 1, ~0U, 0);
}

void broker_run(int requests, pid_t server, const char *service)
{
    struct broker *b = calloc(1, sizeof *b);

    keep_only(requests);
    proc_raise_files();
    if (!b || seccomp_notify_alloc(&b->notif, &b->resp) != 0)
        _exit(1);
    b->requests = requests;
    b->listener = -1;
    b->server = server;
    b->service = service;
    serve(b);
    _exit(0);
}

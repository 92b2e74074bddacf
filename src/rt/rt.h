/* rt: how a task waits. The one seam between sessions and server models: a session calls these verbs as if each simply took
 * its time; the ops underneath decide whether a process sleeps in poll(2) or a coroutine is parked.
 *
 * Deadlines (`when`) are absolute, CLOCK_MONOTONIC, in ns; RT_NEVER waits for ever. Results are a count or 0, or -errno:
 * -ETIMEDOUT when the deadline passed, -ECANCELED once the task was cancelled (then every further wait says so, while what
 * needs no wait still works: a goodbye can be said), -EINTR when the descriptor to be heard became readable.
 * Descriptors given here are non-blocking. Never read errno after a call. A task stays on its thread. */
#ifndef DRAY_RT_RT_H
#define DRAY_RT_RT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/sock.h"

#define RT_NEVER INT64_MAX
#define RT_SECONDS(n) ((int64_t)(n) * 1000000000)

struct rt_ops;

/* How the server ends: two descriptors that become readable and stay so. -1: cannot happen. */
struct rt_stop {
    int drain; /* no new work: tasks between two commands are cancelled */
    int now;   /* every task is cancelled */
};

struct rt_task {
    const struct rt_ops *ops;
    struct rt_stop stop;
    bool idle;      /* between two commands: see rt_idle */
    bool cancelled; /* sticky */
};

/* The runtime of processes and threads: waiting is poll(2) on what was asked and the stop descriptors. */
extern const struct rt_ops rt_block;

struct rt_task rt_block_task(struct rt_stop stop);

int rt_wait(struct rt_task *, struct pollfd *, unsigned n, int64_t when);
/* Declares whether the task is between two commands: a drain cancels it in a wait there, and only there. -ECANCELED when it
 * has been cancelled. */
int rt_idle(struct rt_task *, bool idle);

/* Between two steps of work that may never have to wait (pause: that holds back until then): lets others run. -EINTR when `hear`
 * (-1: none) is readable, -ECANCELED when the task is cancelled, else 0. */
int rt_turn(struct rt_task *, int hear);
int rt_pause(struct rt_task *, int hear, int64_t when);

/* What is there, up to len, without waiting: -EAGAIN when that is nothing. An error hides what came before it. */
ssize_t rt_recv_now(struct rt_task *, int fd, void *buf, size_t len);
/* Bytes received, 0 at the end of the stream. buf NULL: they are thrown away without being copied. */
ssize_t rt_recv(struct rt_task *, int fd, int hear, void *buf, size_t len, int64_t when);
/* What goes without waiting, up to len: -EAGAIN when that is nothing. */
ssize_t rt_send_now(struct rt_task *, int fd, const void *buf, size_t len);
/* Bytes sent, at least 1; no SIGPIPE. */
ssize_t rt_send(struct rt_task *, int fd, int hear, const void *buf, size_t len, int64_t when);
/* Bytes of the file `from` at `off` sent (off is not moved); 0 when the file ends there. */
ssize_t rt_sendfile(struct rt_task *, int fd, int hear, int from, int64_t off, size_t len, int64_t when);
/* A new descriptor, non-blocking and close-on-exec; *peer is filled. */
int rt_accept(struct rt_task *, int fd, int hear, struct sock_addr *peer, int64_t when);
/* 0 when connected. */
int rt_connect(struct rt_task *, int fd, int hear, const struct sock_addr *to, socklen_t len, int64_t when);
/* Closes a descriptor that this task may have waited for. */
void rt_close(struct rt_task *, int fd);
/* Files never "poll ready": inline in processes and threads, elsewhere offloaded or a ring entry. */
ssize_t rt_pread(struct rt_task *, int fd, void *buf, size_t len, int64_t off);
/* local: the file system is one of this machine's disks or its memory (not FUSE, NFS and their like). */
ssize_t rt_pwrite(struct rt_task *, int fd, const void *buf, size_t len, int64_t off, bool local);

/* One large block (RT_BLOCK bytes) to carry bytes from one place to another. Take it late and give it back soon: it is memory
 * that a session has only while it moves something. NULL without memory. */
enum { RT_BLOCK = 1 << 20 };
void *rt_block_take(void);
void rt_block_give(void *block);

/* Runs fn(arg), which may block on a disk or a name look-up; returns what fn returned. */
int rt_call(struct rt_task *, int (*fn)(void *), void *arg);
/* A few changes on a disk of this machine, which as a rule wait for nobody: an event loop makes them itself while that holds. */
int rt_call_quick(struct rt_task *, int (*fn)(void *), void *arg);
/* For a fn that computes for long. On a loop others go before it, and it waits its turn: -ECANCELED if it is not begun. */
int rt_compute(struct rt_task *, int (*fn)(void *), void *arg);
/* Waits until `when`: 0, or -ECANCELED. */
int rt_sleep(struct rt_task *, int64_t when);
int64_t rt_now(const struct rt_task *);
int64_t rt_after(const struct rt_task *, unsigned seconds); /* now + seconds; RT_NEVER for 0 */
/* What this thread keeps for later is looked after: fn(false) is called about every quarter of a second, until it says that nothing
 * is left; fn(true), which gives up all, when descriptors run out or the thread ends. false: nobody would (processes, threads). */
bool rt_tend(struct rt_task *, bool (*fn)(bool all));

#endif

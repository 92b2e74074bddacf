/* loop_impl: the loop from inside, for the files of rt/ only. What the kernel said about a descriptor is kept as bits until an
 * operation finds that it does not hold any more: so a descriptor is registered once, edge-triggered, and a task that finds
 * its bit set goes on without a system call. */
#ifndef DRAY_RT_LOOP_IMPL_H
#define DRAY_RT_LOOP_IMPL_H

#include "rt/coro.h"
#include "rt/loop.h"
#include "rt/offload.h"
#include "rt/rt_ops.h"
#include "rt/timers.h"

/* A task on a coroutine. Lives in the coroutine's room: it is read while the stack sleeps. */
struct ctask {
    struct rt_task task; /* first: a rt_task of ours is a ctask */
    struct loop *loop;
    struct ctask *next; /* in the run queue */
    struct timer timer;
    int64_t when;   /* the deadline of this wait */
    int64_t since;  /* parked since */
    bool waiting;   /* parked in a wait, which an event, a deadline or a stop ends */
    bool queued;
    bool carrier;   /* has more to do than one step: others go before it */
    bool roused;    /* by another task: see loop_rest */
    unsigned at;    /* in loop.all */
};

struct queue {
    struct ctask *first, *last;
};

/* Sessions that are idle for this long give their stack back. */
#define LOOP_DEEP_AFTER (RT_SECONDS(1) / 4)
#define LOOP_SWEEP_EVERY (RT_SECONDS(1) / 4)

struct fd_state {
    struct ctask *waiter;
    uint32_t round;     /* counts what the number has meant: late news of the one before are told apart */
    uint8_t ready, want; /* POLLIN, POLLOUT */
    bool known;         /* registered */
};

struct loop_ops {
    const char *name;
    int (*open)(struct loop *);
    void (*close)(struct loop *);
    /* Registers a descriptor, edge-triggered: loop_news tells, also what is so already. Where several
     * processes watch the same one: one of them shall hear (a client at the door), or all (a stop). */
    int (*add)(struct loop *, int fd, bool all);
    /* Before a registered descriptor is closed. NULL: closing is enough. */
    void (*remove)(struct loop *, int fd);
    /* Waits up to `ns` (-1: for ever) for news and tells all there are. */
    int (*wait)(struct loop *, int64_t ns);
    /* Reads or writes a file without stopping the loop. NULL: the offload threads do. */
    ssize_t (*file)(struct ctask *, struct rt_op *);
};

struct loop {
    const struct loop_ops *ops;
    struct rt_stop stop;
    bool draining;
    int fd;          /* epoll */
    void *ring;      /* uring */
    int jobs_event;
    struct offload *jobs, *computing; /* apart: a commit waits for no hash */
    struct coro_pool *pool;
    unsigned tasks, tasks_max, computations; /* begun or waiting */
    int64_t computed; /* when the last one ended, or the first one came */
    int64_t owed;     /* to them: work without rest, see loop.c */
    struct queue prompt, carriers; /* to be run, in order: see loop.c */
    struct timers timers;
    struct fd_state *fds;
    unsigned long fds_max;
    struct ctask **all; /* tasks by no order, `tasks` of them */
    int64_t now;     /* at the last news */
    int64_t talked;  /* when one that is no carrier last had its turn */
    int64_t next_sweep;
    bool (*tend)(bool all); /* see rt_tend. NULL: there is nothing to be looked after */
    int64_t disk_slow;   /* until then the disk is taken to be behind: threads wait for it */
    unsigned disk_calls, disk_busy; /* quick calls that were left to threads until now; of them under way */
};

/* A descriptor is ready for these (POLLIN, POLLOUT; an error or a hang-up is both). */
void loop_news(struct loop *, int fd, short events);
/* Into the run queue, once. */
void loop_wake(struct ctask *);
/* From a task: back to the loop, until it is woken. */
void loop_park(struct ctask *);
/* The state of a descriptor; NULL beyond the table. */
struct fd_state *loop_fd(struct loop *, int fd);

extern const struct rt_ops rt_coro;

static inline struct ctask *ctask(struct rt_task *task)
{
    return (struct ctask *)task;
}

/* loop_disk.c: as rt_ops.call, .compute and .call_quick; PREAD and PWRITE; SENDFILE. */
int loop_call(struct rt_task *, int (*fn)(void *), void *arg);
int loop_compute(struct rt_task *, int (*fn)(void *), void *arg);
int loop_call_quick(struct rt_task *, int (*fn)(void *), void *arg);
ssize_t loop_file(struct ctask *, struct rt_op *);
ssize_t loop_send_file(struct rt_task *, struct rt_op *, int64_t when);

#endif

/* rt_ops: what a runtime has to bring, for those who make one (rt.h is for all who only wait). The verbs of rt.c fill an operation and
 * hand it to the task's runtime. */
#ifndef DRAY_RT_RT_OPS_H
#define DRAY_RT_RT_OPS_H

#include "rt/rt.h"

enum rt_code { RT_RECV, RT_SEND, RT_SENDFILE, RT_ACCEPT, RT_CONNECT, RT_PREAD, RT_PWRITE };

/* One operation. `fd` is the descriptor that is waited for; `hear` (-1: none) interrupts the wait when it is readable. */
struct rt_op {
    enum rt_code code;
    int fd, hear;
    int from;                      /* SENDFILE: the file */
    void *buf;                     /* RECV, PREAD: into; SEND, PWRITE: from */
    size_t len;
    int64_t off;                   /* PREAD, PWRITE, SENDFILE */
    bool local;                    /* PWRITE: goes to the page cache of this machine, which as a rule waits for nobody */
    struct sock_addr *addr;        /* ACCEPT: the peer, out; CONNECT: the target (addr_len) */
    socklen_t addr_len;
};

struct rt_ops {
    const char *name;
    /* Waits until one of the n descriptors has an event; the count of those, revents set. */
    int (*wait)(struct rt_task *, struct pollfd *, unsigned n, int64_t when);
    /* Carries out an operation. rt_run_by_waiting is the default: try, wait on -EAGAIN, try again. */
    ssize_t (*run)(struct rt_task *, struct rt_op *, int64_t when);
    /* Runs fn(arg), which may block on a disk or a name look-up; returns what fn returned. */
    int (*call)(struct rt_task *, int (*fn)(void *), void *arg);
    int (*compute)(struct rt_task *, int (*fn)(void *), void *arg);    /* see rt_compute. NULL: as call */
    int (*call_quick)(struct rt_task *, int (*fn)(void *), void *arg); /* NULL: as call */
    int64_t (*now)(const struct rt_task *);
    /* What is known of a descriptor does not hold any more: it is not ready for `events` after all, or (0) it is about to be
     * closed and its number will mean something else. NULL: nothing is ever known. */
    void (*forget)(struct rt_task *, int fd, short events);
    bool (*tend)(struct rt_task *, bool (*fn)(bool all)); /* see rt_tend. NULL: nobody does */
};

/* For the implementations: one try of an operation, never waiting; -EAGAIN when it would have to. */
ssize_t rt_try(struct rt_op *);
/* The one loop in the tree that turns -EAGAIN into a wait. `once` is a try that also notes what -EAGAIN says about readiness;
 * rt_run_by_waiting tries by rt_try, where the task is. */
ssize_t rt_retry(struct rt_task *, struct rt_op *, int64_t when, ssize_t (*once)(struct rt_task *, struct rt_op *));
ssize_t rt_run_by_waiting(struct rt_task *, struct rt_op *, int64_t when);

#endif

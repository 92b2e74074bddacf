/* offload: a few threads that do what would stop an event loop: opens on cold disks, fsync, name look-ups. Others, another
 * offload, compute hashes. */
#ifndef DRAY_RT_OFFLOAD_H
#define DRAY_RT_OFFLOAD_H

#include <stdbool.h>

struct offload;

/* One piece of work. Lives where the submitter waits; untouched by offload once done was called. */
struct job {
    int (*fn)(void *arg);
    void *arg;
    int result;
    void *owner; /* the submitter's own */
    struct job *next;
};

/* No thread is started before the first job. `event` is raised (proc_event) when finished jobs wait in offload_reap; several
 * may share one. `meek`: its threads let all others run first. */
int offload_new(unsigned threads, int event, bool meek, struct offload **);
/* Waits for running jobs. NULL is fine. */
void offload_free(struct offload **);
/* -EAGAIN: not a single thread could be had; do it yourself. */
int offload_submit(struct offload *, struct job *);
/* Calls done() for each finished job, in the calling thread. The event is cleared before, by who calls. */
void offload_reap(struct offload *, void (*done)(struct job *));
/* Calls done() for each job that no thread has begun, with this result: none begins it any more. */
void offload_drop(struct offload *, int result, void (*done)(struct job *));

#endif

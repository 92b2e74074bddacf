/* offload: a few threads that do what would stop an event loop: opens on cold disks, fsync, name look-ups, hashes. */
#ifndef DRAY_RT_OFFLOAD_H
#define DRAY_RT_OFFLOAD_H

struct offload;

/* One piece of work. Lives where the submitter waits; untouched by offload once done was called. */
struct job {
    int (*fn)(void *arg);
    void *arg;
    int result;
    void *owner; /* the submitter's own */
    struct job *next;
};

/* No thread is started before the first job. `event` is raised (proc_event) when finished jobs wait in offload_reap. */
int offload_new(unsigned threads, int event, struct offload **);
/* Waits for running jobs. NULL is fine. */
void offload_free(struct offload **);
/* -EAGAIN: not a single thread could be had; do it yourself. */
int offload_submit(struct offload *, struct job *);
/* Calls done() for each finished job, in the calling thread. */
void offload_reap(struct offload *, void (*done)(struct job *));

#endif

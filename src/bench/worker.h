/* worker: one client of a crew, seen by the work that it does. For load.c and crew.c. */
#ifndef DRAY_BENCH_WORKER_H
#define DRAY_BENCH_WORKER_H

#include "bench/crew.h"
#include "bench/talk.h"

struct worker {
    const struct crew_how *how;
    struct rt_task *task;
    unsigned index; /* among how->clients */
    struct talk talk;
    struct span block; /* bytes pass through it; all clients of a process have the same */
    struct talk *crowd;
    int file; /* what is uploaded */
    int64_t file_size;
    struct crew_board *board;
};

/* So many more pieces of work are done. */
void worker_count(struct worker *w, int64_t pieces);
/* One more is done, and was begun then. */
void worker_time(struct worker *w, int64_t since);

#endif

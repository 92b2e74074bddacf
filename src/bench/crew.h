/* crew: the clients of one measurement, kept in step: as many processes as there are processors for them, each with an event
 * loop on which its clients run. */
#ifndef DRAY_BENCH_CREW_H
#define DRAY_BENCH_CREW_H

#include "bench/load.h"
#include "bench/server.h"
#include "rt/rt.h"
#include "sys/child.h"

enum { CREW_PROCESSES = 16 };

struct crew_board;

/* Zeroed is empty; used again and again until crew_end. */
struct crew {
    struct child process[CREW_PROCESSES];
    unsigned count, clients;
    int go; /* an event: start working */
    struct crew_board *board;
};

struct crew_how {
    const struct load *load;
    const char *folder; /* where the files are; "": not known */
    const struct server *with;
    unsigned clients, amount;
    bool meek; /* gives way to other clients: they are measured */
};

/* Starts the clients; returns when all are prepared. */
int crew_start(struct rt_task *task, const struct crew_how *how, struct crew *crew);
/* Lets them work; returns at once, and crew_work when all are done: the pieces of work. Their sessions stay. */
void crew_go(struct crew *crew);
int64_t crew_work(struct rt_task *task, struct crew *crew);
/* What has been done so far, and how long a part of the pieces took at most, in ns (0: that was not noted). */
int64_t crew_pieces(const struct crew *crew);
double crew_quantile(const struct crew *crew, double part);
/* 0, or the first failure of a client. */
int crew_failure(const struct crew *crew);
/* The CPU time of its processes so far, in ns. */
int64_t crew_cpu(const struct crew *crew);
/* Ends the clients, and with them their sessions. */
void crew_end(struct crew *crew);

#endif

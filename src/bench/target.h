/* target: a server under test: this program with some model, or the bare program that does the same as one load. */
#ifndef DRAY_BENCH_TARGET_H
#define DRAY_BENCH_TARGET_H

#include "bench/load.h"
#include "sys/usage.h"

/* What a model can do, as far as a measurement must know. */
struct target_kind {
    const char *name;
    unsigned at_once; /* clients that it serves at the same time; 0: any number */
    unsigned crowd;   /* a fair number of idle sessions; 0: as many as were asked for */
    bool seats;       /* a worker waits for each session: workers are the price of a session */
};

struct target {
    const struct target_kind *kind; /* NULL: a floor program */
    const char *name;               /* of the model, or of the program */
    char host[16];                  /* see target_host */
    struct child child;
    struct sock_addr at;
    struct crew crew;
    struct usage empty;
};

/* Starts it on this folder; returns when it listens. workers 0: its own choice. -ENOTCONN: it ended instead. */
int target_start(struct rt_task *task, struct target *t, const char *folder, unsigned workers);
/* Also its crew. */
void target_end(struct target *t);
/* Is the program of a floor there? */
bool target_exists(const struct target *t);
/* Each server has a loopback address of its own: the connections of one, which linger in TIME_WAIT, take no ports
 * away from another, nor from anybody else on this machine. */
void target_host(struct target *t, unsigned number);

#endif

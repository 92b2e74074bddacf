/* target: a server under test: this program with some model, the bare program that does the same as one load, or one that
 * somebody else has started. */
#ifndef DRAY_BENCH_TARGET_H
#define DRAY_BENCH_TARGET_H

#include "bench/crew.h"
#include "bench/place.h"

/* What a model can do, as far as a measurement must know. */
struct target_kind {
    const char *name;
    unsigned at_once; /* clients that it serves at the same time; 0: any number */
    unsigned crowd;   /* a fair number of idle sessions; 0: as many as were asked for */
    bool seats;       /* a worker waits for each session: workers are the price of a session */
};

struct target {
    const struct target_kind *kind; /* NULL: a floor program */
    const char *name;               /* of the model, of the program, or what the person calls it */
    struct place *place;      /* NULL: what it serves cannot be reached otherwise */
    bool foreign;                   /* it runs already: neither started nor ended */
    bool up;
    char host[16];                  /* see target_host */
    struct child child;
    struct server server;
    struct crew crew, beside;
    struct usage empty;
};

/* How our own models are started. */
struct target_how {
    unsigned workers;     /* 0: its own choice */
    const char *accounts; /* the accounts file, as whose one account clients log in; NULL: none, they are strangers */
};
/* Starts it on its place; returns when it listens. -ENOTCONN: it ended instead. */
int target_start(struct rt_task *task, struct target *t, const struct target_how *how);
/* Also its crew. One that others started goes on. */
void target_end(struct target *t);
/* Is the program of a floor there? */
bool target_exists(const struct target *t);
/* Each server has a loopback address of its own: the connections of one, which linger in TIME_WAIT, take no ports
 * away from another, nor from anybody else on this machine. */
void target_host(struct target *t, unsigned number);

#endif

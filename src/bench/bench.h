/* bench: measures servers side by side: each load on each target in turn, round after round, so that a busy moment
 * of the machine hits all of them alike. */
#ifndef DRAY_BENCH_BENCH_H
#define DRAY_BENCH_BENCH_H

#include "bench/target.h"

enum { BENCH_TARGETS = 24, BENCH_ROUNDS = 99, BENCH_COLUMNS = 16 };

/* The columns behind those of loads[]. */
enum { CROWD_IDLE, CROWD_PARKED, CROWD_KERNEL, CROWD_COLUMNS };

struct figure {
    double at[BENCH_ROUNDS]; /* in the column's unit */
    unsigned n;
    unsigned rounds, failed; /* tried */
    int why;                 /* -errno of the last failure; -EOPNOTSUPP: the server does not offer it, and that is none */
    int64_t pieces;          /* of work, in a round */
    double wall;             /* seconds, of the fastest round */
};

struct bench {
    const char *what; /* is measured, for programs that read it: "models", "servers" */
    struct rt_task task;
    struct load_size size;
    const char *parent; /* where the folder of our own servers is made; NULL: where temporary files go */
    struct place place[BENCH_TARGETS];
    unsigned places;
    struct target target[BENCH_TARGETS];
    unsigned targets;
    bool wanted[BENCH_COLUMNS]; /* each of loads[], and behind them the crowd */
    struct figure figure[BENCH_COLUMNS][BENCH_TARGETS];
    bool live; /* a progress line on the error stream */
    unsigned step, steps;
};

/* One of our own servers, or a floor program (kind NULL), which counts only if it is there; and only if others gave it a
 * place, should there be none of our own. */
void bench_add(struct bench *b, const struct target_kind *kind, const char *name);
/* A server that runs already, with the folder where files can be laid for it (NULL: only what needs none is measured), which
 * is server->path. -ENOSPC: there are too many. */
int bench_add_server(struct bench *b, const char *name, const char *folder, const struct server *server);
/* Measures all that is wanted. -ECANCELED when it was interrupted; what a single server fails at is in its figure. */
int bench_run(struct bench *b);
/* Ends servers and clients, and removes the folder. */
void bench_end(struct bench *b);

/* Is there anything to be measured here? */
bool bench_applies(const struct bench *b, unsigned column, const struct target *t);

#endif

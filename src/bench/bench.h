/* bench: measures servers side by side: each load on each target in turn, round after round, so that a busy moment
 * of the machine hits all of them alike. */
#ifndef DRAY_BENCH_BENCH_H
#define DRAY_BENCH_BENCH_H

#include "bench/account.h"
#include "bench/target.h"

enum { BENCH_TARGETS = 24, BENCH_ROUNDS = 99, BENCH_LOADS = 24 };

/* One value for each round in which it became known. */
struct series {
    double at[BENCH_ROUNDS];
    unsigned n;
};

struct figure {
    struct series series[MEASURES];
    unsigned rounds, failed; /* tried */
    int why;                 /* -errno of the last failure; -EOPNOTSUPP: the server does not offer it, and that is none */
    int64_t pieces;          /* of work, in a round */
};

struct bench {
    const char *what; /* is measured, for programs that read it: "models", "servers" */
    struct rt_task task;
    struct load_size size;
    const char *parent; /* where the folder of our own servers is made; NULL: where temporary files go */
    bool secure;        /* all that is said and sent goes over TLS */
    struct tls_client *tls;
    struct place place[BENCH_TARGETS];
    unsigned places;
    struct account_file account; /* of our own servers while passwords are measured */
    struct target target[BENCH_TARGETS];
    unsigned targets;
    bool wanted[BENCH_LOADS]; /* of loads[] */
    struct figure figure[BENCH_LOADS][BENCH_TARGETS];
    bool slow; /* slow disks can be had */
    bool live; /* a progress line on the error stream */
    unsigned step, steps;
};

/* One of our own models. */
void bench_add_model(struct bench *b, const struct target_kind *kind, const char *name);
/* A server that runs already, with the folder where files can be laid for it (NULL: only what needs none is measured), which
 * is server->path. -ENOSPC: there are too many. */
int bench_add_server(struct bench *b, const char *name, const char *folder, const struct server *server);
/* The bare programs that loads are compared with, those that are there; they have the place of the first of all. */
void bench_add_floors(struct bench *b);
/* Measures all that is wanted. -ECANCELED when it was interrupted; what a single server fails at is in its figure. */
int bench_run(struct bench *b);
/* Ends servers and clients, and removes the folder. */
void bench_end(struct bench *b);

/* Is there anything to be measured here? */
bool bench_applies(const struct bench *b, unsigned load, const struct target *t);

#endif

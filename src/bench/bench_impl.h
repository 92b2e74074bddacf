/* bench_impl: what bench.c, which goes through loads and rounds, and crowd.c, which fills servers with idle sessions, share. */
#ifndef DRAY_BENCH_BENCH_IMPL_H
#define DRAY_BENCH_BENCH_IMPL_H

#include "bench/bench.h"

void bench_progress(struct bench *b, const char *what, const char *who, unsigned round);
/* Counts a round: -ECANCELED only when rc is that; any other failure is kept in the figure. */
int bench_note(struct figure *f, int rc);
void series_add(struct figure *f, enum measure m, double value);
/* Until the server has no more processes than that, and does nothing for a moment; *now: what it has cost so far. */
int bench_calm(struct bench *b, const struct target *t, unsigned processes, struct usage *now);
/* One round of the load that is about memory. */
int crowd_round(struct bench *b, unsigned load, unsigned round);

#endif

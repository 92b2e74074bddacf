/* times: how long many things took, from which a quantile can be told. Shared memory and zeroes are fine: any number of processes
 * may note at once. */
#ifndef DRAY_BENCH_TIMES_H
#define DRAY_BENCH_TIMES_H

#include <stdatomic.h>
#include <stdint.h>

/* 32 steps for each doubling, up to 18 minutes: what is told is within 2 % of what was noted. */
enum { TIMES_STEPS = 32, TIMES_DOUBLINGS = 36, TIMES_CELLS = TIMES_STEPS * TIMES_DOUBLINGS };

struct times {
    atomic_uint cell[TIMES_CELLS];
};

void times_note(struct times *t, int64_t ns);
/* How many there are. */
uint64_t times_count(const struct times *t);
/* In ns: `part` (0.99) of all that was noted took no longer; 0 when nothing was. */
double times_quantile(const struct times *t, double part);

#endif

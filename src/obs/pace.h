/* pace: limits of bandwidth that many transfers share, in whatever process, thread or coroutine each runs.
 *
 * A bucket is one number in shared memory: the time until which its bandwidth is given away. Who wants to move bytes takes the
 * next piece of that time (one atomic step, no lock) and waits until it begins. So all wait in one queue, in the order in which
 * they asked, with equal pieces: nobody starves, and nobody who dies stops the others: at most the piece that he had taken is lost.
 * Times are CLOCK_MONOTONIC in ns, rates bytes a second. Cannot fail. */
#ifndef DRAY_OBS_PACE_H
#define DRAY_OBS_PACE_H

#include <stdatomic.h>
#include <stdint.h>

struct pace_bucket { /* zero: nothing is given away */
    _Atomic(int64_t) free_at;
};

struct pace_share {
    struct pace_bucket *bucket;
    int64_t rate, left; /* left: bytes that were taken and not used yet */
};

/* One transfer and the buckets that hold for it. Zero: none, and nothing below needs to be called. */
struct pace {
    unsigned n;
    struct pace_share share[3];
};

/* One more bucket for this transfer; nothing happens when it is NULL or the rate is 0. */
void pace_add(struct pace *, struct pace_bucket *, int64_t rate);
/* How many of `want` (at least 1) bytes may move next, at least 1, and from when on. What is asked again before it was used is
 * answered again, and costs nothing. */
int64_t pace_take(struct pace *, int64_t want, int64_t now, int64_t *when);
/* So many have moved: no more than was allowed. */
void pace_used(struct pace *, int64_t n);
/* The transfer is over: what was taken and not used is given back. */
void pace_end(struct pace *);

#endif

/* pace: bandwidth handed out by the piece (see pace.h). Called by whoever moves the bytes; owns nothing: buckets lie in the
 * scoreboard or in a session. Time that nobody took is lost, but for what a taker missed who came late: a timer, or a machine
 * that had other things to do, must not make the rate smaller than it was meant. */
#include "obs/pace.h"

#include <stdbool.h>

#define SECOND INT64_C(1000000000)
#define LATE (SECOND / 8) /* so much that was missed can be made good */

/* A piece lasts about a 64th of a second: small enough that a queue of many moves on, large enough that waking up costs little. */
enum { PIECES = 64, PIECE_MIN = 256, PIECE_MAX = 1 << 20 };

static int64_t piece(const struct pace_share *s)
{
    int64_t n = s->rate / PIECES;

    return n < PIECE_MIN ? PIECE_MIN : n > PIECE_MAX ? PIECE_MAX : n;
}

/* Rates are below 2^41, so a piece of a MiB cannot overflow this. */
static int64_t time_of(const struct pace_share *s, int64_t bytes)
{
    return bytes * SECOND / s->rate;
}

void pace_add(struct pace *p, struct pace_bucket *bucket, int64_t rate)
{
    if (bucket && rate > 0)
        p->share[p->n++] = (struct pace_share){ bucket, rate, 0 };
}

/* A bucket that nobody asked for a long time owes nothing; one that was asked just now owes what was missed. */
static int64_t begin_of(int64_t free_at, int64_t now)
{
    int64_t missed = now - free_at;

    return missed <= 0 || missed <= LATE ? free_at : missed < SECOND ? now - LATE : now;
}

static int64_t reserve(struct pace_share *s, int64_t bytes, int64_t now)
{
    int64_t cost = time_of(s, bytes), was = atomic_load_explicit(&s->bucket->free_at, memory_order_relaxed), begin;

    do
        begin = begin_of(was, now);
    while (!atomic_compare_exchange_weak_explicit(&s->bucket->free_at, &was, begin + cost, memory_order_relaxed,
                                                  memory_order_relaxed));
    s->left += bytes;
    return begin;
}

/* The smallest piece decides how much moves at once; where pieces are larger, one lasts for several steps. So who is held back
 * by one bucket still takes pieces from another that are as large as everybody's. */
int64_t pace_take(struct pace *p, int64_t want, int64_t now, int64_t *when)
{
    int64_t step = want;

    *when = now;
    for (unsigned i = 0; i < p->n; i++)
        step = piece(&p->share[i]) < step ? piece(&p->share[i]) : step;
    for (unsigned i = 0; i < p->n; i++) {
        struct pace_share *s = &p->share[i];
        int64_t rest = want - s->left, begin;

        if (s->left >= step)
            continue;
        begin = reserve(s, rest < piece(s) ? rest : piece(s), now);
        *when = begin > *when ? begin : *when;
    }
    return step;
}

void pace_used(struct pace *p, int64_t n)
{
    for (unsigned i = 0; i < p->n; i++)
        p->share[i].left -= n;
}

void pace_end(struct pace *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        struct pace_share *s = &p->share[i];

        if (s->left > 0)
            atomic_fetch_sub_explicit(&s->bucket->free_at, time_of(s, s->left), memory_order_relaxed);
    }
    p->n = 0;
}

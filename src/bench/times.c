/* times: a histogram whose cells grow with what they hold (see times.h). Called by bench/ in client processes and in the one that
 * measures; owns nothing, cannot fail: what takes longer than the last cell is counted there. */
#include "bench/times.h"

enum { FIRST_SHIFT = 5 }; /* 2^5 steps */

static unsigned cell_of(uint64_t ns)
{
    unsigned shift, cell;

    if (ns < TIMES_STEPS)
        return (unsigned)ns;
    shift = 63 - (unsigned)__builtin_clzll(ns) - FIRST_SHIFT;
    cell = shift * TIMES_STEPS + (unsigned)(ns >> shift);
    return cell < TIMES_CELLS ? cell : TIMES_CELLS - 1;
}

/* The middle of what a cell holds. */
static double middle_of(unsigned cell)
{
    unsigned shift = cell < TIMES_STEPS ? 0 : cell / TIMES_STEPS - 1;

    return (double)((uint64_t)(cell - shift * TIMES_STEPS) << shift) + (double)((UINT64_C(1) << shift) - 1) / 2;
}

void times_note(struct times *t, int64_t ns)
{
    atomic_fetch_add_explicit(&t->cell[cell_of(ns > 0 ? (uint64_t)ns : 0)], 1, memory_order_relaxed);
}

uint64_t times_count(const struct times *t)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < TIMES_CELLS; i++)
        n += atomic_load_explicit(&t->cell[i], memory_order_relaxed);
    return n;
}

double times_quantile(const struct times *t, double part)
{
    uint64_t all = times_count(t), seen = 0;
    unsigned i = 0;

    if (!all)
        return 0;
    while (i < TIMES_CELLS - 1) {
        seen += atomic_load_explicit(&t->cell[i], memory_order_relaxed);
        if ((double)seen >= part * (double)all)
            break;
        i++;
    }
    return middle_of(i);
}

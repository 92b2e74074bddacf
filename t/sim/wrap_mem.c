/* wrap_mem: memory, time, luck and locks of src/, led here by the linker. Memory is counted, so that what a run leaves behind
 * shows at once, and the lists of pieces and blocks that threads keep are bypassed, so that nothing hides in them. The clock
 * is the scheduler's, random numbers are the seed's. A lock that is taken lets its holder go on, who is another coroutine of
 * this thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/piece.h"
#include "fault.h"
#include "rt/rt.h"
#include "world.h"
#include "wrap.h"

enum { WALL = 1790000000 }; /* the day on which every run begins */

static int64_t allocations;

int64_t wrap_allocations(void)
{
    return allocations;
}

static void *counted(void *p)
{
    allocations += p != NULL;
    return p;
}

void *WRAP(malloc)(size_t size)
{
    return fault_now(CALL_malloc) ? NULL : counted(REAL(malloc)(size));
}

void *WRAP(calloc)(size_t n, size_t size)
{
    return fault_now(CALL_calloc) ? NULL : counted(REAL(calloc)(n, size));
}

void *WRAP(realloc)(void *p, size_t size)
{
    void *out = fault_now(CALL_malloc) ? NULL : REAL(realloc)(p, size);

    allocations += out && !p;
    return out;
}

char *WRAP(strdup)(const char *s)
{
    return fault_now(CALL_strdup) ? NULL : counted(REAL(strdup)(s));
}

void WRAP(free)(void *p)
{
    allocations -= p != NULL;
    REAL(free)(p);
}

void *WRAP(piece_take)(void)
{
    return WRAP(malloc)(PIECE);
}

void WRAP(piece_give)(void *piece)
{
    WRAP(free)(piece);
}

/* Blocks are counted like the rest, but kept: to map a megabyte and to give it back is most of what a run would cost. */
static struct {
    void *block[16];
    unsigned n;
} spare;

void *WRAP(rt_block_take)(void)
{
    if (fault_now(CALL_malloc))
        return NULL;
    return counted(spare.n ? spare.block[--spare.n] : REAL(malloc)(RT_BLOCK));
}

void WRAP(rt_block_give)(void *block)
{
    allocations -= block != NULL;
    if (spare.n < sizeof spare.block / sizeof *spare.block)
        spare.block[spare.n++] = block;
    else
        REAL(free)(block);
}

ssize_t WRAP(getrandom)(void *buf, size_t len, unsigned flags)
{
    if (!world.sim)
        return REAL(getrandom)(buf, len, flags);
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)buf)[i] = (unsigned char)sim_random(world.sim);
    return (ssize_t)len;
}

int WRAP(clock_gettime)(clockid_t id, struct timespec *out)
{
    int64_t now = world.sim ? world_now() : 0;

    if (!now || (id != CLOCK_MONOTONIC && id != CLOCK_REALTIME))
        return REAL(clock_gettime)(id, out);
    now += id == CLOCK_REALTIME ? RT_SECONDS(WALL) : 0;
    *out = (struct timespec){ .tv_sec = now / RT_SECONDS(1), .tv_nsec = now % RT_SECONDS(1) };
    return 0;
}

int WRAP(pthread_mutex_lock)(pthread_mutex_t *m)
{
    int rc;

    if (!world_in_server())
        return REAL(pthread_mutex_lock)(m);
    while ((rc = pthread_mutex_trylock(m)) == EBUSY)
        sim_pause(world.sim, RT_SECONDS(1) / 1000);
    return rc;
}

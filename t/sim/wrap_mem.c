/* wrap_mem: memory, time, luck and locks of src/, led here by the linker. Memory is counted, so that what a run leaves behind
 * shows at once, and the lists of pieces and blocks that threads keep are bypassed, so that nothing hides in them. The clock
 * is the scheduler's, random numbers are the seed's. A lock that is taken lets its holder go on, who is another coroutine of
 * this thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/piece.h"
#include "fault.h"
#include "rt/rt.h"
#include "sys/proc.h"
#include "world.h"
#include "wrap.h"

/* The day on which every run begins: files are younger than that, or so old that what expires has expired. */
enum { WALL = 1790000000, WALL_LATE = 2100000000 };

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

/* Memory that processes share is never given back by a server: it ends with it. Here its end is the run's. */
static struct {
    void *at;
    size_t size;
} shared[8];

void *WRAP(proc_shared)(size_t size)
{
    unsigned i = 0;

    while (i < sizeof shared / sizeof *shared && shared[i].at)
        i++;
    CHECK(i < sizeof shared / sizeof *shared);
    shared[i].at = REAL(proc_shared)(size);
    shared[i].size = size;
    return shared[i].at;
}

void wrap_keep_shared(void)
{
    memset(shared, 0, sizeof shared);
}

void wrap_unshare(void)
{
    for (unsigned i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (shared[i].at)
            proc_unshare(shared[i].at, shared[i].size);
        shared[i].at = NULL;
    }
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

    if (!now || (id != CLOCK_MONOTONIC && id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
        return REAL(clock_gettime)(id, out);
    now += id != CLOCK_MONOTONIC ? RT_SECONDS(world.late ? WALL_LATE : WALL) : 0;
    *out = (struct timespec){ .tv_sec = now / RT_SECONDS(1), .tv_nsec = now % RT_SECONDS(1) };
    return 0;
}

int WRAP(pthread_mutex_lock)(pthread_mutex_t *m)
{
    int rc;

    if (!world_in_server())
        return REAL(pthread_mutex_lock)(m);
    fault_race();
    while ((rc = pthread_mutex_trylock(m)) == EBUSY || rc == EDEADLK) /* both: its holder is this thread */
        sim_pause(world.sim, RT_SECONDS(1) / 1000);
    return rc;
}

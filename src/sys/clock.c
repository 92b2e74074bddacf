/* clock: reads the kernel's clocks. None can fail on Linux. */
#include "sys/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int64_t clock_mono(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

/* The exact clock is a tick ahead of the one that files are stamped by: what was written behind a look at it could be older. */
int64_t clock_wall(void)
{
    return read_ns(CLOCK_REALTIME_COARSE) / 1000000000;
}

int64_t clock_wall_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

void clock_sleep(int64_t ns)
{
    nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL); /* a signal that ends it early does no harm */
}

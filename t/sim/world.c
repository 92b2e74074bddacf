/* world: the shared context of a run (see world.h). Called by all parts of the simulator. Owns nothing but the trace. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "fault.h"

struct world world;

int64_t world_now(void)
{
    return sim_now(world.sim);
}

uint64_t world_below(uint64_t n)
{
    return sim_below(world.sim, n);
}

bool world_chance(unsigned per_mille)
{
    return sim_chance(world.sim, per_mille);
}

bool world_in_server(void)
{
    const struct rt_task *task = world.sim && !world.quiet ? sim_current(world.sim) : NULL;

    return task && sim_is_server(task);
}

void world_note(const char *fmt, ...)
{
    va_list args;

    if (!world.plan.verbose)
        return;
    printf("%9u %12.6f  ", sim_steps(world.sim), (double)sim_now(world.sim) / 1e9 - 3600);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

void world_fail(const char *fmt, ...)
{
    va_list args;

    printf("--seed %llu", (unsigned long long)world.plan.seed);
    if (world.plan.fault_at)
        printf(" --fault %s:%u.%u%s", fault_name(world.plan.fault_call - 1), world.plan.fault_at, world.plan.fault_error,
               world.plan.fault_stays ? "+" : "");
    if (world.plan.kill_at)
        printf(" --kill %u", world.plan.kill_at);
    if (world.plan.wait_at)
        printf(" --wait %u.%u", world.plan.wait_at, world.plan.wait_way);
    if (!world.plan.fault_at && !world.plan.kill_at && !world.plan.wait_at)
        printf(" --plain");
    printf(": ");
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    _exit(FAILED);
}

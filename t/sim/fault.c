/* fault: counts the server's calls and carries out the plan (see fault.h). Called by the wrap_ files. Between two calls of a
 * process others run: so do other tasks here, which is how races between processes are found with one thread. */
#include "fault.h"

#include <errno.h>
#include <unistd.h>

#include "world.h"

enum { SHORT = -1, ERRORS = 6, MOST = 1 << 16 };

static const struct {
    const char *name;
    enum fault_group group;
    int error[ERRORS]; /* ended by 0 */
} rows[] = {
#define CALL(name, group, ...) { #name, group, { __VA_ARGS__ } },
#include "calls.def"
#undef CALL
};

static struct {
    struct fault_pace pace;
    unsigned count;
    unsigned char call[MOST]; /* which call was the n-th */
    bool happened, cut, kill;
} state;

void fault_begin(const struct fault_pace *pace)
{
    state.pace = *pace;
    state.count = 0;
    state.happened = state.cut = state.kill = false;
}

static unsigned ways_of(enum fault_call call)
{
    unsigned n = 0;

    while (n < ERRORS && rows[call].error[n])
        n++;
    return n;
}

static bool moves_bytes(enum fault_call call)
{
    return call == CALL_pwrite || call == CALL_copy;
}

static _Noreturn void die(void)
{
    world_note("killed");
    if (world.plan.verbose)
        (void)!write(STDOUT_FILENO, "", 0);
    _exit(KILLED);
}

static void kill_here(enum fault_call call)
{
    if (moves_bytes(call) && world_chance(500))
        state.cut = state.kill = true;
    else
        die();
}

static bool fail_here(enum fault_call call)
{
    int error = rows[call].error[world.plan.fault_error % ways_of(call)];

    state.happened = true;
    world_note("fault: %s: %d", rows[call].name, error);
    if (error == SHORT) {
        state.cut = true;
        return false;
    }
    errno = error;
    return true;
}

bool fault_now(enum fault_call call)
{
    if (!world_in_server())
        return false;
    if (rows[call].group == FILES && sim_chance(world.sim, state.pace.race))
        sim_pause(world.sim, 0);
    state.cut = moves_bytes(call) && world_chance(state.pace.torn);
    if (state.count < MOST)
        state.call[state.count] = (unsigned char)call;
    state.count++;
    if (state.count == world.plan.kill_at)
        kill_here(call);
    return state.count == world.plan.fault_at && fail_here(call);
}

size_t fault_part(size_t len)
{
    bool cut = state.cut;

    state.cut = false;
    return cut && len > 1 ? 1 + world_below(len - 1) : len;
}

void fault_after(void)
{
    if (state.kill)
        die();
}

unsigned fault_count(void)
{
    return state.count;
}

unsigned fault_ways(unsigned n)
{
    return n && n <= state.count && n <= MOST ? ways_of(state.call[n - 1]) : 0;
}

bool fault_happened(void)
{
    return state.happened;
}

const char *fault_name(void)
{
    unsigned n = world.plan.fault_at;

    return n && n <= state.count && n <= MOST ? rows[state.call[n - 1]].name : "";
}

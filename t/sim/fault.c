/* fault: counts the server's calls and carries out the plan (see fault.h). Called by the wrap_ files. Between two calls of a
 * process others run: so do other tasks here, which is how races between processes are found with one thread. */
#include "fault.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
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
    unsigned count, waits, of_kind[CALLS];
    unsigned char call[MOST]; /* which call was the n-th */
    bool happened, cut, kill;
    unsigned hit;
} state;

void fault_begin(const struct fault_pace *pace)
{
    state.pace = *pace;
    state.count = state.waits = 0;
    memset(state.of_kind, 0, sizeof state.of_kind);
    state.hit = CALLS;
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
    state.hit = call;
    world_note("fault: %s: %d", rows[call].name, error);
    if (error == SHORT) {
        state.cut = true;
        return false;
    }
    errno = error;
    return true;
}

/* One of them for a step, or all for a while. */
void fault_race(void)
{
    if (world_chance(state.pace.race))
        sim_pause(world.sim, world_chance(300) ? (int64_t)world_below((uint64_t)state.pace.pause + 1) : 0);
}

static bool is_planned(enum fault_call call)
{
    const struct plan *p = &world.plan;

    state.of_kind[call]++;
    if (!p->fault_at || (p->fault_call && p->fault_call != call + 1u))
        return false;
    if (p->fault_stays && state.of_kind[call] > p->fault_at)
        return true;
    return p->fault_at == (p->fault_call ? state.of_kind[call] : state.count);
}

bool fault_now(enum fault_call call)
{
    if (!world_in_server())
        return false;
    if (rows[call].group == FILES)
        fault_race();
    state.cut = moves_bytes(call) && world_chance(state.pace.torn);
    if (state.count < MOST)
        state.call[state.count] = (unsigned char)call;
    state.count++;
    if (world.lives == 1 && state.count == world.plan.kill_at)
        kill_here(call);
    return is_planned(call) && fail_here(call);
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

/* The stops, a connection that breaks, or time that passes until the wait's deadline. */
void fault_wait(const struct pollfd *fds, unsigned n, int64_t when)
{
    const struct plan *p = &world.plan;

    if (++state.waits != p->wait_at || world.lives > 1)
        return;
    state.happened = true;
    world_note("at wait %u: %u", p->wait_at, p->wait_way);
    if (p->wait_way == WAIT_STOP || p->wait_way == WAIT_DRAIN)
        sim_stop(world.sim, p->wait_way == WAIT_STOP);
    else if (p->wait_way == WAIT_RESET && n)
        net_break(fds[0].fd);
    else if (p->wait_way == WAIT_LATE && when < world_now() + RT_SECONDS(1000))
        sim_jump(world.sim, when);
}

unsigned fault_waits(void)
{
    return state.waits;
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

unsigned fault_hit(void)
{
    return state.hit;
}

const char *fault_name(unsigned call)
{
    return call < CALLS ? rows[call].name : "any";
}

bool fault_is_of_files(unsigned call)
{
    return call < CALLS && rows[call].group == FILES;
}

unsigned fault_find(const char *name, size_t len)
{
    unsigned call = 0;

    while (call < CALLS && (strlen(rows[call].name) != len || memcmp(rows[call].name, name, len) != 0))
        call++;
    return call;
}

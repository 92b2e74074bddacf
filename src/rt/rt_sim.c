/* rt_sim: the scheduler, the virtual clock and the five operations of the simulated runtime (see rt_sim.h). Called by the
 * simulator in t/sim/ only. Owns the coroutines and the table of tasks. A step takes one of the tasks that can go on, by
 * chance and by how quick the seed made it, and runs it until it parks. When none can, the clock jumps to what comes next: a
 * deadline, or bytes on their way.
 *
 * The stops are those of rt.h: a drain reaches tasks between two commands, the other one all; a task that was told so once
 * is told so by every further wait. Blocking work is no wait: it may take long, and is not cut short. */
#include "rt/rt_sim.h"
#include "rt/rt_ops.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "rt/coro.h"

enum state { RUNNABLE, WAITING, PAUSED };

struct sim_task {
    struct rt_task task; /* first */
    struct sim *sim;
    void (*fn)(struct rt_task *, void *);
    void *arg;
    bool server;
    unsigned id, pace; /* pace: its weight among those that can go on */
    enum state state;
    struct pollfd *fds; /* WAITING: on its stack */
    unsigned n;
    int64_t when;
};

struct sim {
    struct coro_pool *pool;
    struct sim_world world;
    struct sim_pace pace;
    struct sim_task *task[SIM_TASKS], *current;
    unsigned n, started, steps;
    uint64_t state, trail;
    int64_t now;
    bool drain, stop;
};

/* ---- choices: splitmix64 ---- */

uint64_t sim_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t sim_random(struct sim *sim)
{
    return sim_next(&sim->state);
}

uint64_t sim_below(struct sim *sim, uint64_t n)
{
    return n ? sim_random(sim) % n : 0;
}

bool sim_chance(struct sim *sim, unsigned per_mille)
{
    return per_mille && sim_below(sim, 1000) < per_mille;
}

/* ---- tasks ---- */

static struct sim_task *sim_task(const struct rt_task *task)
{
    return (struct sim_task *)(uintptr_t)task;
}

static void park(struct sim_task *t, enum state state)
{
    struct sim *sim = t->sim;

    t->state = state;
    coro_park(coro_of_room(t));
    sim->current = t;
    t->state = RUNNABLE;
}

static void pause_until(struct sim_task *t, int64_t when)
{
    t->when = when;
    park(t, PAUSED);
}

void sim_pause(struct sim *sim, int64_t ns)
{
    if (sim->current)
        pause_until(sim->current, sim->now + ns);
}

static void turn(struct sim_task *t)
{
    if (sim_chance(t->sim, t->sim->pace.turn))
        pause_until(t, t->sim->now);
}

/* ---- the operations ---- */

static bool is_stopped(const struct sim_task *t)
{
    return t->server && (t->sim->stop || (t->sim->drain && t->task.idle));
}

static int collect(const struct sim *sim, struct pollfd *fds, unsigned n)
{
    int count = 0;

    for (unsigned i = 0; i < n; i++) {
        fds[i].revents = fds[i].fd < 0 ? 0 : sim->world.ready(fds[i].fd, fds[i].events, sim->now);
        count += fds[i].revents != 0;
    }
    return count;
}

static int sim_wait(struct rt_task *task, struct pollfd *fds, unsigned n, int64_t when)
{
    struct sim_task *t = sim_task(task);

    turn(t);
    if (t->server)
        t->sim->world.wait(fds, n, when);
    for (;;) {
        int count;

        if (is_stopped(t)) {
            task->cancelled = true;
            return -ECANCELED;
        }
        count = collect(t->sim, fds, n);
        if (count)
            return count;
        if (when <= t->sim->now)
            return -ETIMEDOUT;
        t->fds = fds;
        t->n = n;
        t->when = when;
        park(t, WAITING);
    }
}

static ssize_t sim_operation(struct rt_task *task, struct rt_op *op, int64_t when)
{
    turn(sim_task(task));
    return rt_run_by_waiting(task, op, when);
}

static int sim_call(struct rt_task *task, int (*fn)(void *), void *arg)
{
    struct sim_task *t = sim_task(task);
    int rc;

    turn(t);
    if (sim_chance(t->sim, t->sim->pace.slow))
        pause_until(t, t->sim->now + (int64_t)sim_below(t->sim, (uint64_t)t->sim->pace.slow_for));
    rc = fn(arg);
    turn(t);
    return rc;
}

static int64_t sim_clock(const struct rt_task *task)
{
    return sim_task(task)->sim->now;
}

static const struct rt_ops rt_sim = {
    .name = "sim", .wait = sim_wait, .run = sim_operation, .call = sim_call, .now = sim_clock,
};

/* ---- the scheduler ---- */

static bool can_go_on(const struct sim_task *t)
{
    if (t->state == RUNNABLE || t->when <= t->sim->now)
        return true;
    return t->state == WAITING && (is_stopped(t) || collect(t->sim, t->fds, t->n));
}

/* One of those that can go on; NULL: nobody. */
static struct sim_task *choose(struct sim *sim)
{
    struct sim_task *able[SIM_TASKS];
    unsigned n = 0;
    uint64_t weights = 0, at;

    for (unsigned i = 0; i < sim->n; i++)
        if (can_go_on(sim->task[i])) {
            able[n++] = sim->task[i];
            weights += sim->task[i]->pace;
        }
    if (!n)
        return NULL;
    at = sim_below(sim, weights);
    for (unsigned i = 0; i < n; i++) {
        if (at < able[i]->pace)
            return able[i];
        at -= able[i]->pace;
    }
    return able[n - 1];
}

void sim_jump(struct sim *sim, int64_t to)
{
    sim->now = to > sim->now ? to : sim->now;
}

/* To the next moment at which anything happens; false when there is none. */
static bool jump(struct sim *sim)
{
    int64_t next = sim->world.next(sim->now);

    for (unsigned i = 0; i < sim->n; i++)
        if (sim->task[i]->when < next)
            next = sim->task[i]->when;
    if (next == RT_NEVER)
        return false;
    sim_jump(sim, next);
    return true;
}

static void drop(struct sim *sim, const struct sim_task *t)
{
    for (unsigned i = 0; i < sim->n; i++)
        if (sim->task[i] == t)
            sim->task[i] = sim->task[--sim->n];
}

static void step(struct sim *sim, struct sim_task *t)
{
    bool over;

    sim->trail = (sim->trail ^ t->id ^ (uint64_t)sim->now << 8) * 0x100000001B3u;
    sim->current = t;
    over = !coro_resume(coro_of_room(t));
    sim->current = t;
    sim->world.step();
    if (over)
        drop(sim, t);
    sim->current = NULL;
    sim->now += 1 + (int64_t)sim_below(sim, sim->pace.step);
}

enum sim_end sim_run(struct sim *sim)
{
    for (; sim->n; sim->steps++) {
        struct sim_task *t = choose(sim);

        if (sim->steps >= sim->pace.steps)
            return SIM_ENDLESS;
        if (t)
            step(sim, t);
        else if (!jump(sim))
            return SIM_STUCK;
    }
    return SIM_DONE;
}

static void begin(struct coro *co, void *arg)
{
    struct sim_task *t = coro_room(co);

    (void)arg;
    t->fn(&t->task, t->arg);
}

int sim_start(struct sim *sim, void (*fn)(struct rt_task *, void *arg), void *arg, bool server)
{
    struct coro *co = sim->n < SIM_TASKS ? coro_new(sim->pool, begin, NULL) : NULL;
    struct sim_task *t = co ? coro_room(co) : NULL;

    if (!t)
        return -EAGAIN;
    *t = (struct sim_task){ .task = { .ops = &rt_sim, .stop = { -1, -1 } }, .sim = sim, .fn = fn, .arg = arg,
                            .server = server, .id = ++sim->started, .when = RT_NEVER };
    t->pace = 1u << sim_below(sim, 4);
    sim->task[sim->n++] = t;
    return 0;
}

/* ---- the whole ---- */

int sim_new(const struct sim_world *world, struct sim **out)
{
    struct sim *sim = calloc(1, sizeof *sim);
    int rc = sim ? coro_pool_new(SIM_TASKS, sizeof(struct sim_task), &sim->pool) : -ENOMEM;

    if (rc < 0) {
        free(sim);
        return rc;
    }
    sim->world = *world;
    *out = sim;
    return 0;
}

void sim_free(struct sim **sim)
{
    if (!*sim)
        return;
    coro_pool_free(&(*sim)->pool);
    free(*sim);
    *sim = NULL;
}

void sim_begin(struct sim *sim, uint64_t seed, const struct sim_pace *pace)
{
    sim->pace = *pace;
    sim->state = seed;
    sim->now = RT_SECONDS(3600);
    sim->trail = 0xCBF29CE484222325u;
    sim->steps = sim->started = 0;
    sim->drain = sim->stop = false;
}

void sim_stop(struct sim *sim, bool now)
{
    sim->drain = true;
    sim->stop = sim->stop || now;
}

int64_t sim_now(const struct sim *sim)
{
    return sim->now;
}

unsigned sim_steps(const struct sim *sim)
{
    return sim->steps;
}

uint64_t sim_trail(const struct sim *sim)
{
    return sim->trail;
}

struct rt_task *sim_current(const struct sim *sim)
{
    return sim->current ? &sim->current->task : NULL;
}

bool sim_is_server(const struct rt_task *task)
{
    return sim_task(task)->server;
}

void *sim_arg(const struct rt_task *task)
{
    return sim_task(task)->arg;
}

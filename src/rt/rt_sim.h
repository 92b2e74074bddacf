/* rt_sim: one more runtime under the unchanged sessions, for tests: tasks are coroutines of one thread, the clock is virtual
 * and jumps when nobody can go on, and one seed decides who goes next. What descriptors are, and when something comes, the
 * world behind it says (t/sim/net.c). The same seed, the same run: nothing here looks at real time or addresses. */
#ifndef DRAY_RT_RT_SIM_H
#define DRAY_RT_RT_SIM_H

#include "rt/rt.h"

struct sim;

/* What the tasks wait for. */
struct sim_world {
    /* Which of `events` hold now for the descriptor, as revents of poll(2). */
    short (*ready)(int fd, short events, int64_t now);
    /* When something next comes by itself, after `now`; RT_NEVER. */
    int64_t (*next)(int64_t now);
    /* A task of the server is about to wait for these until `when`: what may go wrong goes wrong here. */
    void (*wait)(const struct pollfd *, unsigned n, int64_t when);
    /* The current task has done something, and waits or has ended. */
    void (*step)(void);
};

/* How the runtime behaves; chances are out of 1000. */
struct sim_pace {
    unsigned turn;     /* a task that could go on lets others run first */
    unsigned slow;     /* blocking work takes up to slow_for */
    int64_t slow_for;
    unsigned step;     /* the clock moves by up to so many ns a step */
    unsigned steps;    /* more than this is a run that never ends */
};

enum { SIM_TASKS = 64 };

enum sim_end { SIM_DONE, SIM_STUCK /* nobody can ever go on */, SIM_ENDLESS };

/* -ENOMEM. Serves any number of runs, one after another. */
int sim_new(const struct sim_world *, struct sim **);
void sim_free(struct sim **);

/* Begins a run: the clock at 0 + one hour, no task, no stop. */
void sim_begin(struct sim *, uint64_t seed, const struct sim_pace *);
/* Starts fn(task, arg). server: the stops reach it, and its system calls may be made to fail. arg stays the caller's.
 * -EAGAIN: there are too many tasks. */
int sim_start(struct sim *, void (*fn)(struct rt_task *, void *arg), void *arg, bool server);
/* Until the last task has ended. */
enum sim_end sim_run(struct sim *);
/* The first stop (drain) or the second (now), as rt_stop's descriptors tell them. */
void sim_stop(struct sim *, bool now);

int64_t sim_now(const struct sim *);
/* So much time passes at once. */
void sim_jump(struct sim *, int64_t to);
/* Steps of this run, and a number that two runs share only when all their steps were the same. */
unsigned sim_steps(const struct sim *);
uint64_t sim_trail(const struct sim *);
/* The task that runs; NULL outside of all. */
struct rt_task *sim_current(const struct sim *);
bool sim_is_server(const struct rt_task *);
void *sim_arg(const struct rt_task *);
/* Lets others run for a while: whatever it does, the caller is not cancelled by it. */
void sim_pause(struct sim *, int64_t ns);

/* ---- choices, all from the seed ---- */

uint64_t sim_random(struct sim *);
/* 0 to n - 1; 0 for 0. */
uint64_t sim_below(struct sim *, uint64_t n);
bool sim_chance(struct sim *, unsigned per_mille);

/* The same generator for whoever keeps a state of his own. */
uint64_t sim_next(uint64_t *state);

#endif

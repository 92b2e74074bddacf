/* world: what all parts of the simulator share: the run's plan, its scheduler, its clock, the trace, and the one way in which
 * a run fails. */
#ifndef T_SIM_WORLD_H
#define T_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/rt_sim.h"

/* What happens in a run; the seed decides the rest. */
struct plan {
    uint64_t seed;
    unsigned fault_at; /* the call that fails, 1 the first; 0: none */
    unsigned fault_call; /* counting only calls of this kind: an enum fault_call + 1; 0: all calls count */
    unsigned fault_error; /* which of its row's errors */
    bool fault_stays;     /* and all of this kind that follow: a full disk stays full */
    unsigned kill_at;  /* before this call the server is killed; 0: never */
    unsigned wait_at;  /* at this wait of the server's sessions something goes wrong; 0: never */
    enum { WAIT_STOP, WAIT_DRAIN, WAIT_RESET, WAIT_LATE, WAIT_WAYS } wait_way;
    bool verbose;
};

struct world {
    struct plan plan;
    struct sim *sim;
    unsigned quiet; /* the simulator itself is looking: its calls are not the server's */
    unsigned lives; /* 1, or 2 after a restart */
    bool memory;    /* the storage is one of memory */
    bool late;      /* everything is old: partials expire */
};

extern struct world world;

int64_t world_now(void);
uint64_t world_below(uint64_t n);
bool world_chance(unsigned per_mille);
/* Is it the server that calls? Outside of all tasks: no. */
bool world_in_server(void);

/* One line of the trace, when it is wanted. */
void world_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The promise is broken: says so with the seed, and ends the process with FAILED. */
_Noreturn void world_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
enum { FAILED = 9, KILLED = 10 };

#endif

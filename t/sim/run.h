/* run: one run of the simulation: a server, some clients, and whatever the seed and the plan do to them. */
#ifndef T_SIM_RUN_H
#define T_SIM_RUN_H

#include "fault.h"
#include "world.h"

/* Once in each process that runs any; folder: for the files, of this process alone. */
void run_prepare(const char *folder);

struct outcome {
    unsigned calls;   /* that could have failed */
    unsigned waits;   /* of the server's sessions */
    unsigned steps;
    uint64_t trail;   /* the same for the same run */
    bool killed, faulted;
};

/* Ends the process when a promise is broken. */
struct outcome run_plan(const struct plan *);
/* What the seed alone makes of it: with some seeds a call fails, or the server is killed. */
struct plan run_plan_of(uint64_t seed);

#endif

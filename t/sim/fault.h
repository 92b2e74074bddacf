/* fault: the calls of the server that can be made to fail, counted; the plan says which of them does, or before which the
 * server is killed. The rows are in calls.def. */
#ifndef T_SIM_FAULT_H
#define T_SIM_FAULT_H

#include <stdbool.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum fault_call {
#define CALL(name, group, ...) CALL_##name,
#include "calls.def"
#undef CALL
    CALLS
};

enum fault_group { FILES, MEMORY, NETWORK };

struct fault_pace {
    unsigned race;  /* of 1000 file calls, before so many others go on */
    int64_t pause;  /* and sometimes for up to so many ns */
    unsigned torn;  /* of 1000 writes, so many are short */
};

void fault_begin(const struct fault_pace *);
/* Called before the call: true when it fails instead, errno set. Others may have run meanwhile. */
bool fault_now(enum fault_call);
/* How much of len the call that fault_now was asked for may move. */
size_t fault_part(size_t len);
/* Called after it: where the plan kills in the middle, here it does. */
void fault_after(void);
/* Others go on, as between two calls. */
void fault_race(void);
/* For struct sim_world. */
void fault_wait(const struct pollfd *, unsigned n, int64_t when);
/* Waits so far. */
unsigned fault_waits(void);
/* Calls so far in this run, and how many ways call n (1 the first) can fail; 0: there was none. */
unsigned fault_count(void);
unsigned fault_ways(unsigned n);
/* Has the plan's fault happened? */
bool fault_happened(void);
/* Which call the plan's fault has hit; CALLS: none yet. */
unsigned fault_hit(void);
/* "pwrite"; CALLS when there is none of that name. */
const char *fault_name(unsigned call);
bool fault_is_of_files(unsigned call);
unsigned fault_find(const char *name, size_t len);

#endif

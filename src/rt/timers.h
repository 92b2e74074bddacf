/* timers: deadlines in a binary heap, lazily: most waits end long before their deadline, and the next one of the same task has
 * a later one. So a timer that is in the heap already stays where it is when its deadline moves back; only when it comes up is
 * it asked again. A wait then costs no heap work at all. */
#ifndef DRAY_RT_TIMERS_H
#define DRAY_RT_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
    int64_t at;     /* where it stands in the heap */
    uint32_t place; /* index + 1; 0: not in the heap */
};

struct timers {
    struct timer **heap;
    uint32_t n, cap;
};

int timers_init(struct timers *, uint32_t cap);
void timers_free(struct timers *);
/* To come up no later than `at`. Never fails: there is room for `cap` timers. */
void timers_set(struct timers *, struct timer *, int64_t at);
void timers_drop(struct timers *, struct timer *);
/* When the first one comes up; INT64_MAX: none is set. */
int64_t timers_first(const struct timers *);
/* Takes out the first one that is due at `now`, or NULL. */
struct timer *timers_due(struct timers *, int64_t now);

#endif

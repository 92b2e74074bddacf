/* timers: a binary heap of pointers (see timers.h). Used by the event loops; owns the array, not the timers. */
#include "rt/timers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/check.h"

int timers_init(struct timers *t, uint32_t cap)
{
    *t = (struct timers){ .heap = calloc(cap, sizeof *t->heap), .cap = cap };
    return t->heap ? 0 : -ENOMEM;
}

void timers_free(struct timers *t)
{
    free(t->heap);
    t->heap = NULL;
}

static void put(struct timers *t, uint32_t i, struct timer *timer)
{
    t->heap[i] = timer;
    timer->place = i + 1;
}

static void rise(struct timers *t, uint32_t i, struct timer *timer)
{
    for (; i && t->heap[(i - 1) / 2]->at > timer->at; i = (i - 1) / 2)
        put(t, i, t->heap[(i - 1) / 2]);
    put(t, i, timer);
}

static void sink(struct timers *t, uint32_t i, struct timer *timer)
{
    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child + 1 < t->n && t->heap[child + 1]->at < t->heap[child]->at)
            child++;
        if (child >= t->n || t->heap[child]->at >= timer->at)
            break;
        put(t, i, t->heap[child]);
        i = child;
    }
    put(t, i, timer);
}

void timers_set(struct timers *t, struct timer *timer, int64_t at)
{
    if (timer->place && timer->at <= at)
        return;
    if (!timer->place) {
        CHECK(t->n < t->cap);
        timer->place = ++t->n;
    }
    timer->at = at;
    rise(t, timer->place - 1, timer);
}

void timers_drop(struct timers *t, struct timer *timer)
{
    uint32_t i = timer->place - 1;
    struct timer *last;

    if (!timer->place)
        return;
    last = t->heap[--t->n];
    timer->place = 0;
    if (last == timer)
        return;
    sink(t, i, last);
    rise(t, last->place - 1, last);
}

int64_t timers_first(const struct timers *t)
{
    return t->n ? t->heap[0]->at : INT64_MAX;
}

struct timer *timers_due(struct timers *t, int64_t now)
{
    struct timer *first = t->n ? t->heap[0] : NULL;

    if (!first || first->at > now)
        return NULL;
    timers_drop(t, first);
    return first;
}

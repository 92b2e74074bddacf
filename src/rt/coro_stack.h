/* coro_stack: the slab of stacks under coro.c and nobody else. Slots of equal size in one mapping; the low end of a
 * slot is its guard, the rest its stack. Slots are numbered; [0, ready) were used at least once. */
#ifndef DRAY_RT_CORO_STACK_H
#define DRAY_RT_CORO_STACK_H

#include <stdbool.h>
#include <stddef.h>

enum stack_guard { GUARD_NONE, GUARD_MPROTECT, GUARD_MARKER };

struct stacks {
    char *base;
    size_t page, guard, slot; /* bytes; a slot includes its guard */
    unsigned max, ready;
    unsigned guarded; /* slots that get a guard at all */
    enum stack_guard kind;
    bool painted;
    size_t deepest; /* painted: the most bytes used of any stack measured so far */
};

/* Reserves the slab and finds out which guard the kernel has. -ENOMEM. */
int stacks_map(struct stacks *s, unsigned max);
void stacks_unmap(struct stacks *s);
/* The next slot never used, guarded: its number is s->ready before the call. -ENOSPC when there is none, -ENOMEM. */
int stacks_next(struct stacks *s);
const char *stacks_guard_text(const struct stacks *s);
/* Markers: every stack is guarded, at the price of nothing. */
bool stacks_guard_strong(const struct stacks *s);

/* One past the highest byte, aligned for any machine's ABI; the lowest byte above the guard. */
char *stack_top(const struct stacks *s, unsigned i);
char *stack_low(const struct stacks *s, unsigned i);

/* Gives back all pages wholly below `live`, or all pages: 0 or -errno. */
int stack_give_back(struct stacks *s, unsigned i, const char *live);
int stack_give_back_all(struct stacks *s, unsigned i);

/* Painted stacks: fill all below `live`; the bytes used by now; note them in s->deepest. No-ops without paint. */
void stack_paint(const struct stacks *s, unsigned i, char *live);
size_t stack_used(const struct stacks *s, unsigned i);
void stack_measure(struct stacks *s, unsigned i);

#endif

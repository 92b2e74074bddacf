/* coro_switch: how one stack is left for another. For coro.c only.
 *
 * coro_switch saves what a call must preserve, and nothing else: no signal mask (two system calls), no floating-point
 * modes (nobody changes them). It is 15 instructions in coro_x86_64.S and coro_aarch64.S. With -DCORO_UCONTEXT, or on
 * any other machine, it is swapcontext: slower, and what the tests compare the other with. */
#ifndef DRAY_RT_CORO_SWITCH_H
#define DRAY_RT_CORO_SWITCH_H

#include <stddef.h>

struct coro;

/* Parks the caller, with its place in *save, and continues at `to`: a place saved before, or a first one. */
void coro_switch(void **save, void *to);
/* Where a new coroutine starts, called with the three values of switch_first. */
_Noreturn void coro_main(struct coro *co, void (*fn)(struct coro *, void *), void *arg);

/* switch_first(top, ...): writes on the stack that ends at `top` what coro_switch needs to begin coro_main there. */

#if defined(__x86_64__) && defined(__LP64__) && !defined(CORO_UCONTEXT)

enum { SWITCH_BELOW = 0 }; /* bytes below the saved place that are alive */

extern const char coro_entry[];

static inline void *switch_first(char *top, struct coro *co, void (*fn)(struct coro *, void *), void *arg)
{
    void **sp = (void **)(void *)top;

    *--sp = (void *)coro_entry;
    *--sp = NULL;       /* rbp: the end of the chain of frames */
    *--sp = co;         /* rbx */
    *--sp = (void *)fn; /* r12 */
    *--sp = arg;        /* r13 */
    *--sp = NULL;       /* r14 */
    *--sp = NULL;       /* r15 */
    return sp;
}

#elif defined(__aarch64__) && defined(__LP64__) && !defined(CORO_UCONTEXT)

enum { SWITCH_BELOW = 0 };

extern const char coro_entry[];

static inline void *switch_first(char *top, struct coro *co, void (*fn)(struct coro *, void *), void *arg)
{
    void **sp = (void **)(void *)top - 20; /* x19..x28, x29, x30, d8..d15: x29 = 0 ends the chain of frames */

    for (int i = 0; i < 20; i++)
        sp[i] = NULL;
    sp[0] = co;
    sp[1] = (void *)fn;
    sp[2] = arg;
    sp[11] = (void *)coro_entry;
    return sp;
}

#else
#ifndef CORO_UCONTEXT
#define CORO_UCONTEXT
#endif

enum { SWITCH_BELOW = 256 }; /* the frame around the ucontext_t */

void *switch_first(char *top, struct coro *co, void (*fn)(struct coro *, void *), void *arg);

#endif

#endif

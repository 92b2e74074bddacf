/* coro_switch: how one stack is left for another, and which tools must be told of it. For coro.c only.
 *
 * coro_switch saves what a call must preserve, and nothing else: no signal mask (two system calls), no floating-point modes
 * (nobody changes them). It is 15 instructions in coro_x86_64.S and coro_aarch64.S. With -DCORO_UCONTEXT, or on any other
 * machine, it is swapcontext: slower, and what the tests compare the other with. */
#ifndef DRAY_RT_CORO_SWITCH_H
#define DRAY_RT_CORO_SWITCH_H

#include <stdbool.h>
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

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define SWITCH_ASAN 1
#else
#define SWITCH_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define SWITCH_TSAN 1
#else
#define SWITCH_TSAN 0
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

/* What the sanitizers know of a stack; nothing without them. */
struct side {
#if SWITCH_ASAN
    void *fake;
    const void *low;
    size_t size;
#endif
#if SWITCH_TSAN
    void *fiber;
#endif
};

static inline void side_open(struct side *side, char *low, size_t size)
{
    (void)side, (void)low, (void)size;
#if SWITCH_ASAN
    *side = (struct side){ .low = low, .size = size };
    ASAN_UNPOISON_MEMORY_REGION(low, size); /* what the last owner's frames left */
#endif
#if SWITCH_TSAN
    side->fiber = __tsan_create_fiber(0);
#endif
}

static inline void side_close(struct side *side, char *low, size_t size)
{
    (void)side, (void)low, (void)size;
#if SWITCH_ASAN
    ASAN_UNPOISON_MEMORY_REGION(low, size);
#endif
#if SWITCH_TSAN
    __tsan_destroy_fiber(side->fiber);
#endif
}

/* Before and after a switch. Inlined always: ThreadSanitizer counts a function's entry and exit on the fiber of the moment. */
__attribute__((always_inline)) static inline void side_leave(struct side *from, struct side *to, bool for_good)
{
    (void)from, (void)to, (void)for_good;
#if SWITCH_ASAN
    __sanitizer_start_switch_fiber(for_good ? NULL : &from->fake, to->low, to->size);
#endif
#if SWITCH_TSAN
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

__attribute__((always_inline)) static inline void side_arrive(struct side *here, struct side *from)
{
    (void)here, (void)from;
#if SWITCH_ASAN
    __sanitizer_finish_switch_fiber(here->fake, &from->low, &from->size);
#endif
}

#endif

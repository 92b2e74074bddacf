/* coro_tools: what must be told of stacks and switches: AddressSanitizer, ThreadSanitizer, valgrind. For coro*.c only;
 * without those tools all of it is nothing. */
#ifndef DRAY_RT_CORO_TOOLS_H
#define DRAY_RT_CORO_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

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
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#define VALGRIND_DISABLE_ERROR_REPORTING
#define VALGRIND_ENABLE_ERROR_REPORTING
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

/* Before and after a switch. Inlined always: ThreadSanitizer counts a function's entry and exit on the fiber of the
 * moment. */
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

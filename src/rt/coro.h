/* coro: tasks that wait without a thread. A coroutine is a function on a small stack of its own that can stop in the
 * middle (coro_park) and be taken up again there (coro_resume), for some nanoseconds and no system call.
 *
 * A pool reserves address space for all its stacks and handles at once; memory is spent when a page is touched. A
 * parked coroutine costs one page plus its handle; asleep (coro_sleep_deep) its live frames and the handle: some
 * hundred bytes. A pool belongs to the thread that made it: nothing here is locked and no coroutine moves to another
 * thread. Running over the end of a stack is a SIGSEGV, unless coro_pool_guard_text says otherwise.
 *
 * On these stacks (48 KiB): no frame over 2 KiB, no glob, fnmatch, name look-up or PAM, no setjmp across a switch. */
#ifndef DRAY_RT_CORO_H
#define DRAY_RT_CORO_H

#include <stdbool.h>
#include <stddef.h>

struct coro;
struct coro_pool;

/* Room for at most `max` coroutines, each with `room` bytes for the caller beside its handle. -EINVAL for 0,
 * -ENOMEM. The caller frees. */
int coro_pool_new(unsigned max, size_t room, struct coro_pool **pool);
/* Takes NULL. Coroutines that still live are dropped as by coro_free. */
void coro_pool_free(struct coro_pool **pool);

/* What stops a stack that overflows; static text. */
const char *coro_pool_guard_text(const struct coro_pool *pool);
/* Is it the best there is: every stack is guarded, without a mapping for each? */
bool coro_pool_guard_strong(const struct coro_pool *pool);

/* A parked coroutine that runs fn(coro, arg) when first resumed. When fn returns, the coroutine is gone and its handle
 * may be reused. NULL: all are in use, or no memory for a guard. */
struct coro *coro_new(struct coro_pool *pool, void (*fn)(struct coro *, void *arg), void *arg);
/* Drops a parked coroutine. Its frames are not unwound: for one that was never resumed, or when nothing in it needs an
 * end. */
void coro_free(struct coro **co);

/* From outside: runs it until it parks (true) or ends (false; the handle is void). Wakes one that sleeps deep. */
bool coro_resume(struct coro *co);
/* From inside: back to whoever resumed; returns when resumed again. */
void coro_park(struct coro *co);

/* The caller's bytes, zeroed by coro_new, aligned for any type. They stay readable while the coroutine sleeps deep. */
void *coro_room(struct coro *co);
struct coro *coro_of_room(void *room);

/* Gives back what a parked coroutine's stack holds below its live frames (after a deep call: a login, a handshake). */
void coro_trim(struct coro *co);

/* Puts a parked coroutine into the cheapest state: its live frames move to the heap, all its pages are given back. The
 * next coro_resume restores them at the same addresses. Until then nobody may read or write through a pointer into
 * this stack: what the loop or the kernel needs of a sleeper belongs into its room.
 * 0, also when it slept already. -ENOTSUP under AddressSanitizer, -E2BIG when the live frames fill most of a page,
 * -ENOMEM, -EINVAL for locked memory: it is as before then. */
int coro_sleep_deep(struct coro *co);
bool coro_is_deep(const struct coro *co);
/* Bytes of live frames of a parked coroutine: what deep sleep will cost beside the handle. */
size_t coro_live(const struct coro *co);

/* For tests, before the first coro_new: stacks are painted (touching all their pages), so that coro_stack_used can
 * tell the deepest use of any stack of the pool so far, in bytes. Without paint: 0. */
void coro_pool_paint(struct coro_pool *pool);
size_t coro_stack_used(const struct coro_pool *pool);

#endif

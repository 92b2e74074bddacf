/* coro: coroutines over the slab of coro_stack.c, switched by coro_switch. Called by the event loops: they resume, the
 * task inside parks.
 *
 * Owns the slab, the array of handles and the heap copies of those that sleep deep. Handle i and stack i belong
 * together for the life of the pool; only frames are on the stack, so that the loop can look at a sleeper's handle and
 * room without waking its page. Fails by NULL or -errno; a wrong order of calls is a CHECK.
 *
 * Ended coroutines leave warm stacks, reused last in first out. Beyond WARM of them pages are given back. */
#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "rt/coro.h"
#include "rt/coro_stack.h"
#include "rt/coro_switch.h"
#include "rt/coro_tools.h"

enum { WARM = 64 };

struct coro {
    void *sp; /* parked: its saved place; NULL: ended, or never used */
    union {
        void *deep;        /* alive: the copy of [coro_low, top) while it sleeps */
        struct coro *next; /* free */
    };
    struct coro_pool *pool;
    unsigned slot, stack_id; /* stack_id: valgrind's */
    struct side side;
    alignas(max_align_t) char room[];
};

struct coro_pool {
    struct stacks stacks;
    char *handles;
    size_t stride;
    struct coro *warm, *cold; /* free ones: with and without pages */
    unsigned warm_count;
    struct coro *running;
    void *outside; /* the saved place of whoever resumed */
    struct side side;
    pthread_t owner;
};

static struct coro *handle(const struct coro_pool *pool, unsigned i)
{
    return (struct coro *)(void *)(pool->handles + i * pool->stride);
}

static char *coro_top(const struct coro *co)
{
    return stack_top(&co->pool->stacks, co->slot);
}

/* The lowest live byte of a parked coroutine. */
static char *coro_low(const struct coro *co)
{
    return (char *)co->sp - SWITCH_BELOW;
}

static void free_copy(void **copy)
{
    free(*copy);
}

static bool parked(const struct coro *co)
{
    return co->sp && co->pool->running != co;
}

int coro_pool_new(unsigned max, size_t room, struct coro_pool **pool)
{
    size_t unit = alignof(struct coro), stride = (sizeof(struct coro) + room + unit - 1) / unit * unit;
    struct coro_pool *new;
    int rc;

    if (!max)
        return -EINVAL;
    new = calloc(1, sizeof *new);
    if (!new)
        return -ENOMEM;
    new->stride = stride;
    new->owner = pthread_self();
    new->handles = mmap(NULL, max * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (new->handles == MAP_FAILED) {
        free(new);
        return -ENOMEM;
    }
    rc = stacks_map(&new->stacks, max);
    if (rc < 0) {
        (void)munmap(new->handles, max * stride);
        free(new);
        return rc;
    }
    *pool = new;
    return 0;
}

void coro_pool_free(struct coro_pool **pool)
{
    struct coro_pool *old = *pool;

    if (!old)
        return;
    CHECK(!old->running);
    for (unsigned i = 0; i < old->stacks.ready; i++) {
        struct coro *co = handle(old, i);

        VALGRIND_STACK_DEREGISTER(co->stack_id);
        coro_free(&co);
    }
    (void)munmap(old->handles, old->stacks.max * old->stride);
    stacks_unmap(&old->stacks);
    free(old);
    *pool = NULL;
}

bool coro_pool_guard_strong(const struct coro_pool *pool)
{
    return stacks_guard_strong(&pool->stacks);
}

const char *coro_pool_guard_text(const struct coro_pool *pool)
{
    return stacks_guard_text(&pool->stacks);
}

/* A handle and stack never used before. */
static struct coro *coro_fresh(struct coro_pool *pool)
{
    unsigned i = pool->stacks.ready;
    struct coro *co = handle(pool, i);

    if (stacks_next(&pool->stacks) < 0)
        return NULL;
    co->pool = pool;
    co->slot = i;
    co->stack_id = (unsigned)VALGRIND_STACK_REGISTER(stack_low(&pool->stacks, i), stack_top(&pool->stacks, i));
    return co;
}

static struct coro *coro_take(struct coro_pool *pool)
{
    struct coro **list = pool->warm ? &pool->warm : &pool->cold, *co = *list;

    if (!co)
        return coro_fresh(pool);
    if (list == &pool->warm)
        pool->warm_count--;
    *list = co->next;
    return co;
}

/* After the last moment on its stack: back to the free ones, its pages too when there are enough warm stacks. */
static void coro_put(struct coro *co, bool cold)
{
    struct coro_pool *pool = co->pool;
    char *low = stack_low(&pool->stacks, co->slot), *top = coro_top(co);
    struct coro **list;

    side_close(&co->side, low, (size_t)(top - low));
    cold = cold || (pool->warm_count >= WARM && stack_give_back_all(&pool->stacks, co->slot) == 0);
    list = cold ? &pool->cold : &pool->warm;
    pool->warm_count += !cold;
    co->next = *list;
    *list = co;
}

struct coro *coro_new(struct coro_pool *pool, void (*fn)(struct coro *, void *arg), void *arg)
{
    struct coro *co = coro_take(pool);
    char *low, *top;

    if (!co)
        return NULL;
    low = stack_low(&pool->stacks, co->slot);
    top = coro_top(co);
    side_open(&co->side, low, (size_t)(top - low));
    stack_paint(&pool->stacks, co->slot, top);
    co->sp = switch_first(top, co, fn, arg);
    co->deep = NULL;
    memset(co->room, 0, pool->stride - sizeof *co);
    return co;
}

_Noreturn void coro_main(struct coro *co, void (*fn)(struct coro *, void *), void *arg)
{
    struct coro_pool *pool = co->pool;
    void *nowhere;

    side_arrive(&co->side, &pool->side);
    fn(co, arg);
    co->sp = NULL;
    side_leave(&co->side, &pool->side, true);
    coro_switch(&nowhere, pool->outside);
    CHECK(false); /* nobody resumes what has ended */
}

/* Valgrind sees no stack in the SWITCH_BELOW bytes. */
static void frames_copy(void *to, const void *from, size_t size)
{
    VALGRIND_DISABLE_ERROR_REPORTING;
    memcpy(to, from, size);
    VALGRIND_ENABLE_ERROR_REPORTING;
}

static void coro_wake(struct coro *co)
{
    stack_paint(&co->pool->stacks, co->slot, coro_low(co));
    frames_copy(coro_low(co), co->deep, coro_live(co));
    free(co->deep);
    co->deep = NULL;
}

bool coro_resume(struct coro *co)
{
    struct coro_pool *pool = co->pool;

    CHECK(co->sp && !pool->running && pthread_equal(pool->owner, pthread_self()));
    if (co->deep)
        coro_wake(co);
    pool->running = co;
#if SWITCH_TSAN
    pool->side.fiber = __tsan_get_current_fiber();
#endif
    side_leave(&pool->side, &co->side, false);
    coro_switch(&pool->outside, co->sp);
    side_arrive(&pool->side, &co->side);
    pool->running = NULL;
    if (co->sp)
        return true;
    stack_measure(&pool->stacks, co->slot);
    coro_put(co, false);
    return false;
}

void coro_park(struct coro *co)
{
    struct coro_pool *pool = co->pool;

    CHECK(pool->running == co);
    side_leave(&co->side, &pool->side, false);
    coro_switch(&co->sp, pool->outside);
    side_arrive(&co->side, &pool->side);
}

void coro_free(struct coro **co)
{
    struct coro *old = *co;
    bool deep;

    *co = NULL;
    if (!old || !old->sp)
        return;
    CHECK(parked(old));
    deep = old->deep;
    if (deep)
        free(old->deep);
    else
        stack_measure(&old->pool->stacks, old->slot);
    old->sp = NULL;
    coro_put(old, deep);
}

void *coro_room(struct coro *co)
{
    return co->room;
}

struct coro *coro_of_room(void *room)
{
    return (struct coro *)(void *)((char *)room - offsetof(struct coro, room));
}

size_t coro_live(const struct coro *co)
{
    CHECK(parked(co));
    return (size_t)(coro_top(co) - coro_low(co));
}

void coro_trim(struct coro *co)
{
    struct stacks *stacks = &co->pool->stacks;

    CHECK(parked(co));
    if (co->deep)
        return;
    stack_measure(stacks, co->slot);
    (void)stack_give_back(stacks, co->slot, coro_low(co)); /* refused for locked memory: then it stays */
    stack_paint(stacks, co->slot, coro_low(co));
}

int coro_sleep_deep(struct coro *co)
{
    struct stacks *stacks = &co->pool->stacks;
    size_t live = coro_live(co);
    CLEANUP(free_copy) void *copy = NULL;

    if (co->deep)
        return 0;
    if (SWITCH_ASAN) /* it keeps what it knows of the frames elsewhere */
        return -ENOTSUP;
    if (live > stacks->page / 4 * 3)
        return -E2BIG;
    copy = malloc(live);
    if (!copy)
        return -ENOMEM;
    frames_copy(copy, coro_low(co), live);
    stack_measure(stacks, co->slot);
    TRY(stack_give_back_all(stacks, co->slot));
    co->deep = copy;
    copy = NULL;
    return 0;
}

bool coro_is_deep(const struct coro *co)
{
    return co->sp && co->deep;
}

void coro_pool_paint(struct coro_pool *pool)
{
    CHECK(!pool->stacks.ready);
    pool->stacks.painted = true;
}

size_t coro_stack_used(const struct coro_pool *pool)
{
    size_t most = pool->stacks.deepest;

    for (unsigned i = 0; i < pool->stacks.ready; i++) {
        const struct coro *co = handle(pool, i);
        size_t used = co->sp && !co->deep ? stack_used(&pool->stacks, i) : 0;

        most = used > most ? used : most;
    }
    return most;
}

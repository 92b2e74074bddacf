/* coro_stack: the slab of stacks under coro.c. One mapping reserved whole, never huge pages: what is not touched costs
 * nothing. Owns the mapping, not what is on it.
 *
 * Guards are set when a slot is first used, since each needs its page table. A marker (Linux 6.13) is no mapping of
 * its own. With mprotect every guard splits the slab: two mappings a stack, and at vm.max_map_count malloc fails too,
 * so that only so many are set. The rest run without, which stacks_guard_text says. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rt/coro_stack.h"
#include "rt/coro_tools.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
    GUARD = 16 * 1024, /* not one page: a library's large frame could step over that */
    STACK = 48 * 1024,
    /* Stacks that all ended at one place in a page would share few lines of each cache: 25 ns a switch instead of 8 */
    COLOURS = 8,
    LINE = 64,
};

static const uint64_t PAINT = 0x5AFE5AFE5AFE5AFE;

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static char *slot_base(const struct stacks *s, unsigned i)
{
    return s->base + i * s->slot;
}

char *stack_low(const struct stacks *s, unsigned i)
{
    return slot_base(s, i) + s->guard;
}

char *stack_top(const struct stacks *s, unsigned i)
{
    return slot_base(s, i) + s->slot - i % COLOURS * LINE;
}

/* A quarter: each takes two, and half is left to others. */
static unsigned mprotect_most(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    unsigned count;

    if (!f || fscanf(f, "%u", &count) != 1)
        count = 65530;
    if (f)
        (void)fclose(f);
    return count / 4;
}

/* Sandboxes and emulators say yes to advice that they do not know: ask the kernel to read there. Valgrind would read
 * itself. */
static bool markers_work(const struct stacks *s)
{
    if (RUNNING_ON_VALGRIND || madvise(s->base, s->guard, MADV_GUARD_INSTALL) < 0)
        return false;
    return access(s->base, F_OK) < 0 && errno == EFAULT;
}

static void guard_choose(struct stacks *s)
{
    s->kind = GUARD_NONE;
    s->guarded = 0;
    if (markers_work(s)) {
        s->kind = GUARD_MARKER;
        s->guarded = s->max;
    } else if (mprotect(s->base, s->guard, PROT_NONE) == 0) {
        unsigned most = mprotect_most();

        s->kind = GUARD_MPROTECT;
        s->guarded = s->max < most ? s->max : most;
    }
}

int stacks_map(struct stacks *s, unsigned max)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct stacks new = { .page = page, .guard = round_up(GUARD, page), .max = max };

    new.slot = new.guard + round_up(STACK, page);
    if (max > SIZE_MAX / new.slot)
        return -ENOMEM;
    new.base = mmap(NULL, max * new.slot, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (new.base == MAP_FAILED)
        return -ENOMEM;
    (void)madvise(new.base, max * new.slot, MADV_NOHUGEPAGE); /* EINVAL: a kernel without huge pages */
    guard_choose(&new);
    *s = new;
    return 0;
}

void stacks_unmap(struct stacks *s)
{
    if (s->base)
        (void)munmap(s->base, s->max * s->slot);
    *s = (struct stacks){ 0 };
}

static int guard_set(const struct stacks *s, char *at)
{
    int rc = s->kind == GUARD_MARKER ? madvise(at, s->guard, MADV_GUARD_INSTALL) : mprotect(at, s->guard, PROT_NONE);

    return rc < 0 ? -ENOMEM : 0;
}

int stacks_next(struct stacks *s)
{
    if (s->ready == s->max)
        return -ENOSPC;
    if (s->ready < s->guarded && guard_set(s, slot_base(s, s->ready)) < 0)
        return -ENOMEM;
    s->ready++;
    return 0;
}

bool stacks_guard_strong(const struct stacks *s)
{
    return s->kind == GUARD_MARKER;
}

const char *stacks_guard_text(const struct stacks *s)
{
    if (s->kind == GUARD_MARKER)
        return "guarded by markers";
    if (s->kind == GUARD_MPROTECT)
        return s->guarded == s->max ? "guarded by mprotect" : "the first guarded by mprotect, the rest unguarded";
    return "unguarded";
}

static int give_back(char *from, size_t size)
{
    return size && madvise(from, size, MADV_DONTNEED) < 0 ? -errno : 0;
}

int stack_give_back(struct stacks *s, unsigned i, const char *live)
{
    char *low = stack_low(s, i);

    return give_back(low, (size_t)(live - low) / s->page * s->page);
}

int stack_give_back_all(struct stacks *s, unsigned i)
{
    return give_back(stack_low(s, i), s->slot - s->guard);
}

/* Both walk over what AddressSanitizer may have marked as between two variables, and where valgrind sees no stack. */
__attribute__((no_sanitize_address)) void stack_paint(const struct stacks *s, unsigned i, char *live)
{
    if (!s->painted)
        return;
    VALGRIND_DISABLE_ERROR_REPORTING;
    for (volatile uint64_t *at = (uint64_t *)(void *)stack_low(s, i); (char *)(at + 1) <= live; at++)
        *at = PAINT;
    VALGRIND_ENABLE_ERROR_REPORTING;
}

__attribute__((no_sanitize_address)) size_t stack_used(const struct stacks *s, unsigned i)
{
    const char *top = stack_top(s, i);
    volatile const uint64_t *at = (const uint64_t *)(const void *)stack_low(s, i);

    if (!s->painted)
        return 0;
    VALGRIND_DISABLE_ERROR_REPORTING;
    while ((const char *)at < top && *at == PAINT)
        at++;
    VALGRIND_ENABLE_ERROR_REPORTING;
    return (size_t)(top - (const char *)at);
}

void stack_measure(struct stacks *s, unsigned i)
{
    size_t used = stack_used(s, i);

    if (used > s->deepest)
        s->deepest = used;
}

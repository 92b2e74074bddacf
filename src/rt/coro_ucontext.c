/* coro_ucontext: coro_switch by swapcontext: for machines without an assembler file, and what the tests compare those
 * with. Each switch also saves and restores the signal mask, by two system calls. Empty in a build that has a switch
 * of its own. */
#include "rt/coro_switch.h"

#ifdef CORO_UCONTEXT
#include <stdint.h>
#include <ucontext.h>

#include "base/check.h"

enum { LEAST = 16 * 1024 }; /* makecontext wants a size; the stack is larger */

struct first {
    ucontext_t place;
    struct coro *co;
    void (*fn)(struct coro *, void *);
    void *arg;
};

/* The saved place is the ucontext_t in this frame. */
void coro_switch(void **save, void *to)
{
    ucontext_t here;

    here.uc_stack = (stack_t){ 0 }; /* AddressSanitizer reads it */
    *save = &here;
    CHECK(swapcontext(&here, to) == 0);
    *save = NULL;
}

/* makecontext passes nothing wider than int. */
static void first_enter(unsigned high, unsigned low)
{
    const struct first *first = (void *)((uintptr_t)high << 16 << 16 | low);

    coro_main(first->co, first->fn, first->arg);
}

void *switch_first(char *top, struct coro *co, void (*fn)(struct coro *, void *), void *arg)
{
    uintptr_t at = ((uintptr_t)top - sizeof(struct first)) & ~(uintptr_t)15;
    struct first *first = (void *)at;

    CHECK(getcontext(&first->place) == 0);
    first->place.uc_stack = (stack_t){ .ss_sp = (char *)first - LEAST, .ss_size = LEAST };
    first->place.uc_link = NULL;
    first->co = co;
    first->fn = fn;
    first->arg = arg;
    makecontext(&first->place, (void (*)(void))first_enter, 2, (unsigned)(at >> 16 >> 16), (unsigned)at);
    return &first->place;
}
#else
typedef int no_empty_file;
#endif

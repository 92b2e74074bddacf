/* shared: see shared.h. A name's lock is one of a fixed number, chosen by the name's number: two names may share one, which
 * costs a wait and nothing else. A task that dies leaves nothing half done behind a lock: each change of a name is one step. */
#include "store/shared.h"

#include <stddef.h>

#include "sys/proc.h"

struct store_shared *store_shared_new(void)
{
    struct store_shared *s = proc_shared(sizeof *s);

    for (unsigned i = 0; s && i < STORE_LOCKS; i++)
        lock_init(&s->name[i]);
    return s;
}

/* Always in the same order, so that two tasks never wait for each other. */
struct name_locks names_take(struct store_shared *s, uint64_t a, uint64_t b)
{
    struct lock *x = a && s ? &s->name[a % STORE_LOCKS] : NULL, *y = b && s ? &s->name[b % STORE_LOCKS] : NULL;
    struct name_locks held = { x < y ? x : y, x < y ? y : x == y ? NULL : x };

    if (held.first)
        lock_take(held.first);
    if (held.second)
        lock_take(held.second);
    return held;
}

bool names_try(struct store_shared *s, uint64_t name, struct name_locks *out)
{
    struct lock *one = name && s ? &s->name[name % STORE_LOCKS] : NULL;

    *out = (struct name_locks){ .first = one };
    return !one || lock_try(one);
}

void names_give(struct name_locks *held)
{
    if (held->second)
        lock_give(held->second);
    if (held->first)
        lock_give(held->first);
    *held = (struct name_locks){ 0 };
}

/* shared: what the workers of a server must agree on about one storage: who changes a name just now, what accounts have used,
 * whether there are partials. In memory mapped before the first fork. For the front of the store only. */
#ifndef DRAY_STORE_SHARED_H
#define DRAY_STORE_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/quota.h"
#include "sys/lock.h"

enum { STORE_LOCKS = 256 };

struct store_shared {
    struct quotas *quotas;  /* NULL: none */
    _Atomic uint64_t partials; /* 0: there are none. It only grows, until a sweep has found none and nothing came meanwhile */
    _Atomic int64_t sweep_at; /* the next sweep of partials, CLOCK_MONOTONIC */
    struct lock name[STORE_LOCKS];
};

/* NULL without memory. Lives as long as the server. */
struct store_shared *store_shared_new(void);

/* One or two names, by the numbers that store_ops.name_id gives (0: none), are this task's until they are given back: nobody
 * else replaces, removes or renames what stands there. Blocks: inside rt_call only. */
struct name_locks {
    struct lock *first, *second;
};
struct name_locks names_take(struct store_shared *, uint64_t a, uint64_t b);
/* One, if it can be had without waiting. */
bool names_try(struct store_shared *, uint64_t name, struct name_locks *out);
void names_give(struct name_locks *);

#endif

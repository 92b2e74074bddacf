/* coro_oracle: the interface of coro as values, so that one test can drive two implementations. */
#ifndef DRAY_T_UNIT_CORO_ORACLE_H
#define DRAY_T_UNIT_CORO_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

struct coro;
struct coro_pool;

struct coro_ways {
    int (*pool_new)(unsigned, size_t, struct coro_pool **);
    void (*pool_free)(struct coro_pool **);
    struct coro *(*create)(struct coro_pool *, void (*)(struct coro *, void *), void *);
    void (*drop)(struct coro **);
    bool (*resume)(struct coro *);
    void (*park)(struct coro *);
    void (*trim)(struct coro *);
    int (*sleep_deep)(struct coro *);
};

/* swapcontext */
extern const struct coro_ways oracle;

#endif

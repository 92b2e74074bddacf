/* order: what a verb was asked to do, beyond its addresses. */
#ifndef DRAY_CLIENT_ORDER_H
#define DRAY_CLIENT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

enum verify { VERIFY_AUTO, VERIFY_ALWAYS, VERIFY_NEVER };

enum { ORDER_JOBS = 4, ORDER_JOBS_MOST = 32, ORDER_RETRIES = 3, ORDER_DEPTH = 64 };

struct order {
    bool recursive, force, resume, literal, parents, all;
    unsigned jobs, retries;
    enum verify verify;
    const char *to; /* get: the folder of this computer; mv: the new place */
    /* find */
    const char *name;
    char type;              /* 'f', 'd', 0 any */
    int64_t least, most;    /* bytes; -1: no bound */
    int64_t newer;          /* seconds since 1970; INT64_MIN: any */
};

#endif

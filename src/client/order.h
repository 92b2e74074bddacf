/* order: what a verb was asked to do, beyond its addresses. */
#ifndef DRAY_CLIENT_ORDER_H
#define DRAY_CLIENT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

enum verify { VERIFY_AUTO, VERIFY_ALWAYS, VERIFY_NEVER };

/* Names that take part in a sync, or do not: the first that fits decides. */
struct order_pattern {
    const char *text;
    bool include;
};

enum { ORDER_PATTERNS = 64 };

/* Without --jobs: few, and more the farther away the server is, as each file then waits for longer than it takes. */
enum { ORDER_JOBS = 4, ORDER_JOBS_FAR = 12, ORDER_JOBS_STEP_MS = 5, ORDER_JOBS_MOST = 32, ORDER_RETRIES = 3, ORDER_DEPTH = 64 };

struct order {
    bool recursive, force, resume, literal, parents, all;
    unsigned jobs, retries; /* jobs: 0 as many as fit */
    unsigned segments;      /* get: of one file; 0 as many as are worth it */
    enum verify verify;
    int64_t rate;   /* bytes a second of all transfers together; 0: as fast as it goes */
    const char *to; /* get: the folder of this computer; mv: the new place */
    /* find */
    const char *name;
    char type;              /* 'f', 'd', 0 any */
    int64_t least, most;    /* bytes; -1: no bound */
    int64_t newer;          /* seconds since 1970; INT64_MIN: any */
    /* sync and verify: get and put move what they are told to, whatever is there */
    bool sync, up, checksum, remove, dry, update; /* up: to the server; update: what is newer there stays */
    bool download;                                /* verify: read the content itself */
    unsigned patterns;
    struct order_pattern pattern[ORDER_PATTERNS];
};

#endif

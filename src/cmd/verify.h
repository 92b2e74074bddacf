/* verify: the pieces of `dray verify`: one file, and what is told. */
#ifndef DRAY_CMD_VERIFY_H
#define DRAY_CMD_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sums.h"
#include "sys/tree.h"

enum verdict {
    VERIFY_GOOD,     /* it has the sums that were noted */
    VERIFY_BAD,      /* it has not, although its size and time are those of then */
    VERIFY_CHANGED,  /* since a sum was noted, and not through dray */
    VERIFY_WITHOUT,  /* no sum was ever noted */
    VERIFY_UNREADABLE,
    VERDICTS
};

struct checked {
    enum verdict verdict;
    bool noted;               /* its sum is new */
    int error;                /* UNREADABLE, or why nothing could be noted: -errno; 0: all went well */
    enum sum_id differs;      /* BAD: the first that does */
    struct sums before, now;  /* noted and computed */
    int64_t bytes;            /* read */
};

/* How files are read: through a block of RT_BLOCK bytes; moved is told the bytes of each step. */
struct verify_by {
    void *block;
    void (*moved)(void *ctx, int64_t n);
    void *ctx;
};

/* Reads one file and compares. which: sums (SUM_BIT) that it gets when none holds; 0: none. */
void verify_file(const struct tree_file *, unsigned which, const struct verify_by *, struct checked *out);

struct verify_total {
    uint64_t of[VERDICTS], noted, not_noted;
    int64_t bytes;
};

enum { VERIFY_LINE = 16 * 1024 }; /* a path of 4 KiB of which every byte needs three, and some words */

struct verify_out {
    bool json;
    bool live;           /* progress is shown */
    int64_t began, next; /* it; when again */
    char line[VERIFY_LINE];
};

void verify_out_begin(struct verify_out *, bool json);
/* A line for each file that is bad or cannot be read (also a folder); then the counts. */
void verify_tell(struct verify_out *, const char *path, const struct checked *);
void verify_tell_unreadable(struct verify_out *, const char *path, int error);
void verify_tell_total(struct verify_out *, const struct verify_total *);
/* What stands on a terminal meanwhile, at most five times a second. */
void verify_progress(struct verify_out *, const struct verify_total *, const char *path);

#endif

/* progress: one line that tells how far a transfer is. Drawn on the error stream, and only on a terminal. */
#ifndef DRAY_CLIENT_PROGRESS_H
#define DRAY_CLIENT_PROGRESS_H

#include "base/buf.h"
#include "client/ui.h"

struct progress {
    const struct ui *ui;
    struct span name;
    int64_t total;          /* bytes; -1 unknown */
    int64_t done;           /* bytes */
    int64_t from;           /* of them, what was there before it started */
    int64_t started, drawn; /* ns, rt_now */
    bool visible;
};

enum { PROGRESS_FIRST = 200000000 }; /* ns: what is over sooner needs no bar */

/* `done` bytes have moved; draws at most ten times a second. */
void progress_move(struct progress *p, int64_t done, int64_t now);
/* Takes the bar off the screen. */
void progress_clear(struct progress *p);

/* The bar as text of at most `width` columns, without line end. Pure. */
void progress_print(struct buf *b, const struct progress *p, int64_t now, unsigned width);

/* "a.txt: 12.0 MiB in 1.2 s (10.0 MiB/s)", without line end. */
void progress_summary(struct buf *b, const struct progress *p, int64_t now);

#endif

/* segments_impl: what the owner of a divided file and its helpers share, for segments.c and segment.c only. */
#ifndef DRAY_CLIENT_SEGMENTS_IMPL_H
#define DRAY_CLIENT_SEGMENTS_IMPL_H

#include "client/segments.h"

/* So much of what comes before a segment is read once more, and compared. */
enum { SEGMENT_OVERLAP = 1024 };

struct segment {
    struct segment *next; /* the one behind it */
    int64_t from, to;     /* what is still to come of it */
    int64_t begin, since; /* where it began at first; when it was taken */
    uint32_t crc;         /* of what has come of it, if the whole will be compared by CRC32 */
    bool taken;
    unsigned led;       /* bytes of `lead` */
    char lead[SEGMENT_OVERLAP]; /* what the server has before `begin`: compared when the one before has come */
};

struct split {
    struct haul *h; /* the owner's */
    int fd;
    unsigned count, room, helpers, tries; /* there is room for so many; helpers: jobs that others have, or may take */
    enum sum_id sum; /* by which the whole will be compared; SUMS: by none */
    int rc; /* of the first failure that counts; 1: the server does not begin in the middle */
    struct failure why;
    bool here;
    struct segment at[];
};

/* Brings what is missing of one that is taken, by the connection of w. A failure is settled: the segment is free again, or s->rc ends
 * them all. */
int segment_fetch(struct worker *w, struct split *s, struct segment *g);

#endif

/* ftp_hash: the arguments of RANG (draft-bryan-ftp-range) and of XCRC and its relatives, which no standard describes. */
#ifndef DRAY_WIRE_FTP_HASH_H
#define DRAY_WIRE_FTP_HASH_H

#include "base/buf.h"

/* Bytes [from, to) of a file; zero: all of it. */
struct ftp_range {
    int64_t from, to;
};

/* "start end", both inclusive, counted from 0; "1 0" asks for all. -EINVAL: something else, or it ends before it starts. What
 * is larger than any file is as good as the largest. */
int ftp_rang_parse(struct span arg, struct ftp_range *out);

/* The range within a file of this size: 0 <= from <= to <= size. */
struct ftp_range ftp_range_within(struct ftp_range r, int64_t size);

/* What XCRC and its relatives are asked. */
struct ftp_sum_arg {
    struct span path;       /* in the argument, or in `room` */
    struct ftp_range range; /* zero also for "0 0", as some clients write "all" */
    bool unsure;            /* a name without quotes that ends in two numbers: they may belong to the name */
};

/* Forms that servers and clients use: path | "path" | path start end | "path" start end. `end` is the first byte that does
 * not count. A quote inside quotes is doubled. room: as long as the argument. -EINVAL: no path, or a quoted one with something
 * behind it that is no range; also a single number, which means a start to some and an end to others. */
int ftp_sum_arg_parse(struct span arg, struct buf *room, struct ftp_sum_arg *out);

#endif

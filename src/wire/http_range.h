/* http_range: the Range field (RFC 9110 section 14.1 and 14.2). */
#ifndef DRAY_WIRE_HTTP_RANGE_H
#define DRAY_WIRE_HTTP_RANGE_H

#include "base/span.h"

enum { HTTP_RANGES_MAX = 16 };

struct http_range {
    int64_t first, end; /* bytes [first, end) */
};

/* "bytes=0-99,-5" of a content of `size` bytes into out, as they were asked for, without those that lie behind the end. The
 * number; 0: none of them can be satisfied (416). -EINVAL: not understood, or more than HTTP_RANGES_MAX, or overlapping so often
 * that it is an attack (RFC 9110 section 14.2): as if there were no Range. */
int http_range_parse(struct span field, int64_t size, struct http_range out[HTTP_RANGES_MAX]);

#endif

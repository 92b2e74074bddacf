/* http_multipart: forms with files, as browsers send them without a script (multipart/form-data: RFC 7578, RFC 2046 section 5.1). Strict:
 * what no browser sends is refused. */
#ifndef DRAY_WIRE_HTTP_MULTIPART_H
#define DRAY_WIRE_HTTP_MULTIPART_H

#include "base/span.h"

enum { HTTP_BOUNDARY_MAX = 70 };

/* What stands before, between and behind the parts, of such a Content-Type. -ENOENT: it is of another type; -EINVAL: no boundary. */
int http_multipart_boundary(struct span type, struct span *out);

/* Views into the head, of what stands between the quotes. */
struct http_part {
    struct span name;
    struct span filename; /* at NULL: it is no file */
};

/* The head of a part: its lines, each with its CRLF, without the empty one. -EINVAL. */
int http_part_parse(struct span head, struct http_part *out);
/* What was meant by such a view, with a NUL: browsers write a quote as %22, others as \". Its length; -ENAMETOOLONG. */
int http_part_text(struct span quoted, char *out, size_t cap);

/* How many of these bytes are surely content, however it goes on; *ends: behind them stands the delimiter (CRLF, "--" and the boundary). */
size_t http_part_content(struct span data, struct span delimiter, bool *ends);

#endif

/* http_date: dates in header fields (RFC 9110 section 5.6.7). */
#ifndef DRAY_WIRE_HTTP_DATE_H
#define DRAY_WIRE_HTTP_DATE_H

#include "base/buf.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT", of seconds since 1970. */
void http_date_print(struct buf *b, int64_t seconds);

/* All three forms. -EINVAL. */
int http_date_parse(struct span text, int64_t *seconds);

#endif

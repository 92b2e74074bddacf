/* http_uri: request targets and query strings (RFC 3986; application/x-www-form-urlencoded for queries). */
#ifndef DRAY_WIRE_HTTP_URI_H
#define DRAY_WIRE_HTTP_URI_H

#include "base/buf.h"

/* Cuts "/a%20b/?json&x=1" in place: path "/a%20b/" and query "json&x=1" (at NULL: there is no '?'). */
void http_uri_split(struct span target, struct span *path, struct span *query);

/* Percent-decodes into out[cap], NUL-terminated: the length. plus: '+' is a blank. -EINVAL: a bad escape, a NUL byte;
 * -ENAMETOOLONG. */
int http_uri_decode(struct span text, bool plus, char *out, size_t cap);

/* Prints a path so that it can stand in a link or a Location: all but unreserved bytes and '/' as %XX. */
void http_uri_encode(struct buf *b, struct span path);

/* The value of a name in a query, still encoded, from *rest on (begin with the whole query), which then holds what follows: so
 * that names that come twice can be walked through. A name without '=' has an empty value (at not NULL); at NULL: there is none. */
struct span http_query_next(struct span *rest, struct span name);

#endif

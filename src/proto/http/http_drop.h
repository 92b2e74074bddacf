/* http_drop: drop links: an address at which whoever has it leaves files in one folder of an account's, and does nothing else. */
#ifndef DRAY_PROTO_HTTP_HTTP_DROP_H
#define DRAY_PROTO_HTTP_HTTP_DROP_H

#include "proto/http/http.h"

/* Is this path below a drop link's address? */
bool http_is_drop(struct span path);
/* The link's account takes over, with no more than the right drop, and the request's path becomes one of the store, in the link's folder.
 * As http_who. */
int http_drop_who(struct http *);
/* A path of the store as the client knows it. */
struct span http_shown(const struct http *, struct span path);
/* The same, percent-encoded, for a Location. */
void http_put_place(struct buf *, const struct http *, struct span path);

/* /.well-known/dray/links: an account's own; rest: behind that. */
int http_links(struct http *, struct span rest);

#endif

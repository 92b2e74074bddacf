/* http_who: who a request is from (http_auth.c, http_cookie.c), and whose page sends it (http_site.c). */
#ifndef DRAY_PROTO_HTTP_HTTP_WHO_H
#define DRAY_PROTO_HTTP_HTTP_WHO_H

#include "proto/http/http.h"

/* Logs in by what the request says, or as anybody. 0, 1: refused, and that was answered; <0. */
int http_who(struct http *);
int http_unauthorized(struct http *, const char *sentence);
/* Becomes this account, which the session holds then, or gives it back. As http_who. What had logged in the connection is forgotten by
 * http_forget. */
int http_enter(struct http *, const struct account *);
void http_forget(struct http *);
/* Logs in by these words: as http_who. */
int http_check(struct http *, struct span name, struct span password);
/* The account that a cookie of ours names, while it holds: the caller drops it; 1: the session is logged in as it already, and there is
 * nothing to drop. -EACCES: there is no such cookie. Waits (http_cookie.c). */
int http_cookie_account(struct http *, const struct account **out);
int http_login(struct http *);
int http_logout(struct http *);
/* May this request change something, or does a page of somebody else's make the browser send it? */
bool http_foreign(const struct http *);
/* Could a page of somebody else's that has led its own name here have made a stranger's browser send this (DNS rebinding)? */
bool http_posed(const struct http *);

#endif

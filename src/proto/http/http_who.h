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
/* The token of a cookie of ours, if the request has one. */
struct span http_cookie(const struct http *);
/* The answer ends the cookie. */
void http_cookie_end(struct http *);
int http_login(struct http *);
int http_logout(struct http *);
/* System users (http_system.c): their tokens begin with this. Before the first fork: the key, LOCKED_KEY bytes. */
#define HTTP_SYSTEM_TOKEN "*"
void http_system_key(const void *random);
int http_system_token(struct buf *, const struct account *, struct span password, int64_t ends);
/* Logs in by what is behind the token's first letter: as http_who; -EACCES: it does not hold. */
int http_system_who(struct http *, struct span token);
/* What was asked for belongs on another connection, and that was answered: 1; <0. */
int http_misdirected(struct http *);
/* If that is why PAM could not be asked about him, an answer, and 1; else rc. */
int http_system_unknown(struct http *, struct span name, int rc);
/* May this request change something, or does a page of somebody else's make the browser send it? */
bool http_foreign(const struct http *);
/* Could a page of somebody else's that has led its own name here have made a stranger's browser send this (DNS rebinding)? */
bool http_posed(const struct http *);

#endif

/* http_system: system users (--pam) by HTTP. A connection is a process, and one that has become a user is his for good: what others ask on
 * it belongs on another connection. A browser brings its cookie on many connections, each of which has to ask PAM before it may
 * become him; nothing of the server may do that in PAM's place. So his cookie holds his password, locked with a key that only this
 * server's processes know, for as long as they run. Called by http_auth.c and http_cookie.c. Owns the key. */
#include "proto/http/http_who.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/clock.h"
#include "sys/locked.h"
#include "wire/base64.h"

/* ROOM: what a form or Basic can bring, and the time; PAD hides the password's length. */
enum { ROOM = 768, PAD = 64, PASSWORD_MAX = 512 };

static unsigned char key[LOCKED_KEY];

void http_system_key(const void *random)
{
    memcpy(key, random, sizeof key);
}

/* What only reads is answered by the end of the connection, as if that had just been idle for too long: browsers and curl then ask once
 * more, on any other they have and at last on a new one. After a 421 they do so once, if at all. */
int http_misdirected(struct http *h)
{
    struct span method = h->ask->head.method;

    h->over = true;
    if (span_eq(method, SPAN("GET")) || span_eq(method, SPAN("HEAD")))
        return -ECONNRESET;
    TRY(http_say(h, 421, "This connection belongs to another account; connect anew."));
    return 1;
}

int http_system_unknown(struct http *h, struct span name, int rc)
{
    if (rc != -EPIPE && rc != -EBUSY && rc != -ETIMEDOUT)
        return rc;
    session_unable(h->s, name, rc);
    TRY(http_say(h, 503, "Users of the system cannot log in at the moment; try again later."));
    return 1;
}

/* END, NAME and PASSWORD, each with a NUL, filled up with NULs. */
int http_system_token(struct buf *b, const struct account *a, struct span password, int64_t ends)
{
    char text[ROOM];
    unsigned char out[ROOM + LOCKED_MORE];
    struct buf plain = BUF(text);
    int n;

    buf_printf(&plain, "%lld%c%s%c", (long long)ends, '\0', a->name, '\0');
    buf_put(&plain, password);
    do
        buf_putc(&plain, '\0');
    while (plain.len % PAD && !plain.over);
    n = plain.over || password.len >= PASSWORD_MAX ? -EINVAL : locked_make(key, text, plain.len, out);
    explicit_bzero(text, sizeof text);
    TRY(n);
    buf_text(b, HTTP_SYSTEM_TOKEN);
    base64_print(b, out, (size_t)n);
    return 0;
}

/* Into text[ROOM]: the name and the password. */
static int open_token(struct span token, char *text, struct span *name, struct span *password)
{
    unsigned char in[ROOM + LOCKED_MORE];
    int n = base64_decode(token, in, sizeof in);
    struct span rest;
    uint64_t ends;

    n = n < 0 ? n : locked_open(key, in, (size_t)n, text);
    if (n < 0)
        return n == -ENOMEM ? n : -EACCES;
    rest = (struct span){ text, (size_t)n };
    if (span_u64(span_cut(&rest, '\0'), INT64_MAX, &ends) < 0 || (int64_t)ends < clock_wall())
        return -EACCES;
    *name = span_cut(&rest, '\0');
    *password = span_cut(&rest, '\0');
    return 0;
}

/* PAM does not let him in any more: that was no guess, and the browser had better not ask again. */
static int ask(struct http *h, struct span name, struct span password)
{
    const struct account *account;
    int rc;

    if (auth_changed(h->s->server->auth))
        return http_misdirected(h);
    rc = auth_check(h->s->server->auth, h->s->task, name, password, h->s->peer, &account);
    if (rc == -EACCES)
        http_cookie_end(h);
    if (rc < 0)
        return http_system_unknown(h, name, rc);
    http_forget(h);
    return http_enter(h, account);
}

int http_system_who(struct http *h, struct span token)
{
    const struct account *now = h->s->account;
    struct span name, password;
    char text[ROOM];
    int rc = open_token(token, text, &name, &password);

    if (rc == 0 && !(now && now->system && span_eq(name, span_of(now->name))))
        rc = ask(h, name, password);
    explicit_bzero(text, sizeof text);
    return rc;
}

/* http_cookie: logging in by the page: a form's name and password become a cookie, which holds the account's name, the time at which it
 * ends, and a seal over both, and over the account's password as it is kept, that only this server can make. Nothing is remembered of it: an
 * account that is removed, or has another password, has no cookies any more. The key is made before the first fork, so that every process
 * knows the seals of the others; a restart ends all logins. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_who.h"
#include "sys/clock.h"
#include "sys/digest.h"
#include "sys/fs.h"
#include "sys/locked.h"
#include "wire/http_uri.h"

enum { LIFE = 12 * 3600, SEAL = 64, TOKEN_MAX = 3 * ACCOUNT_NAME_MAX + 100, FORM_MAX = 4096,
       SEALED_MAX = TOKEN_MAX + 1024, TOKEN_ROOM = 1200 };

static unsigned char key[64];

static void fill(unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
        uint64_t r = fs_random();

        memcpy(at + i, &r, sizeof r);
    }
}

void http_cookie_key(void)
{
    unsigned char other[LOCKED_KEY];

    fill(key, sizeof key);
    fill(other, sizeof other);
    http_system_key(other);
}

/* ---- the seal ---- */

/* Over the token's words and what the account's password is kept as: where that changes, the seal holds no more. */
static int seal(struct span body, const struct account *a, char out[SEAL + 1])
{
    char text[SEALED_MAX];
    struct buf all = BUF(text), b = { .at = out, .cap = SEAL + 1 };
    struct sums sums = { 0 };

    buf_printf(&all, "%.*s\n%s", SPAN_ARG(body), a && a->secret ? a->secret : "");
    TRY(all.over ? -EINVAL : digest_seal(key, sizeof key, all.at, all.len, &sums));
    explicit_bzero(text, sizeof text);
    sum_print(&b, &sums, SUM_SHA256);
    buf_cstr(&b);
    return 0;
}

static bool same_seal(struct span a, const char *b)
{
    unsigned char differ = a.len != SEAL;

    for (size_t i = 0; i < SEAL && i < a.len; i++)
        differ |= (unsigned char)(a.at[i] ^ b[i]);
    return !differ;
}

/* ---- tokens: SEAL.END.NAME, the name percent-encoded ---- */

static int print_token(struct buf *b, const struct account *a, struct span password)
{
    char text[TOKEN_MAX], mark[SEAL + 1];
    struct buf body = BUF(text);

    if (a->system)
        return http_system_token(b, a, password, clock_wall() + LIFE);
    buf_printf(&body, "%lld.", (long long)clock_wall() + LIFE);
    http_uri_encode(&body, span_of(a->name));
    TRY(body.over ? -EINVAL : seal(buf_span(&body), a, mark));
    buf_printf(b, "%s.%.*s", mark, SPAN_ARG(buf_span(&body)));
    return 0;
}

struct span http_cookie(const struct http *h)
{
    struct span rest = h->ask->head.field[HTTP_COOKIE];

    while (rest.len) {
        struct span one = span_trim(span_cut(&rest, ';'));

        if (span_starts(one, SPAN("dray=")))
            return span_from(one, 5);
    }
    return (struct span){ 0 };
}

/* 1: it is the session's own, and not held once more. */
static int find(struct http *h, const char *name, const struct account **out)
{
    const struct account *now = h->s->account;

    TRY(auth_find(h->s->server->auth, h->s->task, span_of(name), out));
    if (*out != now)
        return 0;
    account_drop(out);
    *out = now;
    return 1;
}

int http_cookie_account(struct http *h, const struct account **out)
{
    struct span rest = http_cookie(h), mark = span_cut(&rest, '.'), body = rest;
    const struct account *account = NULL;
    char name[ACCOUNT_NAME_MAX + 1], right[SEAL + 1];
    uint64_t ends;
    int rc;

    if (!body.len || span_u64(span_cut(&rest, '.'), INT64_MAX, &ends) < 0 || (int64_t)ends < clock_wall())
        return -EACCES;
    if (http_uri_decode(rest, false, name, sizeof name) <= 0)
        return -EACCES;
    rc = find(h, name, &account);
    if (rc < 0 && rc != -EACCES)
        return rc;
    if (seal(body, account, right) < 0 || !same_seal(mark, right) || rc < 0) {
        if (rc == 0)
            account_drop(&account);
        return -EACCES;
    }
    *out = account;
    return rc;
}

/* ---- the form ---- */

static void set_cookie(struct http *h, const char *token, int life)
{
    http_field(h, "Set-Cookie: dray=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", token, life,
               io_is_tls(h->s->control) ? "; Secure" : "");
    http_field(h, "Cache-Control: no-store");
}

void http_cookie_end(struct http *h)
{
    set_cookie(h, "", 0);
}

int http_logout(struct http *h)
{
    set_cookie(h, "", 0);
    h->over |= auth_changed(h->s->server->auth);
    return http_done(h, 204);
}

static int read_form(struct http *h, char name[ACCOUNT_NAME_MAX + 1], char *password, size_t cap, int *len)
{
    struct span form, rest;

    TRY(http_body_text(h, FORM_MAX, &form));
    rest = form;
    if (http_uri_decode(http_query_next(&rest, SPAN("name")), true, name, ACCOUNT_NAME_MAX + 1) < 0)
        return -EINVAL;
    *len = http_uri_decode(http_query_next(&form, SPAN("password")), true, password, cap);
    return *len < 0 ? -EINVAL : 0;
}

int http_login(struct http *h)
{
    char name[ACCOUNT_NAME_MAX + 1], password[512];
    struct buf b = { .at = arena_take(&h->s->scratch, TOKEN_ROOM), .cap = TOKEN_ROOM };
    int len, rc = b.at ? read_form(h, name, password, sizeof password, &len) : -ENOMEM;

    if (rc == -EINVAL)
        return http_say(h, 400, "The form wants a name and a password.");
    TRY(rc);
    rc = http_check(h, span_of(name), (struct span){ password, (size_t)len });
    if (rc == 0)
        rc = print_token(&b, h->s->account, (struct span){ password, (size_t)len });
    explicit_bzero(password, sizeof password);
    if (rc)
        return rc < 0 ? rc : 0;
    set_cookie(h, buf_cstr(&b), LIFE);
    if (span_starts(h->ask->head.field[HTTP_ACCEPT], SPAN("text/html")))
        http_field(h, "Location: /");
    return http_done(h, span_starts(h->ask->head.field[HTTP_ACCEPT], SPAN("text/html")) ? 303 : 204);
}

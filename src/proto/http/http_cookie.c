/* http_cookie: logging in by the page: a form's name and password become a cookie, which holds the account's name, the time at which it
 * ends, and a seal over both that only this server can make (HMAC, RFC 2104, with SHA-256). Nothing is remembered of it. The key is made
 * before the first fork, so that every process knows the seals of the others; a restart ends all logins. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_who.h"
#include "sys/clock.h"
#include "sys/digest.h"
#include "sys/fs.h"
#include "wire/http_uri.h"

enum { LIFE = 12 * 3600, BLOCK = 64, SEAL = 64, TOKEN_MAX = 3 * ACCOUNT_NAME_MAX + 100, FORM_MAX = 4096 };

static unsigned char key[BLOCK];

void http_cookie_key(void)
{
    for (size_t i = 0; i < sizeof key; i += sizeof(uint64_t)) {
        uint64_t r = fs_random();

        memcpy(key + i, &r, sizeof r);
    }
}

/* ---- the seal ---- */

static int keyed(unsigned char pad, const void *data, size_t len, struct sums *out)
{
    unsigned char block[BLOCK];
    struct digest d = { 0 };

    TRY(digest_begin(&d, SUM_BIT(SUM_SHA256)));
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = key[i] ^ pad;
    digest_add(&d, block, BLOCK);
    digest_add(&d, data, len);
    digest_end(&d, out);
    return 0;
}

static int seal(struct span text, char out[SEAL + 1])
{
    struct sums inner = { 0 }, outer = { 0 };
    struct buf b = { .at = out, .cap = SEAL + 1 };

    TRY(keyed(0x36, text.at, text.len, &inner));
    TRY(keyed(0x5c, inner.of[SUM_SHA256], sum_kinds[SUM_SHA256].len, &outer));
    sum_print(&b, &outer, SUM_SHA256);
    buf_cstr(&b);
    return b.over ? -EINVAL : 0;
}

static bool same_seal(struct span a, const char *b)
{
    unsigned char differ = a.len != SEAL;

    for (size_t i = 0; i < SEAL && i < a.len; i++)
        differ |= (unsigned char)(a.at[i] ^ b[i]);
    return !differ;
}

/* ---- tokens: SEAL.END.NAME, the name percent-encoded ---- */

static int print_token(struct buf *b, const char *name)
{
    char text[TOKEN_MAX], mark[SEAL + 1];
    struct buf body = BUF(text);

    buf_printf(&body, "%lld.", (long long)clock_wall() + LIFE);
    http_uri_encode(&body, span_of(name));
    TRY(body.over ? -EINVAL : seal(buf_span(&body), mark));
    buf_printf(b, "%s.%.*s", mark, SPAN_ARG(buf_span(&body)));
    return 0;
}

static struct span cookie(const struct http *h)
{
    struct span rest = h->ask->head.field[HTTP_COOKIE];

    while (rest.len) {
        struct span one = span_trim(span_cut(&rest, ';'));

        if (span_starts(one, SPAN("dray=")))
            return span_from(one, 5);
    }
    return (struct span){ 0 };
}

int http_cookie_name(const struct http *h, char *name, size_t cap)
{
    struct span rest = cookie(h), mark = span_cut(&rest, '.'), body = rest;
    char right[SEAL + 1];
    uint64_t ends;

    if (!body.len || seal(body, right) < 0 || !same_seal(mark, right))
        return -EACCES;
    if (span_u64(span_cut(&rest, '.'), INT64_MAX, &ends) < 0 || (int64_t)ends < clock_wall())
        return -EACCES;
    return http_uri_decode(rest, false, name, cap);
}

/* ---- the form ---- */

static void set_cookie(struct http *h, const char *token, int life)
{
    http_field(h, "Set-Cookie: dray=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", token, life,
               io_is_tls(h->s->control) ? "; Secure" : "");
    http_field(h, "Cache-Control: no-store");
}

int http_logout(struct http *h)
{
    set_cookie(h, "", 0);
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
    char name[ACCOUNT_NAME_MAX + 1], password[512], token[TOKEN_MAX + SEAL + 2];
    struct buf b = BUF(token);
    int len, rc = read_form(h, name, password, sizeof password, &len);

    if (rc == -EINVAL)
        return http_say(h, 400, "The form wants a name and a password.");
    TRY(rc);
    rc = http_check(h, span_of(name), (struct span){ password, (size_t)len });
    explicit_bzero(password, sizeof password);
    if (rc)
        return rc < 0 ? rc : 0;
    TRY(print_token(&b, name));
    set_cookie(h, buf_cstr(&b), LIFE);
    if (span_starts(h->ask->head.field[HTTP_ACCEPT], SPAN("text/html")))
        http_field(h, "Location: /");
    return http_done(h, span_starts(h->ask->head.field[HTTP_ACCEPT], SPAN("text/html")) ? 303 : 204);
}

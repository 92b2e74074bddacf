/* target: parses the argument of `dray open`. Called by cmd/open; owns nothing. Strict about what would reach the
 * control connection: no control byte, also none in percent escapes. Fails with -EINVAL, -EPROTONOSUPPORT. RFC 1738,
 * RFC 3986. */
#include "client/target.h"

#include <errno.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digits.h"
#include "wire/text.h"

/* Copies s, percent escapes undone when it came from a URL. */
static int put_text(struct span s, bool url, char *out, size_t cap)
{
    struct buf b = { .at = out, .cap = cap - 1 };

    while (s.len) {
        bool escape = url && *s.at == '%';
        int high = escape && s.len > 2 ? digits_value(s.at[1]) : 0, low = escape && s.len > 2 ? digits_value(s.at[2]) : 0;

        if (escape && (s.len < 3 || high < 0 || low < 0))
            return -EINVAL;
        buf_putc(&b, escape ? (char)(high << 4 | low) : *s.at);
        s = span_from(s, escape ? 3 : 1);
    }
    if (b.over || text_has_control(buf_span(&b)))
        return -EINVAL;
    out[b.len] = '\0';
    return 0;
}

static int parse_user(struct span login, bool url, struct target *t)
{
    t->has_password = span_find(login, ':') >= 0;
    t->has_user = true;
    TRY(put_text(span_cut(&login, ':'), url, t->user, sizeof t->user));
    return put_text(login, url, t->password, sizeof t->password);
}

static int parse_port(struct span s, uint16_t *port)
{
    uint64_t n;

    TRY(span_u64(s, 65535, &n));
    if (n == 0)
        return -EINVAL;
    *port = (uint16_t)n;
    return 0;
}

/* "[v6]" with or without a port. */
static int parse_bracketed(struct span s, struct target *t)
{
    ptrdiff_t end = span_find(s, ']');
    struct span after;

    if (end < 2)
        return -EINVAL;
    TRY(put_text((struct span){ s.at + 1, (size_t)end - 1 }, false, t->host, sizeof t->host));
    after = span_from(s, (size_t)end + 1);
    if (!after.len)
        return 0;
    return *after.at == ':' ? parse_port(span_from(after, 1), &t->port) : -EINVAL;
}

static int parse_host(struct span s, struct target *t)
{
    ptrdiff_t colon = span_find(s, ':');

    if (span_starts(s, SPAN("[")))
        return parse_bracketed(s, t);
    if (colon >= 0 && colon == span_rfind(s, ':')) {
        TRY(parse_port(span_from(s, (size_t)colon + 1), &t->port));
        s.len = (size_t)colon;
    }
    if (!s.len)
        return -EINVAL;
    return put_text(s, false, t->host, sizeof t->host);
}

static bool take_scheme(struct span *text, struct span scheme)
{
    if (!span_ieq((struct span){ text->at, text->len < scheme.len ? text->len : scheme.len }, scheme))
        return false;
    *text = span_from(*text, scheme.len);
    return true;
}

static int parse_scheme(struct span *text, bool *url, bool *tls)
{
    *tls = take_scheme(text, SPAN("ftps://"));
    *url = *tls || take_scheme(text, SPAN("ftp://"));
    for (size_t i = 0; i + 3 <= text->len; i++)
        if (span_starts(span_from(*text, i), SPAN("://")) && span_find(*text, '/') > (ptrdiff_t)i)
            return -EPROTONOSUPPORT;
    return 0;
}

/* RFC 1738 section 3.2.2: ";type=i" says how to transfer. Here all is transferred byte for byte. */
static struct span without_type(struct span path)
{
    size_t start = path.len < 7 ? 0 : path.len - 7;

    if (path.len >= 7 && span_ieq((struct span){ path.at + start, 6 }, SPAN(";type=")))
        path.len = start;
    return path;
}

int target_parse(struct span text, struct target *out)
{
    struct span where;
    ptrdiff_t at;
    bool url;

    *out = (struct target){ 0 };
    TRY(parse_scheme(&text, &url, &out->tls));
    out->port = out->tls ? 990 : url ? 21 : TARGET_PORT;
    where = span_cut(&text, '/');
    TRY(put_text(url ? without_type(text) : text, url, out->path, sizeof out->path));
    at = span_rfind(where, '@');
    if (at >= 0)
        TRY(parse_user((struct span){ where.at, (size_t)at }, url, out));
    return parse_host(span_from(where, (size_t)(at + 1)), out);
}

/* http_head: the head of a request, and the two kinds of list that its fields hold.
 * Called by the session of HTTP when a head is there. Owns nothing: all that goes out are views into the head. Fails with the status
 * that the client is told; the connection is then closed, since where the next request begins is not known any more.
 * Bytes from 0x80 on are let through in targets, though RFC 3986 has none: clients send names in UTF-8 as they are, and every
 * reader ends the target at the same blank. RFC 9112 sections 2, 3, 5 and 6; RFC 9110 sections 5.6, 7.6.1, 8.8.3 and 10.1.1. */
#include "wire/http_head.h"

#include <errno.h>

enum { EMPTY_MAX = 2, BAD = 400, LONG_TARGET = 414, LARGE = 431, UNKNOWN_CODING = 501, WRONG_VERSION = 505 };

static const struct span known[HTTP_FIELD_COUNT] = {
#define FIELD_NAME(id, text) [HTTP_##id] = { text, sizeof(text) - 1 },
    HTTP_FIELDS(FIELD_NAME)
#undef FIELD_NAME
};

/* Those of which a second line changes nothing but taste: the first is kept. Connection is read line by line. All others would
 * have to be joined, and half of an If-None-Match might cost a file. */
static const bool repeatable[HTTP_FIELD_COUNT] = {
    [HTTP_CONNECTION] = true,
    [HTTP_ACCEPT] = true,
    [HTTP_ACCEPT_LANGUAGE] = true,
};

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
}

/* What a byte may stand in: every byte of a head is asked at least once. */
enum { TOKEN = 1, AUTHORITY = 2 };

#define BOTH(c) [c] = (TOKEN | AUTHORITY)
static const unsigned char fits[256] = {
    ['0' ... '9'] = TOKEN | AUTHORITY, ['A' ... 'Z'] = TOKEN | AUTHORITY, ['a' ... 'z'] = TOKEN | AUTHORITY,
    BOTH('!'), BOTH('$'), BOTH('%'), BOTH('&'), BOTH('\''), BOTH('*'), BOTH('+'), BOTH('-'), BOTH('.'), BOTH('_'), BOTH('~'),
    ['#'] = TOKEN, ['^'] = TOKEN, ['`'] = TOKEN, ['|'] = TOKEN,
    ['('] = AUTHORITY, [')'] = AUTHORITY, [';'] = AUTHORITY, ['='] = AUTHORITY, [':'] = AUTHORITY, ['['] = AUTHORITY, [']'] = AUTHORITY,
};
#undef BOTH

static bool all_fit(struct span s, unsigned where)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(fits[(unsigned char)s.at[i]] & where))
            return false;
    return true;
}

static bool is_token(struct span s)
{
    return s.len > 0 && all_fit(s, TOKEN);
}

/* A line of `rest` without its CRLF. 1; 0: it has no end yet; -EBADMSG. */
static int line_cut(struct span *rest, struct span *line)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->at[i] == '\r' && i + 1 == rest->len)
            return 0;
        if (rest->at[i] == '\r' && rest->at[i + 1] == '\n') {
            *line = (struct span){ rest->at, i };
            *rest = span_from(*rest, i + 2);
            return 1;
        }
        if (is_control(rest->at[i]))
            return -EBADMSG;
    }
    return 0;
}

static int version_read(struct span text, unsigned *minor)
{
    static const struct span before = { "HTTP/", 5 };

    if (text.len != 8 || !span_starts(text, before) || text.at[6] != '.')
        return BAD;
    if (text.at[5] < '0' || text.at[5] > '9' || text.at[7] < '0' || text.at[7] > '9')
        return BAD;
    if (text.at[5] != '1')
        return WRONG_VERSION;
    *minor = (unsigned)(text.at[7] - '0');
    return 0;
}

/* host[:port], or nothing */
static bool is_authority(struct span s)
{
    return all_fit(s, AUTHORITY);
}

static bool scheme_cut(struct span *target)
{
    static const struct span schemes[] = { { "http://", 7 }, { "https://", 8 } };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct span s = schemes[i];

        if (target->len >= s.len && span_ieq((struct span){ target->at, s.len }, s)) {
            *target = span_from(*target, s.len);
            return true;
        }
    }
    return false;
}

/* What an absolute-form names goes before Host (RFC 9112 section 3.2.2). */
static int absolute_read(struct span rest, struct span *target, struct span *authority)
{
    ptrdiff_t slash = span_find(rest, '/');

    *authority = slash < 0 ? rest : (struct span){ rest.at, (size_t)slash };
    *target = slash < 0 ? SPAN("/") : span_from(rest, (size_t)slash);
    return authority->len > 0 && is_authority(*authority) ? 0 : BAD;
}

static int target_read(struct span text, struct span method, struct span *target, struct span *authority)
{
    if (text.len > HTTP_TARGET_MAX)
        return LONG_TARGET;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '#' || (unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7F)
            return BAD;
    *target = text;
    if (span_starts(text, SPAN("/")))
        return 0;
    if (span_eq(text, SPAN("*")))
        return span_eq(method, SPAN("OPTIONS")) ? 0 : BAD;
    return scheme_cut(&text) ? absolute_read(text, target, authority) : BAD;
}

static int request_read(struct span line, struct http_head *h, struct span *authority)
{
    struct span text;
    int rc;

    h->method = span_cut(&line, ' ');
    text = span_cut(&line, ' ');
    if (!is_token(h->method) || text.len == 0)
        return BAD;
    rc = version_read(line, &h->minor);
    return rc ? rc : target_read(text, h->method, &h->target, authority);
}

static int field_id(struct span name)
{
    for (int i = 0; i < HTTP_FIELD_COUNT; i++)
        if (span_ieq(name, known[i]))
            return i;
    return HTTP_FIELD_COUNT;
}

struct connection {
    bool close, keep;
};

/* A line without a colon, and one that begins with a blank (obs-fold), have no token before it either. */
static int field_read(struct span line, struct http_head *h, struct connection *c)
{
    bool colon = span_find(line, ':') >= 0;
    struct span name = span_cut(&line, ':'), value = span_trim(line);
    int id = field_id(name);

    if (!colon || !is_token(name))
        return BAD;
    if (id == HTTP_FIELD_COUNT)
        return 0;
    if (id == HTTP_CONNECTION) {
        c->close = c->close || http_has_token(value, SPAN("close"));
        c->keep = c->keep || http_has_token(value, SPAN("keep-alive"));
    }
    if (h->field[id].at)
        return repeatable[id] ? 0 : BAD;
    h->field[id] = value;
    return 0;
}

static int body_read(struct http_head *h)
{
    struct span length = h->field[HTTP_CONTENT_LENGTH], coding = h->field[HTTP_TRANSFER_ENCODING];
    uint64_t n = 0;

    h->length = -1;
    if (coding.at && (length.at || h->minor == 0))
        return BAD;
    if (coding.at && !span_ieq(coding, SPAN("chunked")))
        return UNKNOWN_CODING;
    h->chunked = coding.at;
    if (!length.at)
        return 0;
    if (span_u64(length, INT64_MAX, &n) < 0)
        return BAD;
    h->length = (int64_t)n;
    return 0;
}

static int host_read(struct http_head *h, struct span authority)
{
    struct span *host = &h->field[HTTP_HOST];

    if ((!host->at && h->minor > 0) || !is_authority(*host))
        return BAD;
    if (authority.at)
        *host = authority;
    return 0;
}

static int fields_read(struct span rest, struct http_head *h, struct connection *c)
{
    struct span line = { 0 };

    for (unsigned n = 0; line_cut(&rest, &line) > 0; n++) {
        int rc;

        if (line.len == 0)
            return rest.len == 0 ? 0 : BAD;
        if (n == HTTP_FIELDS_MAX)
            return LARGE;
        if ((rc = field_read(line, h, c)) != 0)
            return rc;
    }
    return BAD;
}

int http_head_parse(struct span head, struct http_head *out)
{
    struct http_head h = { 0 };
    struct connection c = { 0 };
    struct span line = { 0 }, authority = { 0 };
    int rc;

    for (unsigned n = 0; line.len == 0; n++)
        if (n > EMPTY_MAX || line_cut(&head, &line) <= 0)
            return BAD;
    if ((rc = request_read(line, &h, &authority)) || (rc = fields_read(head, &h, &c)) || (rc = host_read(&h, authority)) ||
        (rc = body_read(&h)))
        return rc;
    h.keep_alive = !c.close && (h.minor > 0 || c.keep);
    h.expect_continue = h.minor > 0 && span_ieq(h.field[HTTP_EXPECT], SPAN("100-continue"));
    *out = h;
    return 0;
}

bool http_has_token(struct span list, struct span token)
{
    while (list.len > 0)
        if (span_ieq(span_trim(span_cut(&list, ',')), token))
            return true;
    return false;
}

static bool weak_cut(struct span *tag)
{
    bool weak = span_starts(*tag, SPAN("W/"));

    *tag = span_from(*tag, weak ? 2 : 0);
    return weak;
}

static bool is_between(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

/* A tag may hold commas: it ends at its quote. False: at the end, or what is no tag. */
static bool etag_cut(struct span *list, struct span *tag, bool *weak)
{
    ptrdiff_t end;

    while (list->len > 0 && is_between(list->at[0]))
        *list = span_from(*list, 1);
    *weak = weak_cut(list);
    if (!span_starts(*list, SPAN("\"")) || (end = span_find(span_from(*list, 1), '"')) < 0)
        return false;
    *tag = (struct span){ list->at, (size_t)end + 2 };
    *list = span_from(*list, tag->len);
    return list->len == 0 || is_between(list->at[0]);
}

bool http_has_etag(struct span list, struct span etag, bool weak)
{
    bool soft = weak_cut(&etag), is_weak;
    struct span tag;

    if (span_eq(span_trim(list), SPAN("*")))
        return true;
    while (etag_cut(&list, &tag, &is_weak))
        if (span_eq(tag, etag) && (weak || (!soft && !is_weak)))
            return true;
    return false;
}

/* http_uri: request targets and query strings.
 * Called by the session of HTTP. Owns nothing: views go in and out, decoded bytes go into the caller's memory.
 * Fails with -EINVAL for a bad escape or a NUL byte, which no file name holds, and with -ENAMETOOLONG.
 * RFC 3986 sections 2.1 to 2.4 and 3.4; for '+' and '&' the URL Standard (application/x-www-form-urlencoded). */
#include "wire/http_uri.h"

#include <errno.h>

#include "base/digits.h"

void http_uri_split(struct span target, struct span *path, struct span *query)
{
    bool asked = span_find(target, '?') >= 0;

    *path = span_cut(&target, '?');
    *query = asked ? target : (struct span){ 0 };
}

/* Takes one byte off the front, which its escape stands for; -EINVAL. */
static int byte_cut(struct span *text, bool plus)
{
    char c = text->at[0];
    int high, low;

    if (c == '%') {
        high = text->len > 2 ? digits_value(text->at[1]) : -1;
        low = text->len > 2 ? digits_value(text->at[2]) : -1;
        *text = span_from(*text, 3);
        return high < 0 || low < 0 || high + low == 0 ? -EINVAL : high * 16 + low;
    }
    *text = span_from(*text, 1);
    if (c == '\0')
        return -EINVAL;
    return c == '+' && plus ? ' ' : (unsigned char)c;
}

int http_uri_decode(struct span text, bool plus, char *out, size_t cap)
{
    size_t len = 0;

    while (text.len > 0) {
        int byte = byte_cut(&text, plus);

        if (byte < 0)
            return byte;
        if (len + 1 >= cap)
            return -ENAMETOOLONG;
        out[len++] = (char)byte;
    }
    if (len >= cap)
        return -ENAMETOOLONG;
    out[len] = '\0';
    return (int)len;
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' ||
           c == '~' || c == '/';
}

/* An escape is put as a whole: what does not fit leaves no half of one. */
void http_uri_encode(struct buf *b, struct span path)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        char escape[] = { '%', digits[c >> 4], digits[c & 15] };

        if (is_plain(path.at[i]))
            buf_putc(b, path.at[i]);
        else
            buf_put(b, (struct span){ escape, sizeof escape });
    }
}

struct span http_query_next(struct span *rest, struct span name)
{
    while (rest->len > 0) {
        struct span value = span_cut(rest, '&');

        if (span_eq(span_cut(&value, '='), name))
            return value;
    }
    return (struct span){ 0 };
}

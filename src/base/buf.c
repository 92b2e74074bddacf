/* buf: bounded printing into the caller's storage. Used by every printer of wire/
 * and by the layers above for replies, log lines and paths. Owns nothing. It fails
 * by setting `over` once and for good: from then on nothing more is taken, so that
 * the content is always a true beginning of what was meant and never has a hole in
 * it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static bool fits(struct buf *b, size_t n)
{
    if (n > b->cap - b->len)
        b->over = true;
    return !b->over;
}

void buf_put(struct buf *b, struct span s)
{
    if (!fits(b, s.len) || s.len == 0)
        return;
    memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
}

void buf_putc(struct buf *b, char c)
{
    if (fits(b, 1))
        b->at[b->len++] = c;
}

void buf_text(struct buf *b, const char *text)
{
    buf_put(b, span_of(text));
}

/* Lowest digit first. Each base divides by a constant: a division by a variable costs more than all the rest. */
static unsigned digits_of(uint64_t value, unsigned base, char *out)
{
    unsigned n = 0, shift = base == 16 ? 4 : 3;

    if (base == 10) {
        do
            out[n++] = (char)('0' + value % 10);
        while (value /= 10);
        return n;
    }
    do
        out[n++] = "0123456789abcdef"[value & (base - 1)];
    while (value >>= shift);
    return n;
}

void buf_number(struct buf *b, uint64_t value, unsigned base, unsigned width, char pad)
{
    char digits[64];
    unsigned n = digits_of(value, base, digits);

    if (!fits(b, n < width ? width : n))
        return;
    for (unsigned i = n; i < width; i++)
        b->at[b->len++] = pad;
    while (n)
        b->at[b->len++] = digits[--n];
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    size_t room = b->cap - b->len;
    va_list args;
    int n;

    if (!fits(b, 1)) /* vsnprintf wants a byte for its NUL */
        return;
    va_start(args, fmt);
    n = vsnprintf(b->at + b->len, room, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room)
        b->over = true;
    else
        b->len += (size_t)n;
}

struct span buf_span(const struct buf *b)
{
    return (struct span){ b->at, b->len };
}

const char *buf_cstr(struct buf *b)
{
    if (b->cap == 0)
        return "";
    b->at[b->len < b->cap ? b->len : b->cap - 1] = '\0';
    return b->at;
}

/* buf: bounded printing into the caller's storage. Used by every printer of wire/
 * and by the layers above for replies, log lines and paths. Owns nothing. It fails
 * by setting `over` once and for good: from then on nothing more is taken, so that
 * the content is always a true beginning of what was meant and never has a hole in
 * it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/digits.h"

static bool fits(struct buf *b, size_t n)
{
    if (n > b->cap - b->len)
        b->over = true;
    return !b->over;
}

void buf_number(struct buf *b, uint64_t value, unsigned base, unsigned width, char pad)
{
    char digits[DIGITS_OCTAL];
    char *end = base == 10 ? digits_decimal(digits, value)
              : base == 16 ? digits_hex(digits, value) : digits_octal(digits, value);
    unsigned n = (unsigned)(end - digits);

    if (!fits(b, n < width ? width : n))
        return;
    for (unsigned i = n; i < width; i++)
        b->at[b->len++] = pad;
    memcpy(b->at + b->len, digits, n);
    b->len += n;
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

const char *buf_cstr(struct buf *b)
{
    if (b->cap == 0)
        return "";
    b->at[b->len < b->cap ? b->len : b->cap - 1] = '\0';
    return b->at;
}

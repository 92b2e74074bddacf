/* digits: see digits.h. Used by buf and by the printers of listings. Owns nothing and cannot fail. The width of a number is
 * found first, so that it is written once, from its end, to where it belongs. A division costs more than all the rest:
 * decimal digits come in pairs, and each base divides by a constant. */
#include "base/digits.h"

const char digits_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

static unsigned decimal_width(uint64_t n)
{
    unsigned width = 1;

    for (; n >= 10000; n /= 10000)
        width += 4;
    return width + (n >= 10) + (n >= 100) + (n >= 1000);
}

char *digits_decimal(char *at, uint64_t n)
{
    char *end = at + decimal_width(n), *to = end;

    for (; n >= 100; n /= 100)
        digits_pair(to -= 2, (unsigned)(n % 100));
    if (n >= 10)
        digits_pair(at, (unsigned)n);
    else
        *at = (char)('0' + n);
    return end;
}

/* Bits that matter, at least one. */
static unsigned bits_of(uint64_t n)
{
    return 64 - (unsigned)__builtin_clzll(n | 1);
}

char *digits_hex(char *at, uint64_t n)
{
    char *end = at + (bits_of(n) + 3) / 4;

    for (char *to = end; to > at; n >>= 4)
        *--to = "0123456789abcdef"[n & 15];
    return end;
}

char *digits_octal(char *at, uint64_t n)
{
    char *end = at + (bits_of(n) + 2) / 3;

    for (char *to = end; to > at; n >>= 3)
        *--to = (char)('0' + (n & 7));
    return end;
}

char *digits_mode(char *at, unsigned n)
{
    for (int shift = 9; shift >= 0; shift -= 3)
        *at++ = (char)('0' + (n >> shift & 7));
    return at;
}

int digits_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

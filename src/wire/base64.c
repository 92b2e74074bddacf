/* base64: see base64.h. Called by what reads passwords, names and digests of HTTP requests, and prints digests. Owns nothing. Strict in
 * what one value can look like, so that two texts never decode to the same bytes, but for the '=' at the end. */
#include "wire/base64.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static int sextet(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52
         : c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* With '=' there is all of it: groups of four. */
static int cut_padding(struct span *text)
{
    size_t whole = text->len;

    while (text->len && whole - text->len < 2 && text->at[text->len - 1] == '=')
        text->len--;
    return whole == text->len || whole % 4 == 0 ? 0 : -EINVAL;
}

int base64_decode(struct span text, void *out, size_t cap)
{
    unsigned char *to = out;
    unsigned bits = 0, have = 0;
    size_t n = 0;

    TRY(cut_padding(&text));
    for (size_t i = 0; i < text.len; i++) {
        int six = sextet(text.at[i]);

        if (six < 0)
            return -EINVAL;
        bits = (bits << 6 | (unsigned)six) & 0xffff;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (n == cap)
            return -EINVAL;
        to[n++] = (unsigned char)(bits >> have & 255);
    }
    return have == 6 || (bits & ((1u << have) - 1)) ? -EINVAL : (int)n;
}

int base64_text(struct span text, char *out, size_t cap)
{
    int n = cap ? base64_decode(text, out, cap - 1) : -EINVAL;

    TRY(n);
    out[n] = '\0';
    return memchr(out, '\0', (size_t)n) ? -EINVAL : n;
}

void base64_print(struct buf *b, const void *data, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = data;

    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = (unsigned)at[i] << 16 | (i + 1 < len ? at[i + 1] : 0u) << 8 | (i + 2 < len ? at[i + 2] : 0u);

        buf_putc(b, letters[bits >> 18]);
        buf_putc(b, letters[bits >> 12 & 63]);
        buf_putc(b, i + 1 < len ? letters[bits >> 6 & 63] : '=');
        buf_putc(b, i + 2 < len ? letters[bits & 63] : '=');
    }
}

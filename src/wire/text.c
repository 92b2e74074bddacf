/* text: what is done to bytes from outside before anybody reads them. Called for replies, listings, logs, the
 * terminal and JSON; owns nothing, and fails only as every printer does, through `over`. One decoder serves
 * all: it cuts the input into pieces, a character or a byte that belongs to none, and each printer says what
 * becomes of a piece. RFC 3629 for UTF-8, RFC 8259 section 7 for JSON strings, RFC 959 appendix II for doubled
 * quotes. */
#include <string.h>

#include "wire/text.h"

enum { NO_CHAR = -1 };

/* Lead bytes by length: value bits, and the first code point that is not overlong. */
static const struct lead {
    unsigned char mask, value;
    unsigned len;
    int32_t least;
} leads[] = {
    { 0x80, 0x00, 1, 0 },
    { 0xE0, 0xC0, 2, 0x80 },
    { 0xF0, 0xE0, 3, 0x800 },
    { 0xF8, 0xF0, 4, 0x10000 },
};

/* The character that row l makes of the bytes at the front of s, or NO_CHAR. */
static int32_t decode(const struct lead *l, struct span s)
{
    int32_t c = (unsigned char)s.at[0] & ~l->mask & 0xFF;

    if (s.len < l->len)
        return NO_CHAR;
    for (unsigned i = 1; i < l->len; i++) {
        unsigned char next = (unsigned char)s.at[i];

        if ((next & 0xC0) != 0x80)
            return NO_CHAR;
        c = c << 6 | (next & 0x3F);
    }
    return c < l->least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? NO_CHAR : c;
}

/* Takes one piece off the front of *s: a character (*c says which) or a single byte that starts none (NO_CHAR). */
static struct span piece_cut(struct span *s, int32_t *c)
{
    struct span piece = { s->at, 1 };

    *c = NO_CHAR;
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (((unsigned char)s->at[0] & leads[i].mask) != leads[i].value)
            continue;
        *c = decode(&leads[i], *s);
        if (*c != NO_CHAR)
            piece.len = leads[i].len;
    }
    *s = span_from(*s, piece.len);
    return piece;
}

static bool is_control(int32_t c)
{
    return (c >= 0 && c < 0x20) || (c >= 0x7F && c <= 0x9F);
}

static bool is_bidi(int32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool text_is_utf8(struct span s)
{
    int32_t c = 0;

    while (s.len && c != NO_CHAR)
        piece_cut(&s, &c);
    return c != NO_CHAR;
}

/* Is none of these eight bytes a control, DEL or beyond ASCII? In each byte the highest bit tells: by itself, by borrowing
 * (less than a blank), or by the carry of one (DEL). */
static bool is_plain_word(const char *at)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t w;

    memcpy(&w, at, sizeof w);
    return !(((w - 0x20 * ones) | w | (w + ones)) & 0x80 * ones);
}

/* The printable ASCII bytes that s begins with: all of it, for nearly every name. */
static struct span plain_cut(struct span *s)
{
    size_t n = 0;

    while (s->len - n >= 8 && is_plain_word(s->at + n))
        n += 8;
    while (n < s->len && s->at[n] >= 0x20 && s->at[n] < 0x7F)
        n++;
    *s = span_from(*s, n);
    return (struct span){ s->at - n, n };
}

void text_plain(struct buf *b, struct span s)
{
    buf_put(b, plain_cut(&s));
    while (s.len && !b->over) {
        int32_t c;
        struct span piece = piece_cut(&s, &c);

        buf_put(b, is_control(c) ? SPAN("?") : piece);
    }
}

void text_terminal(struct buf *b, struct span s)
{
    while (s.len && !b->over) {
        int32_t c;
        struct span piece = piece_cut(&s, &c);

        buf_put(b, c == NO_CHAR || is_control(c) || is_bidi(c) ? SPAN("?") : piece);
    }
}

bool text_has_control(struct span s)
{
    plain_cut(&s);
    while (s.len) {
        int32_t c;

        piece_cut(&s, &c);
        if (is_control(c))
            return true;
    }
    return false;
}

static void json_piece(struct buf *b, int32_t c, struct span piece)
{
    static const char escapes[][3] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };

    if (c == NO_CHAR)
        buf_text(b, "\xEF\xBF\xBD");
    else if (c < (int32_t)(sizeof escapes / sizeof *escapes) && escapes[c][0])
        buf_text(b, escapes[c]);
    else if (is_control(c))
        buf_printf(b, "\\u%04X", (unsigned)c);
    else
        buf_put(b, piece);
}

void text_json(struct buf *b, struct span s)
{
    buf_putc(b, '"');
    while (s.len && !b->over) {
        int32_t c;
        struct span piece = piece_cut(&s, &c);

        json_piece(b, c, piece);
    }
    buf_putc(b, '"');
}

void text_quoted(struct buf *b, struct span s)
{
    while (s.len && !b->over) {
        int32_t c;
        struct span piece = piece_cut(&s, &c);

        if (is_control(c))
            piece = SPAN("?");
        buf_put(b, c == '"' ? SPAN("\"\"") : piece);
    }
}

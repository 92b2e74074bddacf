/* buf: prints into storage that the caller owns. What does not fit is dropped and remembered in `over`,
 * so that a printer runs straight through and is asked once at the end. Once `over` is set nothing more is taken: the
 * content is always a true beginning. */
#ifndef DRAY_BASE_BUF_H
#define DRAY_BASE_BUF_H

#include "base/span.h"

struct buf {
    char *at;
    size_t cap, len;
    bool over;
};

#define BUF(array) ((struct buf){ .at = (array), .cap = sizeof(array) })

/* Appends the whole span or nothing (then `over` is set). */
static inline void buf_put(struct buf *b, struct span s)
{
    if (s.len > b->cap - b->len)
        b->over = true;
    if (b->over || s.len == 0)
        return;
    memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
}
static inline void buf_text(struct buf *b, const char *text)
{
    buf_put(b, span_of(text));
}

static inline void buf_putc(struct buf *b, char c)
{
    if (b->len == b->cap)
        b->over = true;
    else if (!b->over)
        b->at[b->len++] = c;
}

/* An unsigned number in base 8, 10 or 16, at least `width` wide with `pad` in front: printf at a tenth of its price, for
 * lines that are printed a hundred thousand times. */
void buf_number(struct buf *b, uint64_t value, unsigned base, unsigned width, char pad);
/* As buf_put; needs room for one byte more than it prints. */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What was printed so far; valid until the next call on b. */
static inline struct span buf_span(const struct buf *b)
{
    return (struct span){ b->at, b->len };
}

/* The content as a C string: writes the NUL within cap (cutting the last byte when full). */
const char *buf_cstr(struct buf *b);

#endif

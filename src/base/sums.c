/* sums: the kinds of checksums and their written form (see sums.h). Used by whatever prints, parses or compares one; owns
 * nothing, fails only where it parses. The names are those of IANA's "Hash Function Textual Names", which FTP's HASH uses, and
 * CRC32, which no such list has. A CRC32 lies in its four bytes most significant first: then all kinds print alike. */
#include "base/sums.h"

#include <errno.h>
#include <string.h>

#include "base/digits.h"

const struct sum_kind sum_kinds[SUMS] = {
    [SUM_SHA256] = { "SHA-256", 32 }, [SUM_SHA512] = { "SHA-512", 64 }, [SUM_SHA1] = { "SHA-1", 20 },
    [SUM_MD5] = { "MD5", 16 },        [SUM_CRC32] = { "CRC32", 4 },
};

/* Is `name` this kind's, with its hyphen or without? */
static bool is_called(const char *kind, struct span name)
{
    char bare[16];
    struct buf b = BUF(bare);

    for (const char *c = kind; *c; c++)
        if (*c != '-')
            buf_putc(&b, *c);
    return span_ieq(name, span_of(kind)) || span_ieq(name, buf_span(&b));
}

enum sum_id sum_find(struct span name)
{
    enum sum_id id = 0;

    while (id < SUMS && !is_called(sum_kinds[id].name, name))
        id++;
    return id;
}

static void print_hex(struct buf *b, const struct sums *s, enum sum_id id, const char *digits)
{
    char text[2 * SUM_MAX];
    size_t n = sum_kinds[id].len;

    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[s->of[id][i] >> 4];
        text[2 * i + 1] = digits[s->of[id][i] & 15];
    }
    buf_put(b, (struct span){ text, 2 * n });
}

void sum_print(struct buf *b, const struct sums *s, enum sum_id id)
{
    print_hex(b, s, id, "0123456789abcdef");
}

void sum_print_upper(struct buf *b, const struct sums *s, enum sum_id id)
{
    print_hex(b, s, id, "0123456789ABCDEF");
}

int sum_parse(struct span hex, enum sum_id id, struct sums *out)
{
    unsigned char bytes[SUM_MAX];
    size_t n = sum_kinds[id].len;

    if (hex.len != 2 * n)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        int high = digits_value(hex.at[2 * i]), low = digits_value(hex.at[2 * i + 1]);

        if (high < 0 || low < 0)
            return -EINVAL;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    memcpy(out->of[id], bytes, n);
    out->has |= SUM_BIT(id);
    return 0;
}

bool sum_same(const struct sums *a, const struct sums *b, enum sum_id id)
{
    return memcmp(a->of[id], b->of[id], sum_kinds[id].len) == 0;
}

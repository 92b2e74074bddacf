/* mark: the text that stands beside a file's content (see mark.h for its form). Called by the store, which keeps it in an
 * extended attribute, and by `dray verify`. Owns nothing. What it reads may have been written by anybody who may write the
 * file, so it is parsed as strictly as anything from outside; it fails with -EBADMSG. */
#include "wire/mark.h"

#include <errno.h>
#include <string.h>

static const char sum_letters[SUMS] = {
    [SUM_SHA256] = 'k', [SUM_SHA512] = 'l', [SUM_SHA1] = 'h', [SUM_MD5] = 'm', [SUM_CRC32] = 'c',
};

/* ---- printing ---- */

static void put_number(struct buf *b, char letter, bool negative, uint64_t value)
{
    buf_putc(b, ' ');
    buf_putc(b, letter);
    if (negative)
        buf_putc(b, '-');
    buf_number(b, value, 16, 1, '0');
}

static void put_account(struct buf *b, const char *account)
{
    buf_text(b, " a");
    for (; *account; account++) {
        unsigned char c = (unsigned char)*account;

        if (c > ' ' && c < 0x7F && c != '%') {
            buf_putc(b, *account);
            continue;
        }
        buf_putc(b, '%');
        buf_number(b, c, 16, 2, '0');
    }
}

void mark_print(struct buf *b, const struct mark *m)
{
    size_t begin = b->len;
    uint64_t time = (uint64_t)m->mtime_ns;

    buf_putc(b, '1');
    put_number(b, 's', false, (uint64_t)m->size);
    put_number(b, 't', m->mtime_ns < 0, m->mtime_ns < 0 ? -time : time);
    put_number(b, 'i', false, m->ino);
    put_number(b, 'g', false, m->gen);
    if (*m->account)
        put_account(b, m->account);
    for (enum sum_id id = 0; id < SUMS; id++) {
        if (!(m->sums.has & SUM_BIT(id)))
            continue;
        buf_putc(b, ' ');
        buf_putc(b, sum_letters[id]);
        sum_print(b, &m->sums, id);
    }
    if (b->over)
        b->len = begin;
}

/* ---- parsing ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int hex_parse(struct span s, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;

    if (s.len == 0 || s.len > 16)
        return -EBADMSG;
    for (size_t i = 0; i < s.len; i++) {
        int digit = hex_digit(s.at[i]);

        if (digit < 0)
            return -EBADMSG;
        sum = sum << 4 | (unsigned)digit;
    }
    if (sum > max)
        return -EBADMSG;
    *value = sum;
    return 0;
}

static int time_parse(struct span s, int64_t *ns)
{
    bool negative = span_starts(s, SPAN("-"));
    uint64_t value;

    if (hex_parse(span_from(s, negative), negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX, &value) < 0)
        return -EBADMSG;
    *ns = (int64_t)(negative ? -value : value);
    return 0;
}

static int account_parse(struct span s, char *account)
{
    size_t n = 0;

    while (s.len) {
        uint64_t byte = (unsigned char)s.at[0];
        size_t used = 1;

        if (byte == '%') {
            if (s.len < 3 || hex_parse((struct span){ s.at + 1, 2 }, 255, &byte) < 0)
                return -EBADMSG;
            used = 3;
        }
        if (!byte || n == MARK_ACCOUNT)
            return -EBADMSG;
        account[n++] = (char)byte;
        s = span_from(s, used);
    }
    account[n] = '\0';
    return 0;
}

static int sum_field(char letter, struct span value, struct sums *sums)
{
    for (enum sum_id id = 0; id < SUMS; id++)
        if (sum_letters[id] == letter)
            return sum_parse(value, id, sums) < 0 ? -EBADMSG : 0;
    return 0; /* of a newer version */
}

enum { SIZE = 1, TIME = 2, INO = 4, GEN = 8, SHAPE = 15 };

/* One field; what it tells of the shape is added to *seen. */
static int field_parse(struct span field, struct mark *m, unsigned *seen)
{
    struct span value = span_from(field, 1);
    uint64_t size;
    int rc;

    if (!field.len)
        return -EBADMSG;
    switch (field.at[0]) {
    case 's':
        rc = hex_parse(value, INT64_MAX, &size);
        if (rc == 0)
            m->size = (int64_t)size;
        *seen |= SIZE;
        return rc;
    case 't':
        *seen |= TIME;
        return time_parse(value, &m->mtime_ns);
    case 'i':
        *seen |= INO;
        return hex_parse(value, UINT64_MAX, &m->ino);
    case 'g':
        *seen |= GEN;
        return hex_parse(value, UINT64_MAX, &m->gen);
    case 'a':
        return account_parse(value, m->account);
    default:
        return sum_field(field.at[0], value, &m->sums);
    }
}

int mark_parse(struct span text, struct mark *out)
{
    struct mark m = { 0 };
    struct span rest = text;
    unsigned seen = 0;

    if (!span_eq(span_cut(&rest, ' '), SPAN("1")))
        return -EBADMSG;
    while (rest.len)
        if (field_parse(span_cut(&rest, ' '), &m, &seen) < 0)
            return -EBADMSG;
    if (seen != SHAPE)
        return -EBADMSG;
    *out = m;
    return 0;
}

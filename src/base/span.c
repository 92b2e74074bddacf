/* span: views of bytes, and the few questions that every parser asks of them. Used by all of wire/ and
 * above; owns nothing, allocates nothing and fails only where numbers are read. Case is folded in ASCII only:
 * protocol words are ASCII, and the locale of the machine must not change what a command is. An empty
 * span may have a NULL pointer, which the mem* functions may not be given; hence the length is asked
 * first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/span.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_same_folded(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

char *span_dup(struct span s)
{
    char *copy = malloc(s.len + 1);

    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct span span_cut(struct span *rest, char sep)
{
    struct span head = *rest;
    ptrdiff_t at = span_find(head, sep);

    if (at < 0) {
        *rest = span_from(head, head.len);
        return head;
    }
    *rest = span_from(head, (size_t)at + 1);
    head.len = (size_t)at;
    return head;
}

bool span_mentions(struct span s, struct span part)
{
    for (size_t at = 0; at + part.len <= s.len && s.len; at++)
        if (span_same_folded(s.at + at, part.at, part.len))
            return true;
    return false;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
    while (s.len && blank(s.at[s.len - 1]))
        s.len--;
    while (s.len && blank(s.at[0]))
        s = span_from(s, 1);
    return s;
}

ptrdiff_t span_find(struct span s, char c)
{
    const char *hit = s.len ? memchr(s.at, c, s.len) : NULL;

    return hit ? hit - s.at : -1;
}

ptrdiff_t span_rfind(struct span s, char c)
{
    const char *hit = s.len ? memrchr(s.at, c, s.len) : NULL;

    return hit ? hit - s.at : -1;
}

int span_u64(struct span s, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;
    bool over = false;

    if (s.len == 0)
        return -EINVAL;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return -EINVAL;
        over |= __builtin_mul_overflow(sum, 10, &sum);
        over |= __builtin_add_overflow(sum, (uint64_t)(s.at[i] - '0'), &sum);
    }
    if (over || sum > max)
        return -ERANGE;
    *value = sum;
    return 0;
}

int span_bytes(struct span s, int64_t *value)
{
    static const char units[] = "KMGT";
    const char *unit = s.len ? strchr(units, s.at[s.len - 1] & ~0x20) : NULL;
    unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
    uint64_t n;

    s.len -= shift != 0;
    TRY(span_u64(s, (uint64_t)INT64_MAX >> shift, &n));
    *value = (int64_t)(n << shift);
    return 0;
}

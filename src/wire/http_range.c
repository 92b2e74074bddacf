/* http_range: which parts of a file are wanted.
 * Called by the session of HTTP for GET. Owns nothing. Fails with -EINVAL, which is no error of the request: the whole is sent.
 * Many overlapping parts make a small request cost a large answer; two of them may overlap, as players ask for a head twice, and
 * what is more is refused. RFC 9110 sections 14.1.2 and 14.2. */
#include "wire/http_range.h"

#include <errno.h>

#include "base/cleanup.h"

enum { OVERLAPS_MAX = 2 };

/* A number of any length: what is more than any file has is as much as the largest has. */
static int number_read(struct span s, int64_t *value)
{
    uint64_t n = INT64_MAX;
    int rc = span_u64(s, INT64_MAX, &n);

    if (rc < 0 && rc != -ERANGE)
        return -EINVAL;
    *value = (int64_t)n;
    return 0;
}

/* "a-b", "a-" or "-n". One that lies behind the end comes out empty. */
static int part_read(struct span text, int64_t size, struct http_range *out)
{
    struct span before, after = text;
    int64_t first = 0, last = INT64_MAX;

    if (span_find(text, '-') < 0)
        return -EINVAL;
    before = span_cut(&after, '-');
    if (before.len == 0) {
        TRY(number_read(after, &last));
        *out = (struct http_range){ last < size ? size - last : 0, size };
        return 0;
    }
    TRY(number_read(before, &first));
    if (after.len > 0)
        TRY(number_read(after, &last));
    if (last < first)
        return -EINVAL;
    *out = (struct http_range){ first < size ? first : size, last < size ? last + 1 : size };
    return 0;
}

static unsigned overlaps(const struct http_range *r, int n)
{
    unsigned count = 0;

    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            count += r[i].first < r[k].end && r[k].first < r[i].end;
    return count;
}

/* Only what is whole and sound is handed out. */
static int hand_out(const struct http_range *parts, int n, struct http_range *out)
{
    if (overlaps(parts, n) > OVERLAPS_MAX)
        return -EINVAL;
    for (int i = 0; i < n; i++)
        out[i] = parts[i];
    return n;
}

int http_range_parse(struct span field, int64_t size, struct http_range out[HTTP_RANGES_MAX])
{
    struct http_range parts[HTTP_RANGES_MAX], part;
    struct span unit = span_cut(&field, '=');
    int asked = 0, n = 0;

    if (!span_ieq(unit, SPAN("bytes")))
        return -EINVAL;
    while (field.len > 0) {
        struct span text = span_trim(span_cut(&field, ','));

        if (text.len == 0)
            continue;
        if (asked++ == HTTP_RANGES_MAX)
            return -EINVAL;
        TRY(part_read(text, size, &part));
        if (part.first < part.end)
            parts[n++] = part;
    }
    return asked == 0 ? -EINVAL : hand_out(parts, n, out);
}

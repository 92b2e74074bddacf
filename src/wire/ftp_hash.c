/* ftp_hash: ranges and quoted paths of the commands about checksums (see ftp_hash.h). Called by proto/ftp/ftp_hash.c; owns
 * nothing, fails with -EINVAL. RANG: draft-bryan-ftp-range section 3. XCRC, XMD5, XSHA1 and their like came from GlobalSCAPE
 * and were copied by many, each a little differently: the forms here are the ones whose meaning is beyond doubt. */
#include "wire/ftp_hash.h"

#include <errno.h>

/* A number of any length, at most `max`. */
static int number(struct span s, int64_t max, int64_t *out)
{
    uint64_t value;
    int rc = span_u64(s, (uint64_t)max, &value);

    if (rc == -EINVAL)
        return -EINVAL;
    *out = rc < 0 ? max : (int64_t)value;
    return 0;
}

int ftp_rang_parse(struct span arg, struct ftp_range *out)
{
    struct span end = span_trim(arg), start = span_cut(&end, ' ');
    int64_t first, last;

    if (number(start, INT64_MAX - 1, &first) < 0 || number(span_trim(end), INT64_MAX - 1, &last) < 0)
        return -EINVAL;
    if (first > last && !(first == 1 && last == 0))
        return -EINVAL;
    *out = first > last ? (struct ftp_range){ 0 } : (struct ftp_range){ first, last + 1 };
    return 0;
}

struct ftp_range ftp_range_within(struct ftp_range r, int64_t size)
{
    if (!r.to || r.to > size)
        r.to = size;
    if (r.from > r.to)
        r.from = r.to;
    return r;
}

/* "start end"; the manual of who invented it has commas, its example has none. */
static int range_parse(struct span s, struct ftp_range *out)
{
    struct span end = span_trim(s), start = span_cut(&end, ' ');
    struct ftp_range r;

    if (start.len && start.at[start.len - 1] == ',')
        start.len--;
    if (number(start, INT64_MAX, &r.from) < 0 || number(span_trim(end), INT64_MAX, &r.to) < 0)
        return -EINVAL;
    if (r.from >= r.to && (r.from || r.to))
        return -EINVAL;
    *out = r;
    return 0;
}

/* Takes the quoted path off the front of *s; false: the quotes are never closed. */
static bool unquote(struct span *s, struct buf *room)
{
    for (size_t i = 1; i < s->len; i++) {
        if (s->at[i] == '"' && (i + 1 == s->len || s->at[i + 1] != '"')) {
            *s = span_from(*s, i + 1);
            return true;
        }
        i += s->at[i] == '"';
        buf_putc(room, s->at[i]);
    }
    return false;
}

static int parse_quoted(struct span behind, struct buf *room, struct ftp_sum_arg *out)
{
    struct ftp_sum_arg a = { .path = buf_span(room) };

    if (behind.len && (behind.at[0] == ' ' || behind.at[0] == ','))
        behind = span_trim(span_from(behind, 1));
    else if (behind.len)
        return -EINVAL;
    if (room->over || !a.path.len || (behind.len && range_parse(behind, &a.range) < 0))
        return -EINVAL;
    *out = a;
    return 0;
}

/* "name start end": is there a range behind the name? */
static bool cut_range(struct span *name, struct ftp_range *range)
{
    struct span head = *name;
    struct ftp_range r;

    for (int words = 0; words < 2; words++) {
        ptrdiff_t blank = span_rfind(head, ' ');

        if (blank <= 0)
            return false;
        head.len = (size_t)blank;
    }
    if (range_parse(span_from(*name, head.len + 1), &r) < 0)
        return false;
    head.len -= head.at[head.len - 1] == ',';
    if (!head.len)
        return false;
    *name = head;
    *range = r;
    return true;
}

int ftp_sum_arg_parse(struct span arg, struct buf *room, struct ftp_sum_arg *out)
{
    struct span behind = arg;

    if (!arg.len)
        return -EINVAL;
    if (arg.at[0] == '"' && unquote(&behind, room))
        return parse_quoted(behind, room, out);
    *out = (struct ftp_sum_arg){ .path = arg };
    out->unsure = cut_range(&out->path, &out->range);
    return 0;
}

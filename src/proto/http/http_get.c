/* http_get: GET and HEAD of files: conditions (RFC 9110 section 13), ranges (section 14), and what keeps a file of somebody's from acting
 * as a page of ours: its type is never guessed, and it runs in a sandbox of its own. A folder is http_list.c's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_drop.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "wire/http_date.h"
#include "wire/http_digest.h"
#include "wire/http_uri.h"
#include "wire/path.h"

enum { TAG_MAX = 80, PART_MAX = 300, SETTLED = 2 };

struct answer {
    struct file *file;
    struct store_stat st;
    const char *type;
    struct http_range range[HTTP_RANGES_MAX];
    int n; /* ranges; -1: all of it */
    char tag[TAG_MAX];
    uint64_t boundary;
};

/* ---- conditions ---- */

/* Within the second in which it was changed a file can be changed again and look the same. */
void http_etag(struct buf *b, const struct store_stat *st, int64_t now)
{
    const uint64_t parts[] = { (uint64_t)st->size, (uint64_t)st->mtime, st->ino, st->dev };

    buf_text(b, st->mtime + SETTLED > now ? "W/\"" : "\"");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (i)
            buf_putc(b, '-');
        buf_number(b, parts[i], 16, 0, 0);
    }
    buf_putc(b, '"');
}

static bool since(struct span field, const struct store_stat *st)
{
    int64_t when;

    return field.at && http_date_parse(field, &when) == 0 && st && st->mtime <= when;
}

static bool has_tag(struct span list, const struct store_stat *st, bool weak)
{
    char text[TAG_MAX];
    struct buf b = BUF(text);
    struct span tag;

    if (!st)
        return false;
    http_etag(&b, st, clock_wall());
    tag = buf_span(&b);
    if (weak && span_starts(tag, SPAN("W/")))
        tag = span_from(tag, 2);
    return http_has_etag(list, tag, weak);
}

unsigned http_conditions(const struct http *h, const struct store_stat *st)
{
    const struct span *f = h->ask->head.field;
    int64_t when;
    bool reads = span_eq(h->ask->head.method, SPAN("GET")) || h->ask->head_only;

    if (f[HTTP_IF_MATCH].at && !has_tag(f[HTTP_IF_MATCH], st, false))
        return 412;
    if (!f[HTTP_IF_MATCH].at && f[HTTP_IF_UNMODIFIED_SINCE].at && http_date_parse(f[HTTP_IF_UNMODIFIED_SINCE], &when) == 0 &&
        !since(f[HTTP_IF_UNMODIFIED_SINCE], st))
        return 412;
    if (f[HTTP_IF_NONE_MATCH].at)
        return has_tag(f[HTTP_IF_NONE_MATCH], st, true) ? reads ? 304 : 412 : 0;
    return reads && since(f[HTTP_IF_MODIFIED_SINCE], st) ? 304 : 0;
}

/* If-Range wants the very same bytes: a strong tag, or the date to the second. */
static bool range_holds(const struct http *h, const struct answer *a)
{
    struct span field = h->ask->head.field[HTTP_IF_RANGE];
    int64_t when;

    if (!field.at)
        return true;
    if (field.len && (field.at[0] == '"' || field.at[0] == 'W'))
        return field.at[0] == '"' && span_eq(field, span_of(a->tag));
    return http_date_parse(field, &when) == 0 && when == a->st.mtime && a->tag[0] == '"';
}

/* ---- opening ---- */

/* What is said of a file is said of the version that is sent. A folder is looked at only; so is what cannot be opened, for who may
 * not read it may be told that it is there. */
static int open_version(struct http *h, struct answer *a)
{
    int rc = store_open(&h->s->store, h->ask->path, &a->file);

    if (rc < 0) {
        TRY(store_stat(&h->s->store, h->ask->path, &a->st));
        return a->st.kind == STORE_DIR ? 0 : rc;
    }
    a->st = *file_stat(a->file);
    return 0;
}

/* The sums that were noted of the upload, if they still hold, and as far as they are wanted (RFC 9530). None is computed for that. */
static void digest_field(struct http *h, struct file *file)
{
    struct span want = h->ask->head.field[HTTP_WANT_REPR_DIGEST];
    char text[5 * SUM_MAX];
    struct buf b = BUF(text);
    struct sums sums = { 0 };
    unsigned wants;

    if (!want.at || http_digest_wants(want, &wants) < 0)
        wants = HTTP_DIGEST_USUAL;
    if (!wants || file_sums(file, &sums) < 0)
        return;
    sums.has &= wants;
    if (http_digest_print(&b, &sums))
        http_field(h, "Repr-Digest: %s", buf_cstr(&b));
}

/* A PDF is shown by the browser's own viewer, which bears no sandbox; it has no origin of ours to act in. */
static void file_fields(struct http *h, const struct answer *a)
{
    char date[40], show[sizeof "attachment; filename*=UTF-8''" + 3 * NAME_CAP];
    struct buf d = BUF(date), s = BUF(show);
    struct span query = h->ask->query;
    bool save = http_query_next(&query, SPAN("download")).at;

    http_date_print(&d, a->st.mtime);
    buf_text(&s, save ? "attachment; filename*=UTF-8''" : "inline; filename*=UTF-8''");
    http_uri_encode(&s, path_leaf(span_of(h->ask->path)));
    http_field_put(h, "ETag: ", span_of(a->tag));
    http_field_put(h, "Last-Modified: ", buf_span(&d));
    http_field_put(h, "Accept-Ranges: ", SPAN("bytes"));
    http_field_put(h, "Cache-Control: ", SPAN("private, no-cache"));
    http_field_put(h, "Content-Security-Policy: ",
                   span_of(strcmp(a->type, "application/pdf") == 0 ? "frame-ancestors 'self'" : http_file_policy));
    http_field_put(h, "Content-Disposition: ", buf_span(&s));
}

/* ---- sending ---- */

static int send_range(struct http *h, struct xfer *x, const struct answer *a, struct http_range r)
{
    return r.first < r.end && !h->ask->head_only ? xfer_send(x, a->file, r.first, r.end) : 0;
}

static void print_part(struct buf *b, const struct answer *a, int i)
{
    buf_printf(b, "\r\n--dray%016llx\r\nContent-Type: %s\r\nContent-Range: bytes %lld-%lld/%lld\r\n\r\n", (unsigned long long)a->boundary, a->type,
               (long long)a->range[i].first, (long long)a->range[i].end - 1, (long long)a->st.size);
}

enum { LAST_PART = 2 + 2 + 20 + 2 + 2 };

static int send_parts(struct http *h, struct xfer *x, const struct answer *a)
{
    char text[PART_MAX];

    for (int i = 0; i < a->n && !h->ask->head_only; i++) {
        struct buf b = BUF(text);

        print_part(&b, a, i);
        TRY(io_put(h->s->control, buf_span(&b)));
        TRY(send_range(h, x, a, a->range[i]));
    }
    snprintf(text, sizeof text, "\r\n--dray%016llx--\r\n", (unsigned long long)a->boundary);
    return h->ask->head_only ? 0 : io_put(h->s->control, span_of(text));
}

static int begin_parts(struct http *h, struct answer *a)
{
    int64_t length = LAST_PART;
    char text[PART_MAX];

    a->boundary = fs_random();
    for (int i = 0; i < a->n; i++) {
        struct buf b = BUF(text);

        print_part(&b, a, i);
        length += (int64_t)b.len + a->range[i].end - a->range[i].first;
    }
    snprintf(text, sizeof text, "multipart/byteranges; boundary=dray%016llx", (unsigned long long)a->boundary);
    return http_begin(h, 206, text, length);
}

static int send_answer(struct http *h, struct answer *a, struct xfer *x)
{
    struct http_range all = { 0, a->st.size };

    if (a->n > 1) {
        TRY(begin_parts(h, a));
        return send_parts(h, x, a);
    }
    if (a->n == 1)
        http_field(h, "Content-Range: bytes %lld-%lld/%lld", (long long)a->range[0].first, (long long)a->range[0].end - 1, (long long)a->st.size);
    if (a->n == 1)
        all = a->range[0];
    TRY(http_begin(h, a->n == 1 ? 206 : 200, a->type, all.end - all.first));
    return send_range(h, x, a, all);
}

static int send_file(struct http *h, struct answer *a)
{
    struct xfer x = http_xfer(h, RATE_DOWN);
    int rc;

    seat_doing(h->s->seat, SEAT_SENDING, h->ask->path, a->st.size, rt_now(h->s->task));
    rc = send_answer(h, a, &x);
    pace_end(&x.pace);
    TRY(rc);
    if (x.bytes)
        http_log(h, "sent", h->ask->path, x.bytes);
    return 0;
}

static int which_ranges(struct http *h, struct answer *a)
{
    struct span field = h->ask->head.field[HTTP_RANGE];

    a->n = -1;
    if (field.at && !h->ask->head_only && range_holds(h, a))
        a->n = http_range_parse(field, a->st.size, a->range);
    if (a->n != 0)
        return 0;
    h->ask->fields.len = 0;
    http_field(h, "Content-Range: bytes */%lld", (long long)a->st.size);
    TRY(http_say(h, 416, "The file has only %lld bytes.", (long long)a->st.size));
    return 1;
}

static int answer_file(struct http *h, struct answer *a)
{
    struct buf tag = BUF(a->tag);
    unsigned status;
    int rc;

    http_etag(&tag, &a->st, clock_wall());
    buf_cstr(&tag);
    a->type = http_type(path_leaf(span_of(h->ask->path)));
    status = http_conditions(h, &a->st);
    if (status && status != 304)
        return http_say(h, status, "The file is not the one that was meant.");
    file_fields(h, a);
    digest_field(h, a->file);
    if (status)
        return http_done(h, status);
    rc = which_ranges(h, a);
    return rc ? rc < 0 ? rc : 0 : send_file(h, a);
}

static int move_to_slash(struct http *h)
{
    struct buf b = { .cap = 3 * PATH_CAP };

    b.at = arena_take(&h->s->scratch, b.cap);
    if (!b.at)
        return -ENOMEM;
    http_put_place(&b, h, span_of(h->ask->path[1] ? h->ask->path : ""));
    http_field(h, "Location: %s/%s%.*s", buf_cstr(&b), h->ask->query.at ? "?" : "", SPAN_ARG(h->ask->query));
    return http_say(h, 308, "It is a folder; its address ends with a slash.");
}

int http_get(struct http *h)
{
    struct answer *a = arena_take(&h->s->scratch, sizeof *a);
    int rc;

    if (http_is_tus(h))
        return http_tus_look(h);
    if (!a)
        return -ENOMEM;
    *a = (struct answer){ 0 };
    TRY(open_version(h, a));
    if (a->st.kind == STORE_DIR)
        return h->ask->slash ? http_folder(h) : move_to_slash(h);
    rc = h->ask->slash ? -ENOENT : answer_file(h, a);
    file_close(&a->file);
    return rc;
}

/* http_tus: uploads that can be resumed: tus 1.0 (core, creation), since that is what browsers and clients speak today; the
 * IETF draft needs interim answers that no browser shows to a page. What an upload is stands in its address, the file's own with
 * ?tus=LENGTH, and what has come of it is the store's partial: nothing is remembered here, so that any process of the server, and the next
 * one after it was killed, can go on. The same partial is what FTP's REST continues. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_drop.h"
#include "store/access.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "wire/base64.h"
#include "wire/http_digest.h"
#include "wire/http_uri.h"
#include "wire/path.h"

/* What the address says. */
struct plan {
    int64_t length, mtime; /* mtime -1: not told */
    int64_t at;            /* when it was created: an older partial is another one's */
    bool fresh;            /* the name must not be taken */
    int64_t key;           /* whose it is, where nothing may be seen; 0: not told */
};

static int read_number(struct span query, struct span name, int64_t *out)
{
    struct span text = http_query_next(&query, name);
    uint64_t n;

    if (!text.at || span_u64(text, INT64_MAX / 2, &n) < 0)
        return -EINVAL;
    *out = (int64_t)n;
    return 0;
}

/* What nobody may see goes on for who knows its address only: it has a number in it that cannot be guessed. */
static int read_plan(struct http *h, struct plan *p)
{
    struct span query = h->ask->query;

    p->fresh = http_query_next(&query, SPAN("new")).at;
    if (read_number(h->ask->query, SPAN("mtime"), &p->mtime) < 0)
        p->mtime = -1;
    if (read_number(h->ask->query, SPAN("key"), &p->key) < 0)
        p->key = 0;
    h->s->store.key = p->key ? (uint64_t)p->key : fs_random() | 1;
    TRY(read_number(h->ask->query, SPAN("at"), &p->at));
    return read_number(h->ask->query, SPAN("tus"), &p->length);
}

bool http_is_tus(const struct http *h)
{
    struct span query = h->ask->query;

    return http_query_next(&query, SPAN("tus")).at;
}

static void tell(struct http *h, int64_t offset)
{
    h->ask->fields.len = 0;
    http_field(h, "Tus-Resumable: 1.0.0");
    http_field(h, "Cache-Control: no-store");
    if (offset >= 0)
        http_field(h, "Upload-Offset: %lld", (long long)offset);
}

static int refuse(struct http *h, unsigned status, const char *sentence)
{
    tell(h, -1);
    return http_say(h, status, "%s", sentence);
}

/* What has come: of one that has become its file, all. */
static int64_t offset_of(const struct http *h, const struct plan *p)
{
    struct store_stat st;

    if (store_partial(&h->s->store, h->ask->path, &st) == 0 && st.mtime >= p->at)
        return st.size <= p->length ? st.size : 0;
    return http_there(h, h->ask->path, &st) && st.kind == STORE_FILE && st.size == p->length && p->fresh ? p->length : 0;
}

int http_tus_look(struct http *h)
{
    struct plan p;

    if (read_plan(h, &p) < 0 || !(store_rights(&h->s->store, h->ask->path) & RIGHT_ADD))
        return refuse(h, 404, "There is no such upload.");
    tell(h, offset_of(h, &p));
    http_field(h, "Upload-Length: %lld", (long long)p.length);
    return http_done(h, 200);
}

/* Given up (tus 1.0, extension termination): what came of it is gone. What has become a file is none any more, and stays. */
int http_tus_drop(struct http *h)
{
    struct store_stat st;
    struct plan p;
    int rc;

    if (read_plan(h, &p) < 0 || !(store_rights(&h->s->store, h->ask->path) & RIGHT_ADD))
        return refuse(h, 404, "There is no such upload.");
    rc = store_partial(&h->s->store, h->ask->path, &st) == 0 && st.mtime >= p.at ? store_partial_drop(&h->s->store, h->ask->path) : 0;
    if (rc < 0 && rc != -ENOENT)
        return rc;
    tell(h, -1);
    return http_done(h, 204);
}

/* ---- creation ---- */

/* Of "filename BASE64,mtime BASE64" one value. */
static int metadata(struct span field, struct span name, char *out, size_t cap)
{
    while (field.len) {
        struct span value = span_trim(span_cut(&field, ',')), key = span_cut(&value, ' ');

        if (span_eq(key, name))
            return base64_text(span_trim(value), out, cap);
    }
    return -ENOENT;
}

static int target_path(struct http *h, char **out)
{
    char *name = arena_take(&h->s->scratch, NAME_CAP + 2), *path = arena_take(&h->s->scratch, PATH_CAP);
    int len;

    if (!name || !path)
        return -ENOMEM;
    len = metadata(h->ask->head.field[HTTP_UPLOAD_METADATA], SPAN("filename"), name, NAME_CAP + 2);
    if (len <= 0 || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EINVAL;
    *out = path;
    return path_join(span_of(h->ask->path), (struct span){ name, (size_t)len }, path, PATH_CAP);
}

static int tell_place(struct http *h, const char *path, uint64_t length, bool fresh)
{
    struct buf b = { .cap = 3 * PATH_CAP };
    char text[24];
    struct span seconds;
    uint64_t mtime;
    int len = metadata(h->ask->head.field[HTTP_UPLOAD_METADATA], SPAN("mtime"), text, sizeof text);

    b.at = arena_take(&h->s->scratch, b.cap);
    if (!b.at)
        return -ENOMEM;
    http_put_place(&b, h, span_of(path));
    buf_printf(&b, "?tus=%llu&at=%lld%s", (unsigned long long)length, (long long)clock_wall(), fresh ? "&new" : "");
    seconds = len > 0 ? (struct span){ text, (size_t)len } : SPAN("");
    if (store_rights(&h->s->store, path) == RIGHTS_DROP)
        buf_printf(&b, "&key=%llu", (unsigned long long)(fs_random() >> 2 | 1));
    if (span_u64(span_cut(&seconds, '.'), 253402300799, &mtime) == 0)
        buf_printf(&b, "&mtime=%llu", (unsigned long long)mtime);
    tell(h, -1);
    http_field(h, "Location: %s", buf_cstr(&b));
    return http_done(h, 201);
}

/* Refused now is better than after the last byte. */
static int check_target(struct http *h, const char *path, uint64_t length, bool fresh)
{
    unsigned rights = store_rights(&h->s->store, path);
    struct store_stat st;
    int64_t space;
    bool there = http_there(h, path, &st);

    if (!(rights & RIGHT_ADD) && !(there && rights & RIGHT_WRITE))
        return -EACCES;
    if (there && (fresh || !(rights & RIGHT_WRITE) || st.kind == STORE_DIR))
        return refuse(h, 412, "The name is taken."), 1;
    if (store_space(&h->s->store, h->ask->path, &space) == 0 && (int64_t)length > space)
        return refuse(h, 507, "There is not enough space left for that."), 1;
    return 0;
}

int http_post(struct http *h)
{
    const struct span *f = h->ask->head.field;
    bool fresh = span_eq(f[HTTP_IF_NONE_MATCH], SPAN("*"));
    uint64_t length;
    char *path;
    int rc;

    if (!f[HTTP_TUS_RESUMABLE].at && http_is_form(h))
        return http_form(h);
    if (!f[HTTP_TUS_RESUMABLE].at)
        return http_say(h, 400, "POST begins a resumable upload (tus 1.0), or brings a form with files (multipart/form-data).");
    if (!span_eq(f[HTTP_TUS_RESUMABLE], SPAN("1.0.0")))
        return refuse(h, 412, "Only tus 1.0.0 is spoken here.");
    if (span_u64(f[HTTP_UPLOAD_LENGTH], INT64_MAX / 2, &length) < 0)
        return refuse(h, 400, "Upload-Length wants the number of bytes.");
    if (target_path(h, &path) < 0)
        return refuse(h, 400, "Upload-Metadata wants a filename.");
    rc = check_target(h, path, length, fresh);
    return rc ? rc < 0 ? rc : 0 : tell_place(h, path, length, fresh);
}

/* ---- going on ---- */

/* A line that breaks leaves what came to be continued; but a piece that has a sum counts only whole. */
static int take(struct http *h, const struct plan *p, int64_t *offset, struct file **file)
{
    struct xfer x = http_xfer(h, RATE_UP);
    int rc = http_receive(h, &x, *file);

    pace_end(&x.pace);
    if (rc < 0 && x.failed == XFER_STREAM && !h->ask->said.has)
        file_keep(file);
    TRY(rc);
    *offset += x.bytes;
    tell(h, *offset);
    if (*offset < p->length)
        return file_keep(file);
    TRY(file_commit(*file));
    http_log(h, "stored", file_path(*file), x.bytes);
    file_close(file);
    return 0;
}

static int go_on(struct http *h, const struct plan *p, int64_t offset)
{
    CLEANUP(file_close) struct file *file = NULL;
    struct store_upload how = { .path = h->ask->path, .how = p->fresh ? STORE_NEW : STORE_PUT, .keep = offset, .partial = offset > 0 };

    TRY(store_create(&h->s->store, &how, &file));
    seat_doing(h->s->seat, SEAT_RECEIVING, h->ask->path, p->length, rt_now(h->s->task));
    TRY(take(h, p, &offset, &file));
    if (offset == p->length && p->mtime >= 0)
        store_change(&h->s->store, &(struct store_change){ .verb = STORE_MTIME, .path = h->ask->path, .mtime = p->mtime });
    return http_done(h, 204);
}

/* Where nothing is kept between two requests, the one that brings anything has to bring all. Of one in chunks it turns out later. */
static bool is_lost(const struct http *h, const struct plan *p, int64_t offset)
{
    int64_t length = h->ask->head.chunked ? p->length : h->ask->head.length;

    return !store_keeps(&h->s->store) && length > 0 && offset + length < p->length;
}

static int refuse_piece(struct http *h)
{
    return refuse(h, 422, "Pieces of an upload are not kept here: send all of it in one request.");
}

int http_patch(struct http *h)
{
    const struct span *f = h->ask->head.field;
    struct plan p;
    uint64_t offset;
    int rc;

    if (!http_is_tus(h) || read_plan(h, &p) < 0)
        return http_say(h, 404, "There is no such upload.");
    if (!span_ieq(f[HTTP_CONTENT_TYPE], SPAN("application/offset+octet-stream")))
        return refuse(h, 415, "The Content-Type of what is uploaded is application/offset+octet-stream.");
    if (span_u64(f[HTTP_UPLOAD_OFFSET], INT64_MAX / 2, &offset) < 0)
        return refuse(h, 400, "Upload-Offset wants a number.");
    if ((int64_t)offset != offset_of(h, &p) && offset)
        return refuse(h, 409, "That is not where the upload goes on; HEAD tells where.");
    if ((int64_t)offset + (h->ask->head.length > 0 ? h->ask->head.length : 0) > p.length)
        return refuse(h, 413, "That is more than was announced.");
    if (is_lost(h, &p, (int64_t)offset))
        return refuse_piece(h);
    rc = http_sums(h);
    if (rc)
        return rc < 0 ? rc : 0;
    if (f[HTTP_UPLOAD_CHECKSUM].at && http_checksum_parse(f[HTTP_UPLOAD_CHECKSUM], &h->ask->said) < 0)
        return refuse(h, 400, "Upload-Checksum wants one of " HTTP_TUS_SUMS " and its sum in base64, not another than the other fields say.");
    rc = go_on(h, &p, (int64_t)offset);
    if (rc == -EILSEQ)
        return refuse(h, f[HTTP_UPLOAD_CHECKSUM].at ? 460 : 400, "What came is not what its checksum says; none of it was kept. Send it again.");
    if (rc == -EOPNOTSUPP)
        return refuse_piece(h);
    return rc == -EEXIST ? refuse(h, 412, "The name is taken.") : rc;
}

/* http_form: a form with files, as a browser sends it that runs no script: POST of multipart/form-data to the address of a folder (RFC 7578).
 * Called by http_post. Each file is an upload of its own and has its name when its end has come; what breaks off was never there. What one of
 * them fails by is said at the end, when the form has come: browsers read no answer before. Owns a block for what has come and is not looked at
 * yet. A form that is none ends the session, as every request that is not understood. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "proto/http/http_drop.h"
#include "store/access.h"
#include "wire/http_multipart.h"
#include "wire/path.h"

enum { PART_HEAD_MAX = 4096 };

struct form {
    struct http *h;
    struct xfer x;
    char delimiter[4 + HTTP_BOUNDARY_MAX + 1]; /* CRLF, "--" and the boundary */
    size_t from, to;     /* of the block: what has come and is not looked at */
    char *block, *path;  /* of the file under way */
    bool replace;        /* what has these names */
    unsigned stored, lost;
    int why;             /* of the first that was lost */
};

/* ---- bytes ---- */

static struct span come(const struct form *f)
{
    return (struct span){ f->block + f->from, f->to - f->from };
}

/* More of it; -EBADMSG: it has ended without an end, or what should be looked at as a whole fills the block. */
static int more(struct form *f)
{
    ssize_t n;

    if (f->from)
        memmove(f->block, f->block + f->from, f->to - f->from);
    f->to -= f->from;
    f->from = 0;
    if (f->to == HTTP_BLOCK)
        return -EBADMSG;
    n = http_body_read(f->h, &f->x, f->block + f->to, HTTP_BLOCK - f->to);
    TRY(n ? n : -EBADMSG);
    f->to += (size_t)n;
    return 0;
}

/* 1: these come next, and are passed over; 0: something else does. */
static int take(struct form *f, struct span words)
{
    while (come(f).len < words.len)
        TRY(more(f));
    if (!span_starts(come(f), words))
        return 0;
    f->from += words.len;
    return 1;
}

/* In place: it is gone with the next that is taken. */
static int take_head(struct form *f, struct http_part *out)
{
    const char *end;
    size_t len;

    while (!(end = memmem(come(f).at, come(f).len < PART_HEAD_MAX ? come(f).len : PART_HEAD_MAX, "\r\n\r\n", 4)))
        TRY(come(f).len < PART_HEAD_MAX ? more(f) : -EBADMSG);
    len = (size_t)(end + 2 - come(f).at);
    if (http_part_parse((struct span){ come(f).at, len }, out) < 0)
        return -EBADMSG;
    f->from += len + 2;
    return 0;
}

/* To its end, into the file (NULL: nowhere). What the file fails by is *failed; then it is closed, and the rest is read all the same. */
static int take_content(struct form *f, struct file **file, int *failed)
{
    bool ends = false;

    while (!ends) {
        size_t n = http_part_content(come(f), span_of(f->delimiter), &ends);

        if (n && *file)
            *failed = file_write(*file, come(f).at, n);
        f->from += n;
        if (*failed == -ECANCELED)
            return *failed;
        if (*failed < 0)
            file_close(file);
        if (!ends)
            TRY(more(f));
    }
    f->from += strlen(f->delimiter);
    while (come(f).len < 2)
        TRY(more(f));
    return span_starts(come(f), SPAN("\r\n")) || span_starts(come(f), SPAN("--")) ? 0 : -EBADMSG; /* it may have been no end */
}

/* ---- files ---- */

static int path_of(struct form *f, struct span filename)
{
    char name[NAME_CAP + 1];
    int len = http_part_text(filename, name, sizeof name);

    if (len < 0 || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return len < 0 ? len : -EINVAL;
    return path_join(span_of(f->h->ask->path), (struct span){ name, (size_t)len }, f->path, PATH_CAP);
}

static int begin_file(struct form *f, struct file **file)
{
    struct store_upload how = { .path = f->path, .how = f->replace ? STORE_PUT : STORE_NEW, .once = true };

    TRY(store_create(&f->h->s->store, &how, file));
    seat_doing(f->h->s->seat, SEAT_RECEIVING, f->path, -1, rt_now(f->h->s->task));
    return 0;
}

static void count(struct form *f, int failed)
{
    f->stored += failed == 0;
    f->lost += failed < 0;
    if (f->why == 0)
        f->why = failed;
}

/* What is wrong with the file is counted; what is wrong with the form is returned. */
static int store_one(struct form *f, struct span filename)
{
    CLEANUP(file_close) struct file *file = NULL;
    int failed = path_of(f, filename);

    if (failed >= 0)
        failed = begin_file(f, &file);
    TRY(take_content(f, &file, &failed));
    if (file)
        failed = file_commit(file);
    if (file && failed == 0)
        http_log(f->h, "stored", file_path(file), file_size(file));
    seat_done(f->h->s->seat, failed == 0, rt_now(f->h->s->task));
    count(f, failed);
    return 0;
}

static int pass_over(struct form *f)
{
    struct file *none = NULL;
    int nothing = 0;

    return take_content(f, &none, &nothing);
}

/* A field where no file was chosen comes with an empty name. */
static int take_part(struct form *f)
{
    struct http_part part;

    TRY(take_head(f, &part));
    f->replace |= !part.filename.at && span_eq(part.name, SPAN("replace"));
    return part.filename.len ? store_one(f, part.filename) : pass_over(f);
}

static int take_parts(struct form *f)
{
    int rc = take(f, span_from(span_of(f->delimiter), 2));

    TRY(rc ? rc : -EBADMSG);
    while ((rc = take(f, SPAN("--"))) == 0) {
        rc = take(f, SPAN("\r\n"));
        TRY(rc ? rc : -EBADMSG);
        TRY(take_part(f));
    }
    return rc < 0 ? rc : 0;
}

/* ---- the answer ---- */

static int show_folder(struct http *h)
{
    struct buf b = { .at = arena_take(&h->s->scratch, 3 * PATH_CAP), .cap = 3 * PATH_CAP };

    if (!b.at)
        return -ENOMEM;
    http_put_place(&b, h, span_of(h->ask->path[1] ? h->ask->path : ""));
    http_field(h, "Location: %s/", buf_cstr(&b));
    return http_done(h, 303);
}

static int tell(struct form *f)
{
    struct http *h = f->h;
    bool page = span_starts(h->ask->head.field[HTTP_ACCEPT], SPAN("text/html"));
    const char *why = f->why == -EEXIST ? "the name is taken" : err_text(f->why);

    if (!f->stored && !f->lost)
        return http_say(h, 400, "No file was chosen.");
    if (f->lost)
        return http_say(h, http_status(f->why), "%u of %u files have come. The first that has not: %s.", f->stored, f->stored + f->lost, why);
    if (page && store_rights(&h->s->store, h->ask->path) & RIGHT_READ)
        return show_folder(h);
    return http_say(h, 201, f->stored == 1 ? "The file has come." : "%u files have come.", f->stored);
}

static int receive(struct form *f)
{
    int rc = take_parts(f);

    pace_end(&f->x.pace);
    if (rc == -EBADMSG) {
        f->h->over = true;
        return http_say(f->h, 400, "This form is not in order; %u of its files have come before that.", f->stored);
    }
    return rc < 0 ? rc : tell(f);
}

bool http_is_form(const struct http *h)
{
    struct span boundary;

    return http_multipart_boundary(h->ask->head.field[HTTP_CONTENT_TYPE], &boundary) != -ENOENT;
}

int http_form(struct http *h)
{
    const struct span *field = h->ask->head.field;
    CLEANUP(free_text) char *block = NULL;
    struct form *f = arena_take(&h->s->scratch, sizeof *f);
    char *path = arena_take(&h->s->scratch, PATH_CAP);
    struct span boundary;

    if (field[HTTP_CONTENT_ENCODING].at || field[HTTP_CONTENT_DIGEST].at || field[HTTP_REPR_DIGEST].at)
        return http_say(h, 415, "Send a form as it is, without Content-Encoding, and its files by PUT where they have a digest.");
    if (http_multipart_boundary(field[HTTP_CONTENT_TYPE], &boundary) < 0)
        return http_say(h, 400, "The Content-Type of this form has no boundary.");
    if (!(store_rights(&h->s->store, h->ask->path) & RIGHT_ADD))
        return -EACCES;
    block = f && path ? malloc(HTTP_BLOCK) : NULL;
    if (!block)
        return -ENOMEM;
    *f = (struct form){ .h = h, .x = http_xfer(h, RATE_UP), .block = block, .path = path };
    snprintf(f->delimiter, sizeof f->delimiter, "\r\n--%.*s", SPAN_ARG(boundary));
    return receive(f);
}

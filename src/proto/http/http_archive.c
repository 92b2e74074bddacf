/* http_archive: a folder as an archive (`?zip`, `?tar`), all of it or what `name=` names of it. Called for GET and HEAD. What is asked
 * for by name must be there, or nothing is sent; below that, what the session may not list or fetch, or what vanishes meanwhile, is not
 * in the archive. Anything else that goes wrong once it was begun cuts the connection, so that no part passes for the whole, and the log
 * says why. Ranges and tags do not apply: no two archives of a folder need be the same. */
#include "proto/http/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "store/access.h"
#include "store/walk.h"
#include "wire/http_uri.h"

int archive_room(struct archive *a, size_t len)
{
    struct buf *b = &a->o.out;

    return b->cap - b->len < len ? http_out_push(&a->o) : 0;
}

int archive_read(struct archive *a, struct file *f, size_t size)
{
    struct buf *b = &a->o.out;
    size_t done = 0;

    while (done < size) {
        ssize_t n = file_read(f, b->at + b->len, size - done, (int64_t)done);

        TRY(n ? n : -ENODATA);
        b->len += (size_t)n;
        done += (size_t)n;
    }
    return 0;
}

/* ---- entries ---- */

static struct span name_of(struct archive *a, const char *path, bool folder)
{
    size_t len = strlen(path) - a->base;

    memcpy(a->name, path + a->base, len);
    if (folder)
        a->name[len++] = '/';
    return (struct span){ a->name, len };
}

static int add_folder(struct archive *a, const char *path, const struct store_stat *st)
{
    struct archive_item item = { .name = name_of(a, path, true), .stat = *st };

    return a->form->add(a, &item);
}

/* Could it be fetched? What could not is not there either. */
static bool is_missing(int rc)
{
    return rc == -ENOENT || rc == -EACCES || rc == -EISDIR;
}

/* 1: it is missing, and left out. */
static int add_file(struct archive *a, const char *path, const struct store_stat *st)
{
    CLEANUP(file_close) struct file *file = NULL;
    struct archive_item item = { .name = name_of(a, path, false), .stat = *st };
    int rc = store_open(&a->h->s->store, path, &file);

    if (rc < 0)
        return is_missing(rc) ? 1 : rc;
    item.file = file;
    return a->form->add(a, &item);
}

static int add_all(struct archive *a, struct walk *w)
{
    struct walk_entry e;
    int rc;

    while ((rc = walk_next(w, &e)) > 0)
        TRY(e.stat.kind == STORE_DIR ? add_folder(a, e.path, &e.stat) : add_file(a, e.path, &e.stat));
    return rc;
}

/* ---- names ---- */

/* A path of the store; `path` has room for PATH_CAP. */
static int place_of(struct http *h, struct span name, char *path)
{
    return path_join(span_of(h->ask->path), span_from(name, 1), path, PATH_CAP);
}

static int check_file(struct http *h, const char *path)
{
    CLEANUP(file_close) struct file *file = NULL;

    return store_open(&h->s->store, path, &file);
}

/* Is it there, and may it be fetched? */
static int check_place(struct http *h, const char *path)
{
    struct store_stat st;

    TRY(store_stat(&h->s->store, path, &st));
    if (st.kind == STORE_FILE)
        return check_file(h, path);
    return store_rights(&h->s->store, path) & RIGHT_READ ? 0 : -EACCES;
}

/* As it is percent-encoded, into scratch memory; ".." leads nowhere. `room` is that of two paths. */
static int take_name(struct http *h, struct span value, char *room, struct span *out)
{
    char *rel = room + PATH_CAP;
    int len = http_uri_decode(value, true, room, PATH_CAP);

    TRY(len);
    len = path_join(SPAN("/"), (struct span){ room, (size_t)len }, rel, PATH_CAP);
    TRY(len);
    TRY(len > 1 ? 0 : -EINVAL);
    *out = (struct span){ arena_text(&h->s->scratch, (struct span){ rel, (size_t)len }), (size_t)len };
    TRY(out->at ? 0 : -ENOMEM);
    TRY(place_of(h, *out, room));
    return check_place(h, room);
}

static size_t count_names(struct span query)
{
    size_t n = 0;

    while (http_query_next(&query, SPAN("name")).at)
        n++;
    return n;
}

/* Before anything is sent. */
static int take_names(struct archive *a, char *room)
{
    struct span query = a->h->ask->query;
    size_t n = count_names(query);

    if (n)
        a->names = arena_take(&a->h->s->scratch, n * sizeof *a->names);
    if (n && !a->names)
        return -ENOMEM;
    for (; a->n < n; a->n++)
        TRY(take_name(a->h, http_query_next(&query, SPAN("name")), room, &a->names[a->n]));
    return 0;
}

/* What a search finds may lie in a folder that it finds as well: each comes once. Each is compared with all: names come in the
 * target, which has no room (HTTP_TARGET_MAX) for a thousand. */
static bool is_in_another(const struct archive *a, size_t which)
{
    struct span name = a->names[which];

    for (size_t i = 0; i < a->n; i++)
        if (i != which && path_within(a->names[i], name) && (a->names[i].len < name.len || i < which))
            return true;
    return false;
}

static int add_named(struct archive *a, const char *path)
{
    CLEANUP(walk_close) struct walk *w = NULL;
    struct store_stat st;

    TRY(store_stat(&a->h->s->store, path, &st));
    if (st.kind == STORE_FILE) {
        int rc = add_file(a, path, &st);

        return rc > 0 ? -ENOENT : rc;
    }
    TRY(walk_open(&a->h->s->store, path, &w));
    TRY(add_folder(a, path, &st));
    return add_all(a, w);
}

static int add_names(struct archive *a, char *path)
{
    for (size_t i = 0; i < a->n; i++) {
        if (is_in_another(a, i))
            continue;
        TRY(place_of(a->h, a->names[i], path));
        TRY(add_named(a, path));
    }
    return 0;
}

/* ---- the answer ---- */

static void fields(struct http *h, const struct archive_form *form)
{
    char name[3 * NAME_CAP + 1];
    struct buf n = BUF(name);
    struct span leaf = path_leaf(span_of(h->ask->path));

    http_uri_encode(&n, leaf.len ? leaf : SPAN("files"));
    http_field(h, "Content-Disposition: attachment; filename*=UTF-8''%s.%s", buf_cstr(&n), form->query);
    http_field(h, "Accept-Ranges: none");
    http_field(h, "Cache-Control: no-store");
}

/* walk NULL: the names. */
static int send_all(struct archive *a, struct walk *walk, char *path)
{
    fields(a->h, a->form);
    TRY(http_out_begin(a->h, 200, a->form->type, &a->o));
    if (a->h->ask->head_only)
        return 0;
    TRY(walk ? add_all(a, walk) : add_names(a, path));
    TRY(a->form->end(a));
    return http_out_end(&a->o);
}

/* A client that leaves is no news. */
static bool is_ours(int rc)
{
    return rc < 0 && rc != -EPIPE && rc != -ECONNRESET && rc != -ETIMEDOUT && rc != -ECANCELED;
}

static const char *why(int rc)
{
    if (rc == -E2BIG)
        return "more names than are kept in memory: take a tar, or folders one by one";
    return rc == -ENODATA ? "a file became shorter" : err_text(rc);
}

static int answer(struct archive *a, struct walk *walk, char *path)
{
    struct http *h = a->h;
    int rc;

    a->base = strlen(h->ask->path) + (h->ask->path[1] != '\0');
    seat_doing(h->s->seat, SEAT_SENDING, h->ask->path, -1, rt_now(h->s->task));
    rc = send_all(a, walk, path);
    if (rc >= 0 && !h->ask->head_only)
        http_log(h, "sent", h->ask->path, a->o.x.bytes);
    if (is_ours(rc))
        LOG(h->s->server->log, "archive-cut", LOG_TEXT("peer", span_of(h->s->peer)), LOG_TEXT("path", span_of(h->ask->path)),
            LOG_TEXT("at", span_of(a->name)), LOG_TEXT("why", span_of(why(rc))));
    http_out_free(&a->o);
    zip_list_free(&a->list);
    return rc;
}

const struct archive_form *http_archive_form(struct span query)
{
    static const struct archive_form *const forms[] = { &archive_zip, &archive_tar, NULL };

    for (size_t i = 0; forms[i]; i++) {
        struct span rest = query;

        if (http_query_next(&rest, span_of(forms[i]->query)).at)
            return forms[i];
    }
    return NULL;
}

int http_archive(struct http *h, const struct archive_form *form)
{
    CLEANUP(walk_close) struct walk *walk = NULL;
    struct archive *a = arena_take(&h->s->scratch, sizeof *a);
    char *room = arena_take(&h->s->scratch, 2 * PATH_CAP);

    if (!a || !room)
        return -ENOMEM;
    *a = (struct archive){ .h = h, .form = form };
    TRY(take_names(a, room));
    if (!a->names)
        TRY(walk_open(&h->s->store, h->ask->path, &walk));
    return answer(a, walk, room);
}

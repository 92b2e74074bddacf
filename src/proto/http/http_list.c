/* http_list: folders: a plain page that needs no script, and `?json`, lines of JSON for programs and for the page. Both stream from the
 * store in blocks: memory is bounded and the first entries leave at once, whatever the folder holds. With limit= and after= it is a page of
 * http_page.c's. Names are escaped, and links are percent-encoded byte by byte. */
#include <errno.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "proto/http/archive.h"
#include "proto/http/http_drop.h"
#include "proto/http/http_page.h"
#include "store/access.h"
#include "wire/http_date.h"
#include "wire/http_uri.h"
#include "wire/json.h"
#include "wire/path.h"
#include "wire/text.h"

enum { PAGE_TURN = 256 };

/* What the query asks for. */
struct wanted {
    bool json;
    unsigned limit;   /* 0: all */
    struct span after;
};

struct listing {
    struct http_out o;
    int64_t n;
    struct wanted want;
    struct http_page page;
    void (*print)(struct buf *, const struct dir_entry *, unsigned rights);
};

/* ---- words ---- */

static void put_rights(struct buf *b, unsigned rights)
{
    static const char *const words[] = { "read", "add", "write" };
    const char *before = "";

    buf_text(b, "[");
    for (unsigned i = 0; i < 3; i++)
        if (rights & 1u << i) {
            buf_printf(b, "%s\"%s\"", before, words[i]);
            before = ",";
        }
    buf_text(b, "]");
}

/* Text inside markup. What could not be read on a screen, or would turn the line around, is a question mark. The room's own end
 * holds the text meanwhile, which is never longer than the name. */
static void put_escaped(struct buf *b, struct span name)
{
    struct buf plain = { .at = b->at + b->cap - name.len - 1, .cap = name.len + 1 };
    const char *text = plain.at;

    b->over |= b->cap - b->len < 8 * name.len + 8;
    if (b->over)
        return;
    text_terminal(&plain, name);
    for (size_t i = 0; i < plain.len; i++)
        switch (text[i]) {
        case '&': buf_text(b, "&amp;"); break;
        case '<': buf_text(b, "&lt;"); break;
        case '>': buf_text(b, "&gt;"); break;
        case '"': buf_text(b, "&quot;"); break;
        case '\'': buf_text(b, "&#39;"); break;
        default: buf_putc(b, text[i]);
        }
}

/* ---- entries ---- */

static void print_json(struct buf *b, const struct dir_entry *e, unsigned rights)
{
    bool folder = e->stat.kind == STORE_DIR;

    json_begin(b);
    json_text(b, "name", e->name);
    if (!text_is_utf8(e->name)) { /* the name as it can be asked for */
        buf_text(b, ",\"href\":\"");
        http_uri_encode(b, e->name);
        buf_text(b, "\"");
    }
    json_bool(b, "folder", folder);
    if (!folder)
        json_number(b, "size", e->stat.size);
    json_number(b, "mtime", e->stat.mtime);
    if (rights != RIGHTS_NONE) {
        buf_text(b, ",\"rights\":");
        put_rights(b, rights);
    }
    json_end(b);
}

/* "./" keeps a name with a colon from being a scheme. */
static void print_row(struct buf *b, const struct dir_entry *e, unsigned rights)
{
    bool folder = e->stat.kind == STORE_DIR;
    const char *slash = folder ? "/" : "";

    (void)rights;
    buf_text(b, "<tr><td><a href=\"./");
    http_uri_encode(b, e->name);
    buf_printf(b, "%s\">", slash);
    put_escaped(b, e->name);
    buf_printf(b, "%s</a><td>", slash);
    if (!folder)
        buf_printf(b, "%lld", (long long)e->stat.size);
    buf_text(b, "<td>");
    http_date_print(b, e->stat.mtime);
    buf_text(b, "\n");
}

static int add(struct listing *l, const struct dir_entry *e, unsigned rights)
{
    struct buf *b = &l->o.out;
    size_t before = b->len;

    l->print(b, e, rights);
    l->n++;
    if (!b->over)
        return 0;
    b->len = before;
    b->over = false;
    TRY(http_out_push(&l->o));
    l->print(b, e, rights);
    CHECK(!b->over);
    return 0;
}

/* rights: those of the folder; an entry tells its own only where they differ (told as NONE: they do not). */
static int add_all(struct listing *l, struct http *h, struct dir *dir, unsigned rights)
{
    const struct dir_entry *e;
    int rc;

    while ((rc = dir_next(dir, &e)) > 0) {
        const char *path = dir_path(dir);
        unsigned own = path ? store_rights(&h->s->store, path) : rights;

        TRY(add(l, e, own == rights ? RIGHTS_NONE : own));
    }
    return rc;
}

/* ---- a page ---- */

/* All names have to be seen for it, but no file is looked at. */
static int choose(struct listing *l, struct http *h, struct dir *dir)
{
    const struct dir_entry *e;
    unsigned seen = 0;
    int rc;

    while ((rc = dir_next(dir, &e)) > 0) {
        http_page_add(&l->page, l->want.after, e->name);
        if (++seen % PAGE_TURN == 0)
            TRY(rt_turn(h->s->task, -1));
    }
    http_page_end(&l->page);
    return rc;
}

/* One that is gone by now was never there. */
static int add_named(struct listing *l, struct http *h, const char *name, char *path, unsigned rights)
{
    struct dir_entry e = { .name = span_of(name) };
    unsigned own;

    if (path_join(span_of(h->ask->path), e.name, path, PATH_CAP) < 0 || store_stat(&h->s->store, path, &e.stat) < 0)
        return 0;
    own = store_rights(&h->s->store, path);
    return add(l, &e, own == rights ? RIGHTS_NONE : own);
}

static int add_page(struct listing *l, struct http *h, struct dir *dir, unsigned rights)
{
    char *path = arena_take(&h->s->scratch, PATH_CAP);

    if (!path)
        return -ENOMEM;
    TRY(choose(l, h, dir));
    for (unsigned i = 0; i < l->page.n; i++)
        TRY(add_named(l, h, l->page.name[i], path, rights));
    return 0;
}

/* ---- the two forms ---- */

static void begin_json(struct http *h, struct buf *b, unsigned rights)
{
    const struct auth *auth = h->s->server->auth;
    bool stranger = h->s->account == &auth->anonymous || h->ask->link.at;

    buf_text(b, "{\"path\":");
    text_json(b, http_shown(h, span_of(h->ask->path)));
    b->len--;
    if (http_shown(h, span_of(h->ask->path)).len > 1)
        buf_putc(b, '/');
    buf_text(b, "\",\"rights\":");
    put_rights(b, rights);
    json_text(b, "account", stranger ? SPAN("") : span_of(h->s->account->name));
    json_bool(b, "login", !h->ask->link.at && (auth->n || auth->system || auth->file));
    if (rights != RIGHTS_DROP)
        json_bool(b, "zip", true);
    if (h->ask->link.at)
        json_number(b, "until", h->ask->link_end);
    json_end(b);
}

/* next: the address of what follows, seen from this one. */
static void end_json(struct buf *b, const struct listing *l)
{
    json_begin(b);
    json_number(b, "end", l->n);
    if (l->page.more) {
        buf_printf(b, ",\"next\":\"?json&limit=%u&after=", l->want.limit);
        http_uri_encode(b, span_of(l->page.name[l->page.n - 1]));
        buf_text(b, "\"");
    }
    json_end(b);
}

/* For who runs no script. What is said of replacing comes before the files, as it has to be known then. */
static void put_form(struct buf *b, unsigned rights)
{
    buf_text(b, "<noscript><form method=\"post\" enctype=\"multipart/form-data\">\n");
    if (rights & RIGHT_WRITE)
        buf_text(b, "<label><input type=\"checkbox\" name=\"replace\"> Replace files of the same name</label>\n");
    buf_text(b, "<label>Files <input type=\"file\" name=\"file\" multiple required></label>\n<button>Upload</button>\n</form></noscript>\n");
}

static void begin_page(struct http *h, struct buf *b, unsigned rights)
{
    struct span shown = http_shown(h, span_of(h->ask->path));

    buf_text(b, http_page_head);
    buf_text(b, "<title>");
    put_escaped(b, shown);
    buf_text(b, "</title>\n<h1>");
    put_escaped(b, shown);
    buf_text(b, "</h1>\n");
    if (!(rights & RIGHT_READ))
        buf_text(b, "<p>Files can be left here, but not seen: by this page, or with <code>curl -T FILE</code> and this address.</p>\n");
    if (rights & RIGHT_ADD)
        put_form(b, rights);
    buf_text(b, "<table>\n<tr><th>Name<th>Bytes<th>Changed\n");
    if (shown.len > 1)
        buf_text(b, "<tr><td><a href=\"../\">../</a><td><td>\n");
}

enum { END_MAX = 100 + 3 * NAME_CAP };

static int send_listing(struct http *h, struct listing *l, struct dir *dir, unsigned rights)
{
    struct buf *b = &l->o.out;
    bool json = l->want.json;

    l->print = json ? print_json : print_row;
    TRY(http_out_begin(h, 200, json ? "application/x-ndjson" : "text/html; charset=utf-8", &l->o));
    if (h->ask->head_only)
        return 0;
    (json ? begin_json : begin_page)(h, b, rights);
    TRY(l->want.limit ? add_page(l, h, dir, rights) : add_all(l, h, dir, rights));
    if (b->cap - b->len < END_MAX)
        TRY(http_out_push(&l->o));
    if (json)
        end_json(b, l);
    else
        buf_text(b, "</table>\n");
    return http_out_end(&l->o);
}

static int read_wanted(struct http *h, struct wanted *w)
{
    struct span query = h->ask->query, limit, after;
    char *name = arena_take(&h->s->scratch, NAME_CAP + 1);
    uint64_t n = HTTP_PAGE_MAX;
    int len;

    w->json = http_query_next(&query, SPAN("json")).at;
    query = h->ask->query;
    limit = http_query_next(&query, SPAN("limit"));
    query = h->ask->query;
    after = http_query_next(&query, SPAN("after"));
    if (!w->json || (!limit.at && !after.at))
        return 0;
    if (!name)
        return -ENOMEM;
    if (limit.at)
        TRY(span_u64(limit, HTTP_PAGE_MAX, &n));
    len = http_uri_decode(after, true, name, NAME_CAP + 1);
    TRY(len);
    w->limit = (unsigned)n;
    w->after = (struct span){ name, (size_t)len };
    return n ? 0 : -ERANGE;
}

static int list(struct http *h, struct listing *l)
{
    CLEANUP(dir_close) struct dir *dir = NULL;
    unsigned rights = store_rights(&h->s->store, h->ask->path);

    TRY(store_list(&h->s->store, h->ask->path, !l->want.limit, &dir));
    if (l->want.limit)
        TRY(http_page_begin(&l->page, l->want.limit));
    http_field(h, "Content-Security-Policy: %s", http_page_policy);
    http_field(h, "Cache-Control: no-store");
    http_field(h, "Referrer-Policy: same-origin");
    seat_doing(h->s->seat, SEAT_LISTING, h->ask->path, -1, rt_now(h->s->task));
    return send_listing(h, l, dir, rights);
}

static int list_folder(struct http *h)
{
    struct listing l = { 0 };
    int rc = read_wanted(h, &l.want);

    if (rc < 0 && rc != -ENOMEM)
        return http_say(h, 400, "limit is a number from 1 to %d, and after the last name of the page before.", HTTP_PAGE_MAX);
    TRY(rc);
    rc = list(h, &l);
    http_out_free(&l.o);
    http_page_free(&l.page);
    return rc;
}

int http_folder(struct http *h)
{
    const struct archive_form *form = http_archive_form(h->ask->query);

    return form ? http_archive(h, form) : list_folder(h);
}

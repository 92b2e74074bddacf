/* http_list: folders: a plain page that needs no script, and `?json`, lines of JSON for programs and for the page. Both stream from the
 * store in blocks: memory is bounded and the first entries leave at once, whatever the folder holds. Names are escaped, and links are
 * percent-encoded byte by byte. */
#include <errno.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "proto/http/archive.h"
#include "proto/http/http_drop.h"
#include "store/access.h"
#include "wire/http_date.h"
#include "wire/http_uri.h"
#include "wire/json.h"
#include "wire/text.h"

struct listing {
    struct http_out o;
    int64_t n;
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
    json_bool(b, "zip", true);
    if (h->ask->link.at)
        json_number(b, "until", h->ask->link_end);
    json_end(b);
}

static void end_json(struct buf *b, int64_t n)
{
    json_begin(b);
    json_number(b, "end", n);
    json_end(b);
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
        buf_text(b, "<p>Files can be left here, but not seen: by this page, which needs JavaScript for it, or with <code>curl -T FILE</code>"
                    " and this address.</p>\n");
    buf_text(b, "<table>\n<tr><th>Name<th>Bytes<th>Changed\n");
    if (shown.len > 1)
        buf_text(b, "<tr><td><a href=\"../\">../</a><td><td>\n");
}

static int send_listing(struct http *h, struct listing *l, struct dir *dir, bool json, unsigned rights)
{
    struct buf *b = &l->o.out;

    l->print = json ? print_json : print_row;
    TRY(http_out_begin(h, 200, json ? "application/x-ndjson" : "text/html; charset=utf-8", &l->o));
    if (h->ask->head_only)
        return 0;
    (json ? begin_json : begin_page)(h, b, rights);
    TRY(add_all(l, h, dir, rights));
    if (b->cap - b->len < 100)
        TRY(http_out_push(&l->o));
    if (json)
        end_json(b, l->n);
    else
        buf_text(b, "</table>\n");
    return http_out_end(&l->o);
}

static APART int list(struct http *h)
{
    CLEANUP(dir_close) struct dir *dir = NULL;
    struct listing l = { 0 };
    struct span query = h->ask->query;
    unsigned rights = store_rights(&h->s->store, h->ask->path);
    bool json = http_query_next(&query, SPAN("json")).at;
    int rc;

    TRY(store_list(&h->s->store, h->ask->path, true, &dir));
    http_field(h, "Content-Security-Policy: %s", http_page_policy);
    http_field(h, "Cache-Control: no-store");
    http_field(h, "Referrer-Policy: same-origin");
    seat_doing(h->s->seat, SEAT_LISTING, h->ask->path, -1, rt_now(h->s->task));
    rc = send_listing(h, &l, dir, json, rights);
    http_out_free(&l.o);
    return rc;
}

int http_folder(struct http *h)
{
    const struct archive_form *form = http_archive_form(h->ask->query);

    return form ? http_archive(h, form) : list(h);
}

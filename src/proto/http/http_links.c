/* http_links: /.well-known/dray/links, where an account makes drop links (POST: folder, days), sees them (GET: a line of JSON for each)
 * and takes them back (DELETE). A link's number is told once, in the answer that makes it: nothing that is kept could tell it again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_drop.h"
#include "proto/http/http_who.h"
#include "store/access.h"
#include "store/link.h"
#include "sys/clock.h"
#include "wire/http_uri.h"
#include "wire/json.h"
#include "wire/path.h"

enum { FORM_MAX = 3 * PATH_CAP + 100, DAYS = 7, DAYS_MAX = 365, DAY = 24 * 3600, LINE_MAX = 6 * PATH_CAP + 200 };

static void print_link(struct buf *b, const struct link *l, const char *folder, const char *number)
{
    json_begin(b);
    json_text(b, "link", span_of(l->name));
    if (number) {
        buf_text(b, ",\"url\":\"/.dray-drop/");
        buf_printf(b, "%s/\"", number);
    }
    json_text(b, "folder", span_of(folder));
    json_number(b, "until", l->end);
    json_end(b);
}

/* ---- seeing ---- */

static int put_all(struct http_out *o, const struct link *all, int n)
{
    for (int i = 0; i < n; i++) {
        if (o->out.cap - o->out.len < LINE_MAX)
            TRY(http_out_push(o));
        print_link(&o->out, &all[i], all[i].folder, NULL);
    }
    return http_out_end(o);
}

static int list(struct http *h, struct link *all)
{
    struct http_out o = { 0 };
    int n = link_list(&h->s->store, all), rc;

    TRY(n);
    http_field(h, "Cache-Control: no-store");
    rc = http_out_begin(h, 200, "application/x-ndjson", &o);
    if (rc == 0)
        rc = put_all(&o, all, h->ask->head_only ? 0 : n);
    http_out_free(&o);
    for (int i = 0; i < n; i++)
        link_free(&all[i]);
    return rc;
}

static int list_all(struct http *h)
{
    struct link *all = calloc(LINKS_MAX, sizeof *all);
    int rc = all ? list(h, all) : -ENOMEM;

    free(all);
    return rc;
}

/* ---- making ---- */

static int read_form(struct http *h, char **folder, uint64_t *days)
{
    char *raw = arena_take(&h->s->scratch, PATH_CAP);
    struct span form, rest, text;
    int len;

    *folder = arena_take(&h->s->scratch, PATH_CAP);
    if (!raw || !*folder)
        return -ENOMEM;
    TRY(http_body_text(h, FORM_MAX, &form));
    rest = form;
    text = http_query_next(&rest, SPAN("folder"));
    len = text.at ? http_uri_decode(text, true, raw, PATH_CAP) : -EINVAL;
    TRY(len);
    TRY(path_join(SPAN("/"), (struct span){ raw, (size_t)len }, *folder, PATH_CAP));
    text = http_query_next(&form, SPAN("days"));
    *days = DAYS;
    return text.at && (span_u64(text, DAYS_MAX, days) < 0 || !*days) ? -EINVAL : 0;
}

static int tell(struct http *h, const struct link *l, const char *folder, const char *number)
{
    struct buf b = { .at = arena_take(&h->s->scratch, LINE_MAX), .cap = LINE_MAX };

    if (!b.at)
        return -ENOMEM;
    print_link(&b, l, folder, number);
    http_log(h, "link-made", folder, 0);
    http_field(h, "Location: /.dray-drop/%s/", number);
    http_field(h, "Cache-Control: no-store");
    TRY(http_begin(h, 201, "application/json", (int64_t)b.len));
    return io_put(h->s->control, buf_span(&b));
}

static int make_for(struct http *h, const char *folder, uint64_t days)
{
    char number[LINK_TEXT + 1], stamp[LINK_STAMP + 1];
    struct link l;
    int rc;

    link_number(number);
    TRY(auth_stamp(h->s->account, span_of(number), stamp));
    rc = link_make(&h->s->store, number, stamp, folder, clock_wall() + (int64_t)days * DAY, &l);
    if (rc == -EDQUOT)
        return http_say(h, 429, "There are %d links of this account already; take some back first.", LINKS_MAX);
    return rc < 0 ? rc : tell(h, &l, folder, number);
}

static int make(struct http *h)
{
    struct store_stat st;
    uint64_t days;
    char *folder;
    int rc = read_form(h, &folder, &days);

    if (rc == -EINVAL || rc == -ENAMETOOLONG)
        return http_say(h, 400, "The form wants a folder, and perhaps days: 1 to %d.", DAYS_MAX);
    TRY(rc);
    TRY(store_stat(&h->s->store, folder, &st));
    if (st.kind != STORE_DIR)
        return -ENOTDIR;
    return store_rights(&h->s->store, folder) & RIGHT_ADD ? make_for(h, folder, days) : -EACCES;
}

/* ---- taking back ---- */

static int take_back(struct http *h, struct span name)
{
    TRY(link_drop(&h->s->store, name));
    http_log(h, "link-removed", "", 0);
    return http_done(h, 204);
}

int http_links(struct http *h, struct span rest)
{
    const struct span method = h->ask->head.method;
    int rc = http_who(h);

    if (rc)
        return rc < 0 ? rc : 0;
    if (h->s->account == &h->s->server->auth->anonymous)
        return http_unauthorized(h, "Links are made by accounts; log in.");
    if (h->s->account->system)
        return http_say(h, 403, "System users cannot make links: nobody else can become one of them.");
    if (span_eq(method, SPAN("DELETE")))
        return take_back(h, span_from(rest, 1));
    if (rest.len)
        return -ENOENT;
    return span_eq(method, SPAN("POST")) ? make(h) : h->ask->head_only || span_eq(method, SPAN("GET")) ? list_all(h)
           : http_say(h, 405, "That is not done here.");
}

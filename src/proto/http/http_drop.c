/* http_drop: requests below a drop link's address, /.dray-drop/NUMBER/ (no file has such a name, see store/storage.h). Called before
 * anybody logs in; the session becomes the account's that made the link, as far as it still is the same: removed, or with another
 * password, its links are dead. What it may do is what that account may there now, and of that nothing but leaving files; the store holds
 * to it (store.less), so that no method has to know of links. Nothing of the request but the link says who it is. */
#include "proto/http/http_drop.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_who.h"
#include "store/access.h"
#include "store/link.h"
#include "wire/http_uri.h"
#include "wire/path.h"

#define PLACE "/.dray-drop/"

bool http_is_drop(struct span path)
{
    return span_starts(path, SPAN(PLACE));
}

struct span http_shown(const struct http *h, struct span path)
{
    struct span shown = span_from(path, h->ask->below);

    return shown.len ? shown : SPAN("/");
}

void http_put_place(struct buf *b, const struct http *h, struct span path)
{
    buf_put(b, h->ask->link);
    http_uri_encode(b, span_from(path, h->ask->below));
}

static int no_link(struct http *h)
{
    TRY(http_say(h, 404, "There is no such link, or not any more; ask for a new one."));
    return 1;
}

/* The account as it was when the link was made, if it is. *out is held. */
static int maker(struct http *h, const struct link *l, struct span number, const struct account **out)
{
    const struct auth *auth = h->s->server->auth;
    char stamp[LINK_STAMP + 1];
    const struct account *a;

    TRY(auth_find(auth, h->s->task, span_of(l->account), &a));
    if (auth_stamp(a, number, stamp) == 0 && strcmp(stamp, l->stamp) == 0) {
        *out = a;
        return 0;
    }
    account_drop(&a);
    return -EACCES;
}

static int become(struct http *h, const struct link *l, struct span number)
{
    const struct account *a;
    int rc = maker(h, l, number, &a);

    if (rc == -EACCES)
        return no_link(h);
    TRY(rc);
    http_forget(h); /* what had logged in this connection before */
    if (a == h->s->account)
        account_drop(&a);
    else {
        rc = http_enter(h, a);
        if (rc)
            return rc;
        http_log(h, "link-used", l->folder, 0);
    }
    h->s->store.less = RIGHT_READ | RIGHT_WRITE;
    return 0;
}

/* The request's path is absolute and normal: what follows the number cannot lead out of the folder. */
static int move_path(struct http *h, const struct link *l, struct span rest)
{
    char *path = arena_take(&h->s->scratch, PATH_CAP);
    int len;

    if (!path)
        return -ENOMEM;
    while (span_starts(rest, SPAN("/")))
        rest = span_from(rest, 1);
    len = path_join(span_of(l->folder), rest, path, PATH_CAP);
    if (len < 0)
        return http_say(h, 414, "That name is too long."), 1;
    h->ask->path = path;
    h->ask->below = l->folder[1] ? strlen(l->folder) : 0;
    h->ask->link_end = l->end;
    return 0;
}

static int use(struct http *h, const struct link *l, struct span number, struct span rest)
{
    int rc = become(h, l, number);

    if (rc == 0)
        rc = move_path(h, l, rest);
    if (rc == 0 && store_rights(&h->s->store, l->folder) != RIGHTS_DROP)
        rc = no_link(h);
    return rc;
}

int http_drop_who(struct http *h)
{
    struct span rest = span_from(span_of(h->ask->path), sizeof PLACE - 1), number = span_cut(&rest, '/');
    struct link l;
    int rc;

    if (auth_changed(h->s->server->auth))
        return http_misdirected(h);
    rc = link_find(&h->s->store, number, &l);

    if (rc == -ENOENT)
        return no_link(h);
    TRY(rc);
    h->ask->link = (struct span){ h->ask->path, sizeof PLACE - 1 + number.len };
    rc = use(h, &l, number, rest);
    link_free(&l);
    return rc;
}

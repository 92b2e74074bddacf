/* http_change: PUT DELETE MKCOL MOVE (RFC 9110 section 9.3, RFC 4918 section 9). An upload exists only after its commit, and its answer is
 * said only then: whatever goes wrong before leaves what was there untouched. */
#include <errno.h>

#include "base/cleanup.h"
#include "proto/http/http.h"
#include "store/access.h"
#include "wire/http_uri.h"
#include "wire/path.h"

enum { MTIME_MAX = 20 };

bool http_there(const struct http *h, const char *path, struct store_stat *st)
{
    return store_rights(&h->s->store, path) != RIGHTS_DROP && store_stat(&h->s->store, path, st) == 0;
}

/* What the client thinks that is there: 1, when it was wrong and was told. */
static int check_conditions(struct http *h, bool there, const struct store_stat *st)
{
    unsigned status = http_conditions(h, there ? st : NULL);

    if (!status)
        return 0;
    TRY(http_say(h, status, there ? "The name is taken, or the file is not the one that was meant." : "The file is not there."));
    return 1;
}

static int change(struct http *h, enum store_verb verb, const char *event)
{
    TRY(store_change(&h->s->store, &(struct store_change){ .verb = verb, .path = h->ask->path }));
    http_log(h, event, h->ask->path, 0);
    return 0;
}

/* ---- PUT ---- */

/* As ownCloud and rclone send it: seconds, perhaps with a fraction. A time that cannot be set is no reason to lose the file. */
static void set_time(struct http *h)
{
    struct span field = h->ask->head.field[HTTP_X_OC_MTIME];
    uint64_t seconds;

    if (span_u64(span_cut(&field, '.'), 253402300799, &seconds) < 0)
        return;
    if (store_change(&h->s->store, &(struct store_change){ .verb = STORE_MTIME, .path = h->ask->path, .mtime = (int64_t)seconds }) == 0)
        http_field(h, "X-OC-MTime: accepted");
}

static int receive(struct http *h, struct file *file, int64_t *bytes)
{
    struct xfer x = http_xfer(h, RATE_UP);
    int rc = http_receive(h, &x, file);

    pace_end(&x.pace);
    *bytes = x.bytes;
    return rc;
}

static int put_file(struct http *h, enum store_how how)
{
    CLEANUP(file_close) struct file *file = NULL;
    int64_t bytes;

    TRY(store_create(&h->s->store, &(struct store_upload){ .path = h->ask->path, .how = how, .once = true }, &file));
    seat_doing(h->s->seat, SEAT_RECEIVING, h->ask->path, h->ask->head.length, rt_now(h->s->task));
    TRY(receive(h, file, &bytes));
    TRY(file_commit(file));
    http_log(h, "stored", file_path(file), bytes);
    file_close(&file);
    set_time(h);
    return 0;
}

static const char *put_complaint(const struct http *h, unsigned *status)
{
    const struct span *f = h->ask->head.field;

    *status = f[HTTP_CONTENT_RANGE].at ? 400 : f[HTTP_CONTENT_ENCODING].at ? 415 : h->ask->slash ? 409 : 0;
    return *status == 400 ? "A part of a file cannot be put; resume by tus." : *status == 415 ? "Send the file as it is, without Content-Encoding."
                          : "That is the address of a folder; MKCOL makes one.";
}

int http_put(struct http *h)
{
    struct span none = h->ask->head.field[HTTP_IF_NONE_MATCH];
    struct store_stat st;
    bool there = http_there(h, h->ask->path, &st), fresh = span_eq(none, SPAN("*"));
    unsigned status;
    const char *why = put_complaint(h, &status);
    int rc;

    if (status)
        return http_say(h, status, "%s", why);
    rc = check_conditions(h, there, &st);
    if (rc == 0)
        rc = http_sums(h);
    if (rc)
        return rc < 0 ? rc : 0;
    rc = put_file(h, fresh ? STORE_NEW : STORE_PUT);
    if (rc == -EEXIST && fresh)
        return http_say(h, 412, "The name is taken.");
    if (rc == -ENOENT)
        return http_say(h, 409, "There is no folder to put it into.");
    if (rc == -EILSEQ)
        return http_say(h, 400, "What came is not what its digest says; nothing was stored. Send it again.");
    return rc < 0 ? rc : http_done(h, there ? 204 : 201);
}

/* ---- the others ---- */

int http_delete(struct http *h)
{
    struct store_stat st;
    int rc;

    if (http_is_tus(h))
        return http_tus_drop(h);
    TRY(store_stat(&h->s->store, h->ask->path, &st));
    rc = check_conditions(h, true, &st);
    if (rc)
        return rc < 0 ? rc : 0;
    TRY(st.kind == STORE_DIR ? change(h, STORE_RMDIR, "removed") : change(h, STORE_RM, "deleted"));
    return http_done(h, 204);
}

int http_mkcol(struct http *h)
{
    struct store_stat st;
    int rc;

    if (!h->ask->body_over)
        return http_say(h, 415, "MKCOL takes no body.");
    if (http_there(h, h->ask->path, &st))
        return http_say(h, 405, "The name is taken.");
    rc = change(h, STORE_MKDIR, "made");
    if (rc == -ENOENT)
        return http_say(h, 409, "There is no folder to make it in.");
    return rc < 0 ? rc : http_done(h, 201);
}

/* A path, or a whole address of this server. */
static bool own_place(const struct http *h, struct span *place)
{
    struct span authority;
    ptrdiff_t slash;

    if (span_starts(*place, SPAN("/")))
        return !span_starts(*place, SPAN("//"));
    if (!span_starts(*place, SPAN("http://")) && !span_starts(*place, SPAN("https://")))
        return false;
    *place = span_from(*place, (size_t)span_find(*place, '/') + 2);
    slash = span_find(*place, '/');
    authority = (struct span){ place->at, slash < 0 ? place->len : (size_t)slash };
    *place = slash < 0 ? SPAN("/") : span_from(*place, (size_t)slash);
    return span_ieq(authority, h->ask->head.field[HTTP_HOST]);
}

static int move_to(struct http *h, const char *to)
{
    bool keep = span_ieq(h->ask->head.field[HTTP_OVERWRITE], SPAN("F"));
    struct store_stat st;
    bool there = http_there(h, to, &st);

    if (there && keep)
        return http_say(h, 412, "The name is taken.");
    TRY(store_change(&h->s->store, &(struct store_change){ .verb = STORE_MV, .path = h->ask->path, .to = to }));
    http_log(h, "renamed", h->ask->path, 0);
    return http_done(h, there ? 204 : 201);
}

int http_move(struct http *h)
{
    struct span place = h->ask->head.field[HTTP_DESTINATION], path, query;
    struct store_stat st;
    bool slash;
    char *to;
    int rc;

    if (!place.at || !own_place(h, &place))
        return http_say(h, 400, "MOVE wants a Destination on this server.");
    http_uri_split(place, &path, &query);
    if (http_path(h, path, &to, &slash) < 0 || http_is_own(span_of(to)))
        return http_say(h, 400, "That Destination is no address.");
    TRY(store_stat(&h->s->store, h->ask->path, &st));
    rc = check_conditions(h, true, &st);
    return rc ? rc < 0 ? rc : 0 : move_to(h, to);
}

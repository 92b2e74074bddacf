/* ftp_list: listings: LIST NLST (RFC 959), MLSD MLST (RFC 3659 section 7), STAT path. Entries stream from the store to the
 * data connection in blocks: memory is bounded and the first entries leave at once, whatever the folder holds. Names are
 * printed so that none can forge a line. LIST takes what clients take for granted: flags of ls are accepted and ignored, the
 * last part of a path may be a pattern. */
#include <errno.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "store/access.h"
#include "sys/clock.h"
#include "wire/ftp_list.h"
#include "wire/match.h"
#include "wire/path.h"
#include "wire/text.h"

enum { BLOCK = 64 * 1024, STAT_MAX = 100 * 1024 };

struct listing {
    struct ftp *f;
    struct xfer *x;      /* where full blocks go; NULL: the block is all there is room for */
    struct buf out;
    int64_t now;
    struct span pattern; /* empty: everything */
    struct span prefix;  /* NLST: what makes a bare name usable in RETR */
    bool (*print)(struct listing *, struct ftp_entry *);
};

/* path: what tells the entry's rights; NULL: they are the same everywhere. */
static struct ftp_entry entry_of(const struct store *st, const char *path, struct span name, const struct store_stat *s)
{
    unsigned rights = path ? store_rights(st, path) : st->rights;

    return (struct ftp_entry){
        .name = name, .kind = s->kind == STORE_DIR ? FTP_DIR : FTP_FILE, .size = s->size, .mtime = s->mtime, .dev = s->dev,
        .ino = s->ino, .mode = s->mode, .nlink = s->nlink, .uid = s->uid, .gid = s->gid, .read = rights & RIGHT_READ,
        .add = rights & RIGHT_ADD, .write = rights & RIGHT_WRITE, .stays = path && !store_moves(st, path),
    };
}

/* ---- the three forms of a line ---- */

static bool print_ls(struct listing *l, struct ftp_entry *e)
{
    ftp_list_print_ls(&l->out, e, l->now);
    return true;
}

static bool print_facts(struct listing *l, struct ftp_entry *e)
{
    ftp_list_print_facts(&l->out, e, l->f->facts, SPAN("\r\n"));
    return true;
}

/* A name with a control character in it cannot be told truthfully in a form that consists of names alone. */
static bool print_name(struct listing *l, struct ftp_entry *e)
{
    if (text_has_control(e->name))
        return false;
    buf_put(&l->out, l->prefix);
    buf_put(&l->out, e->name);
    buf_text(&l->out, "\r\n");
    return true;
}

/* ---- running through a folder ---- */

static int push(struct listing *l)
{
    if (!l->x)
        return -EMSGSIZE;
    TRY(xfer_write(l->x, l->out.at, l->out.len));
    l->out.len = 0;
    return 0;
}

static int add(struct listing *l, const char *path, struct span name, const struct store_stat *st)
{
    struct ftp_entry e = entry_of(&l->f->s->store, path, name, st);
    size_t before = l->out.len;

    l->print(l, &e);
    if (!l->out.over)
        return 0;
    l->out.len = before;
    l->out.over = false;
    if (l->x) /* more than fits one packet: who reads no data before the 150 would let us wait for ever */
        TRY(reply_now(l->f));
    TRY(push(l));
    l->print(l, &e);
    CHECK(!l->out.over);
    return 0;
}

static int add_folder(struct listing *l, struct dir *dir)
{
    const struct dir_entry *e;
    int rc;

    while ((rc = dir_next(dir, &e)) > 0)
        if (!l->pattern.len || match(l->pattern, e->name))
            TRY(add(l, dir_path(dir), e->name, &e->stat));
    if (rc < 0 && l->x)
        l->x->failed = XFER_FILE;
    return rc;
}

/* ---- what is to be listed ---- */

struct target {
    struct dir *dir;        /* a folder, or NULL: one file */
    struct store_stat file;
    struct span name;       /* of the file */
    struct span pattern, prefix;
};

/* "-la path": words that begin with '-' are flags of ls, unless there is a file of that name. */
static struct span without_flags(struct ftp *f, struct span arg)
{
    struct store_stat st;
    char *path;

    while (span_starts(arg, SPAN("-"))) {
        if (ftp_path(f, arg, &path) < 0 || store_stat(&f->s->store, path, &st) == 0)
            return arg;
        span_cut(&arg, ' ');
    }
    return arg;
}

/* What comes before the leaf in a path as the client wrote it. */
static struct span written_parent(struct span arg)
{
    ptrdiff_t slash = span_rfind(arg, '/');

    return (struct span){ arg.at, slash < 0 ? 0 : (size_t)slash + 1 };
}

/* "sub" -> "sub/", in scratch memory. */
static struct span with_slash(struct ftp *f, struct span arg)
{
    struct buf b = { .cap = arg.len + 2 };

    if (!arg.len || arg.at[arg.len - 1] == '/')
        return arg;
    b.at = arena_take(&f->s->scratch, b.cap);
    if (!b.at)
        return (struct span){ 0 };
    buf_put(&b, arg);
    buf_putc(&b, '/');
    return buf_span(&b);
}

static int open_pattern(struct ftp *f, struct span arg, bool stats, struct target *t)
{
    struct span parent = written_parent(arg);
    char *path;

    t->pattern = span_from(arg, parent.len);
    t->prefix = parent;
    TRY(ftp_path(f, parent, &path));
    return store_list(&f->s->store, path, stats, &t->dir);
}

static int open_target(struct ftp *f, struct span arg, bool stats, struct target *t)
{
    char *path;
    int rc;

    TRY(ftp_path(f, arg, &path));
    rc = store_stat(&f->s->store, path, &t->file);
    if (rc == -ENOENT && match_is_pattern(path_leaf(span_of(path))))
        return open_pattern(f, arg, stats, t);
    TRY(rc);
    if (t->file.kind == STORE_DIR) {
        t->prefix = with_slash(f, arg);
        return store_list(&f->s->store, path, stats, &t->dir);
    }
    t->prefix = written_parent(arg);
    t->name = path_leaf(span_of(path));
    return 0;
}

static int run_through(struct listing *l, const struct target *t)
{
    l->pattern = t->pattern;
    l->prefix = t->prefix;
    l->now = clock_wall();
    return t->dir ? add_folder(l, t->dir) : add(l, l->f->path, t->name, &t->file);
}

/* ---- on the data connection ---- */

static int send_listing(struct ftp *f, struct io *data, struct listing *l, const struct target *t)
{
    struct xfer x = data_xfer(f, data, RATE_DOWN);
    int rc;

    f->moving = l->x = &x;
    rc = run_through(l, t);
    if (rc >= 0)
        rc = push(l);
    return data_result(f, &x, rc);
}

static int list_target(struct ftp *f, struct target *t, bool (*print)(struct listing *, struct ftp_entry *))
{
    CLEANUP(io_abort) struct io *data = NULL;
    CLEANUP(free_text) char *block = malloc(BLOCK);
    struct listing l = { .f = f, .out = { .at = block, .cap = BLOCK }, .print = print };

    if (!block)
        return -ENOMEM;
    seat_doing(f->s->seat, SEAT_LISTING, f->path, -1, rt_now(f->s->task));
    TRY(data_open(f, "Here comes the listing.", &data));
    TRY(send_listing(f, data, &l, t));
    TRY(fail_with(f, 426, io_close(&data)));
    return reply(f, 226, "That was all.");
}

static int list(struct ftp *f, struct span arg, bool stats, bool (*print)(struct listing *, struct ftp_entry *))
{
    CLEANUP(dir_close) struct dir *dir = NULL;
    struct target t = { 0 };
    int rc = open_target(f, without_flags(f, arg), stats, &t);

    dir = t.dir;
    TRY(rc);
    return list_target(f, &t, print);
}

int verb_list(struct ftp *f, struct span arg)
{
    return list(f, arg, true, print_ls);
}

int verb_nlst(struct ftp *f, struct span arg)
{
    return list(f, arg, false, print_name);
}

int verb_mlsd(struct ftp *f, struct span arg)
{
    CLEANUP(dir_close) struct dir *dir = NULL;
    struct target t = { 0 };
    char *path;

    TRY(ftp_path(f, arg, &path));
    TRY(store_stat(&f->s->store, path, &t.file));
    if (t.file.kind != STORE_DIR)
        return fail_with(f, 501, -ENOTDIR); /* RFC 3659 section 7.2.1 */
    TRY(store_list(&f->s->store, path, true, &dir));
    t.dir = dir;
    return list_target(f, &t, print_facts);
}

/* ---- on the control connection ---- */

/* Under a name that does not exist, what has come of this account's upload of it. */
static int stat_or_partial(struct ftp *f, const char *path, struct store_stat *st, bool *partial)
{
    int rc = store_stat(&f->s->store, path, st);

    *partial = rc == -ENOENT && store_partial(&f->s->store, path, st) == 0;
    return *partial ? 0 : rc;
}

int verb_mlst(struct ftp *f, struct span arg)
{
    struct store_stat st;
    struct ftp_entry e;
    struct buf b = { .cap = 2 * PATH_CAP };
    bool partial;
    char *path;

    TRY(ftp_path(f, arg, &path));
    TRY(stat_or_partial(f, path, &st, &partial));
    b.at = arena_take(&f->s->scratch, b.cap);
    if (!b.at)
        return -ENOMEM;
    e = entry_of(&f->s->store, path, span_of(path), &st);
    e.partial = partial;
    e.read &= !partial;
    buf_text(&b, "Facts:\n");
    ftp_list_print_facts(&b, &e, f->facts, SPAN(""));
    buf_text(&b, "\nEnd.");
    return reply_span(f, 250, buf_span(&b));
}

/* The lines of `ls` inside a reply. They begin with a letter or '-', never with a code: no client takes one for the end. */
static int reply_listing(struct ftp *f, struct listing *l, bool whole)
{
    struct buf text = { .cap = l->out.len + 100 };

    text.at = arena_take(&f->s->scratch, text.cap);
    if (!text.at)
        return -ENOMEM;
    buf_text(&text, "Listing:\n");
    for (size_t i = 0; i < l->out.len; i++)
        if (l->out.at[i] != '\r')
            buf_putc(&text, l->out.at[i]);
    buf_text(&text, whole ? "End." : "And more; LIST gives all.");
    return reply_span(f, 213, buf_span(&text));
}

int list_on_control(struct ftp *f, struct span arg)
{
    CLEANUP(dir_close) struct dir *dir = NULL;
    struct listing l = { .f = f, .out = { .cap = STAT_MAX }, .print = print_ls };
    struct target t = { 0 };
    int rc = open_target(f, without_flags(f, arg), true, &t);

    dir = t.dir;
    TRY(rc);
    l.out.at = arena_take(&f->s->scratch, l.out.cap);
    if (!l.out.at)
        return -ENOMEM;
    rc = run_through(&l, &t);
    if (rc != -EMSGSIZE)
        TRY(rc);
    return reply_listing(f, &l, rc == 0);
}

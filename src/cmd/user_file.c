/* user_file: reads the accounts file and writes it anew (see user_file.h). Called by user.c. Editing holds a lock on the file's
 * folder from reading to writing, so that two editors take turns. Lines that nobody asked to change, comments among them, stay
 * byte for byte. A file with a mistake in it is not edited: its owner has to look at it first. */
#include "cmd/user_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "sys/edit.h"

static const char HEAD[] = "# Accounts of dray: name:hash:home:rights:limits:notes, as `dray user` writes them; see dray(1).\n";

struct old {
    int dir;
    const char *name; /* in the path */
    char *text;
    size_t len;
};

static void old_end(struct old *o)
{
    close_fd(&o->dir);
    free(o->text);
}

/* A sentence, and rc. */
static int failed(struct buf *err, const char *path, int rc)
{
    if (rc == -EPERM)
        buf_printf(err, _("%s: it belongs to another user, or others may write it (chmod 600 helps)"), path);
    else
        buf_printf(err, "%s: %s", path, _(err_text(rc)));
    return rc;
}

static int open_old(const char *path, bool edit, struct old *o, struct buf *err)
{
    struct edit_stamp stamp;
    ssize_t n;

    o->dir = edit_folder(path, &o->name);
    if (o->dir == -ENOENT && !edit)
        return 0;
    if (o->dir < 0)
        return failed(err, path, o->dir);
    n = edit ? edit_lock(o->dir) : 0;
    if (n == 0)
        n = edit_read(o->dir, o->name, &o->text, &stamp);
    if (n < 0 && n != -ENOENT)
        return failed(err, path, (int)n);
    o->len = n < 0 ? 0 : (size_t)n;
    return 0;
}

/* 1: an account, 0: a comment; the line may have an end. */
static int take_line(const char *path, struct span line, unsigned number, struct user *u, struct buf *err)
{
    const char *why;
    int rc = user_parse(line, u, &why);

    if (rc < 0)
        buf_printf(err, _("%s, line %u: %s"), path, number, _(why));
    return rc;
}

static int each(const char *path, const struct old *o, void (*fn)(void *, const struct user *), void *ctx, struct user *u,
                struct buf *err)
{
    struct span rest = { o->text, o->len };

    for (unsigned number = 1; rest.len; number++) {
        int rc = take_line(path, span_cut(&rest, '\n'), number, u, err);

        TRY(rc);
        if (rc > 0)
            fn(ctx, u);
    }
    return 0;
}

int user_file_each(const char *path, void (*fn)(void *ctx, const struct user *), void *ctx, struct buf *err)
{
    CLEANUP(old_end) struct old o = { .dir = -1 };
    struct user *u = malloc(sizeof *u);
    int rc = u ? open_old(path, false, &o, err) : -ENOMEM;

    if (rc == 0)
        rc = each(path, &o, fn, ctx, u, err);
    free(u);
    return rc;
}

/* ---- changing ---- */

static void put_line(struct buf *out, const struct user *u)
{
    user_print(out, u);
    buf_putc(out, '\n');
}

/* 1: this was the account. */
static int edit_line(const struct user_edit *e, struct span line, struct user *u, bool is_account, struct buf *out)
{
    bool found = is_account && span_eq(u->name, e->name);

    if (found && !e->drop) {
        e->fill(e->ctx, u);
        put_line(out, u);
    } else if (!found) {
        buf_put(out, line);
        buf_putc(out, '\n');
    }
    return found;
}

static int edit_all(const char *path, const struct old *o, const struct user_edit *e, struct user *u, struct buf *out,
                    struct buf *err)
{
    struct span rest = { o->text, o->len };
    int found = 0;

    if (!o->len)
        buf_text(out, HEAD);
    for (unsigned number = 1; rest.len; number++) {
        struct span line = span_cut(&rest, '\n');
        int rc = take_line(path, line, number, u, err);

        TRY(rc);
        if (rc > 0 && e->add && span_eq(u->name, e->name))
            return -EEXIST;
        found |= edit_line(e, line, u, rc > 0, out);
    }
    if (!e->add)
        return found ? 0 : -ENOENT;
    *u = (struct user){ .name = e->name };
    e->fill(e->ctx, u);
    put_line(out, u);
    return 0;
}

/* What was made must be what will be read. */
static int check(struct span text, struct user *u, struct buf *err)
{
    for (unsigned number = 1; text.len; number++)
        TRY(take_line(_("what would be written"), span_cut(&text, '\n'), number, u, err));
    return 0;
}

static int edit(const char *path, const struct old *o, const struct user_edit *e, struct user *u, struct buf *err)
{
    struct buf out = { .cap = o->len + 2 * USER_LINE * 3 + sizeof HEAD };
    CLEANUP(free_text) char *room = malloc(out.cap);
    int rc;

    out.at = room;
    if (!room)
        return failed(err, path, -ENOMEM);
    rc = edit_all(path, o, e, u, &out, err);
    if (rc == -EEXIST || rc == -ENOENT)
        buf_printf(err, rc == -EEXIST ? _("%s has already an account called %.*s") : _("%s has not an account called %.*s"), path, SPAN_ARG(e->name));
    TRY(rc);
    TRY(check(buf_span(&out), u, err));
    rc = out.over || out.len > EDIT_MAX ? -EFBIG : edit_write(o->dir, o->name, buf_span(&out));
    return rc < 0 ? failed(err, path, rc) : !o->text;
}

int user_file_edit(const char *path, const struct user_edit *e, struct buf *err)
{
    CLEANUP(old_end) struct old o = { .dir = -1 };
    struct user *u = malloc(sizeof *u);
    CLEANUP(free_text) char *real = realpath(path, NULL); /* a link stays one */
    int rc = u ? open_old(real ? real : path, true, &o, err) : failed(err, path, -ENOMEM);

    if (rc == 0)
        rc = edit(path, &o, e, u, err);
    free(u);
    return rc;
}

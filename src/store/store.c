/* store: the front of every storage. What an operation needs of rights is said here, and access.c decides; what comes behind is plain
 * work. Called by the protocols; holds nothing. Fails with -EACCES (rights), -ENOENT or -EPERM (hidden names), else with
 * what the storage says. */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/access_impl.h"
#include "store/partial.h"
#include "store/shared.h"
#include "store/store_impl.h"
#include "store/upload.h"
#include "wire/path.h"

struct store store_bind(const struct storage *storage, struct rt_task *task, const char *account, unsigned rights)
{
    return (struct store){ .storage = storage, .task = task, .account = account, .rights = rights };
}

/* Of files in a folder that may not be read nothing is told. */
int store_stat(const struct store *st, const char *path, struct store_stat *out)
{
    struct store_stat found;

    TRY(access_allow(st, path, 0, -ENOENT));
    TRY(st->storage->ops->stat(st, path, &found));
    if (found.kind == STORE_FILE && !(access_rights(st, path) & RIGHT_READ))
        return -ENOENT;
    *out = found;
    return 0;
}

int store_open(const struct store *st, const char *path, struct file **out)
{
    TRY(access_allow(st, path, RIGHT_READ, -ENOENT));
    return st->storage->ops->open(st, path, out);
}

/* ---- files ---- */

int64_t file_size(const struct file *f)
{
    return f->size;
}

const struct store_stat *file_stat(const struct file *f)
{
    return &f->opened;
}

int file_fd(const struct file *f)
{
    return f->fd;
}

ssize_t file_read(struct file *f, void *buf, size_t len, int64_t off)
{
    return f->ops->read(f, buf, len, off);
}

void file_close(struct file **f)
{
    if (*f)
        (*f)->ops->close(*f);
    *f = NULL;
}

struct mark_call {
    struct file *file;
    struct mark mark;
};

static int get_mark_call(void *arg)
{
    struct mark_call *c = arg;

    return c->file->ops->get_mark(c->file, &c->mark);
}

int file_sums(struct file *f, struct sums *out)
{
    struct mark_call c = { .file = f };
    int rc = f->near ? get_mark_call(&c) : rt_call(f->task, get_mark_call, &c);

    if (rc < 0 && rc != -ENODATA && rc != -EOPNOTSUPP)
        return rc;
    *out = rc < 0 ? (struct sums){ 0 } : c.mark.sums;
    return 0;
}

static void add_sums(struct sums *to, const struct sums *from)
{
    for (enum sum_id id = 0; id < SUMS; id++)
        if (from->has & SUM_BIT(id))
            memcpy(to->of[id], from->of[id], sizeof to->of[id]);
    to->has |= from->has;
}

static int note_call(void *arg)
{
    struct mark_call *c = arg;
    struct mark mark = { 0 };
    int rc = c->file->ops->get_mark(c->file, &mark);

    TRY(rc == -ENODATA ? 0 : rc); /* whose it is must not be lost */
    add_sums(&mark.sums, &c->mark.sums);
    if (!c->file->ops->same(c->file))
        return -ESTALE;
    TRY(c->file->ops->set_mark(c->file, &mark));
    if (c->file->ops->same(c->file))
        return 0;
    mark.sums.has = 0; /* it changed just before its shape was taken: the sums are not of that */
    c->file->ops->set_mark(c->file, &mark);
    return -ESTALE;
}

int file_note(struct file *f, const struct sums *sums)
{
    struct mark_call c = { .file = f, .mark.sums = *sums };

    return rt_call(f->task, note_call, &c);
}

static int same_call(void *arg)
{
    struct file *f = arg;

    return f->ops->same(f) ? 0 : -ESTALE;
}

int file_same(struct file *f)
{
    return rt_call(f->task, same_call, f);
}

/* ---- uploads ---- */

static int settle_call(void *arg)
{
    return partials_settle(arg);
}

/* The quota may know less than is true: others remove partials, too. */
static int begin(const struct store *st, const struct store_upload *how, unsigned rights, struct file **out)
{
    int rc = upload_begin(st, how, rights, out);

    if (rc == -EDQUOT && rt_call(st->task, settle_call, (void *)(uintptr_t)st->storage) > 0)
        rc = upload_begin(st, how, rights, out);
    return rc;
}

int store_create(const struct store *st, const struct store_upload *how, struct file **out)
{
    TRY(access_allow(st, how->path, RIGHT_ADD, -EPERM));
    return begin(st, how, access_rights(st, how->path), out);
}

int file_write(struct file *f, const void *buf, size_t len)
{
    return f->ops->write(f, buf, len);
}

int file_commit(struct file *f)
{
    return upload_commit(f);
}

const char *file_path(const struct file *f)
{
    return upload_path(f);
}

int file_keep(struct file **f)
{
    return *f ? upload_keep(f) : 0;
}

bool store_keeps(const struct store *st)
{
    return st->storage->keep && st->storage->shared;
}

int store_partial(const struct store *st, const char *path, struct store_stat *out)
{
    char own[PARTIAL_NAME];

    TRY(access_allow(st, path, RIGHT_ADD, -ENOENT));
    if (!partial_any(st->storage))
        return -ENOENT;
    TRY(partial_own(st, path, own));
    return st->storage->ops->stat(st, own, out);
}

int store_partial_open(const struct store *st, const char *path, struct file **out)
{
    char own[PARTIAL_NAME];

    TRY(access_allow(st, path, RIGHT_ADD, -ENOENT));
    TRY(partial_own(st, path, own));
    return st->storage->ops->open(st, own, out);
}

struct dropping {
    struct store here;
    struct rt_task task;
    char own[PARTIAL_NAME];
};

static int drop_call(void *arg)
{
    struct dropping *d = arg;

    return partial_drop(&d->here, d->own);
}

int store_partial_drop(const struct store *st, const char *path)
{
    struct dropping d = { .here = *st, .task = rt_block_task((struct rt_stop){ -1, -1 }) };

    TRY(access_allow(st, path, RIGHT_ADD, -ENOENT));
    if (!partial_any(st->storage))
        return -ENOENT;
    TRY(partial_name(st->account, path, d.own));
    d.here.task = &d.task;
    return rt_call(st->task, drop_call, &d);
}

/* ---- names ---- */

/* Removing and renaming take turns with the commits of the same names. */
struct change_call {
    const struct store *st;
    const struct store_change *change;
};

/* What a change takes away from an account: the file itself, or the one that a rename replaces. */
static int look_lost(const struct store *st, const struct store_change *c, struct store_found *lost)
{
    const char *path = c->verb == STORE_RM ? c->path : c->verb == STORE_MV ? c->to : NULL;
    struct store_found from;

    if (!path || !st->storage->shared->quotas)
        return -ENOENT;
    TRY(st->storage->ops->look(st, path, lost));
    /* two names of one file: rename(2) does nothing then */
    if (c->verb != STORE_MV)
        return 0;
    TRY(st->storage->ops->look(st, c->path, &from));
    return from.stat.ino == lost->stat.ino ? -ENOENT : 0;
}

static int change_locked(const struct store *st, const struct store_change *c)
{
    struct store_found lost;
    int loses = st->storage->shared ? look_lost(st, c, &lost) : -ENOENT;

    if (loses == -EIO || loses == -ENOMEM || loses == -EMFILE) /* what cannot be counted is not done */
        return loses;
    TRY(st->storage->ops->change(st, c));
    if (loses == 0)
        quota_went(st->storage->shared->quotas, lost.account, lost.stat.size);
    return 0;
}

/* A name without a number has no folder: what is wrong with it is what looking for it says. Unlocked, nothing is changed. */
static int number(const struct store *st, const char *path, uint64_t *id)
{
    struct store_found found;

    *id = path ? st->storage->ops->name_id(st, path) : 0;
    if (!path || *id)
        return 0;
    TRY(st->storage->ops->look(st, path, &found));
    return -EIO;
}

static int change_call(void *arg)
{
    const struct change_call *c = arg;
    struct name_locks held;
    uint64_t from, to;
    int rc;

    TRY(number(c->st, c->change->path, &from));
    TRY(number(c->st, c->change->to, &to));
    held = names_take(c->st->storage->shared, from, to);
    rc = change_locked(c->st, c->change);
    names_give(&held);
    return rc;
}

int store_change(const struct store *st, const struct store_change *c)
{
    static const unsigned needs[] = {
        [STORE_RM] = RIGHT_WRITE,    [STORE_MKDIR] = RIGHT_ADD, [STORE_RMDIR] = RIGHT_WRITE, [STORE_MV] = RIGHT_WRITE,
        [STORE_MTIME] = RIGHT_WRITE, [STORE_MODE] = RIGHT_WRITE,
    };
    int rc;

    TRY(access_allow(st, c->path, needs[c->verb], c->verb == STORE_MKDIR ? -EPERM : -ENOENT));
    if (c->to)
        TRY(access_allow(st, c->to, needs[c->verb], -EPERM));
    if (c->verb == STORE_MV && !store_moves(st, c->path))
        return -EACCES; /* what a rule protects would be somewhere else, where no rule speaks of it */
    if (path_leaf(span_of(c->path)).len == 0)
        return c->verb == STORE_MKDIR ? -EEXIST : -EBUSY; /* the shared folder itself stays as it is */
    rc = rt_call(st->task, change_call, &(struct change_call){ st, c });
    return rc == -EEXIST && c->verb == STORE_MKDIR && access_rights(st, c->path) == RIGHTS_DROP ? 0 : rc; /* not a word of that */
}

struct space_call {
    const struct store *st;
    const char *path;
    int64_t bytes;
};

static int space_call(void *arg)
{
    struct space_call *c = arg;

    partials_settle(c->st->storage);
    return upload_room(c->st, c->path, &c->bytes);
}

int store_space(const struct store *st, const char *path, int64_t *bytes)
{
    struct space_call c = { .st = st, .path = path };
    int64_t left;

    TRY(access_allow(st, path, 0, -ENOENT));
    TRY(rt_call(st->task, space_call, &c));
    left = st->storage->shared ? quota_left(st->storage->shared->quotas, st->account) : INT64_MAX;
    *bytes = c.bytes < left ? c.bytes : left;
    return 0;
}

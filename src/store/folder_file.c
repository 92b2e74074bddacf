/* folder_file: files of the local store, open for reading or writing; how they get their names is in folder_name.c. Reached
 * through the file_ops only; owns the descriptors. Fails with what the file system says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/folder_file.h"
#include "sys/clock.h"
#include "wire/path.h"

enum { SETTLED = 2 }; /* seconds */

struct folder_file *folder_file(struct file *f)
{
    return (struct folder_file *)f;
}

void folder_free(struct folder_file *l)
{
    if (l->at_name[0] && !l->hidden)
        fs_unlink(l->at, l->at_name);
    close_fd(&l->file.fd);
    close_fd(&l->dir);
    close_fd(&l->at);
    free(l->path);
    free(l);
}

static void folder_close(struct file *f)
{
    folder_free(folder_file(f));
}

static int close_call(void *arg)
{
    folder_close(arg);
    return 0;
}

/* close(2) asks the file systems of other machines, and FUSE. */
static void folder_close_read(struct file *f)
{
    struct folder_file *l = folder_file(f);

    if (l->keeps && folder_keep(l))
        return;
    if (l->local)
        folder_free(l);
    else
        rt_call(f->task, close_call, f);
}

static void abandon(struct folder_file **l)
{
    if (*l)
        folder_free(*l);
}

static int new_file(const struct store *st, const char *path, const struct file_ops *ops, struct folder_file **out)
{
    struct folder_file *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    l->file = (struct file){ .ops = ops, .task = st->task, .fd = -1 };
    l->st = *st;
    l->dir = l->at = -1;
    l->path = strdup(path);
    *out = l;
    return l->path ? 0 : -ENOMEM;
}

static int take(struct folder_file **l, struct file **out)
{
    *out = &(*l)->file;
    *l = NULL;
    return 0;
}

/* ---- marks ---- */

static int get_mark(struct file *f, struct mark *out)
{
    return folder_get_mark(f->fd, out);
}

static int set_mark(struct file *f, const struct mark *mark)
{
    return folder_set_mark(f->fd, mark);
}

/* What is known of the version that is still there answers the first question: a later one may come long after the opening. */
static int get_known_mark(struct file *f, struct mark *out)
{
    struct folder_file *l = folder_file(f);

    if (!l->known)
        l->said = folder_get_mark(f->fd, &l->mark);
    l->known = false;
    l->asked = l->said == 0 || l->said == -ENODATA || l->said == -EOPNOTSUPP;
    if (l->said == 0)
        *out = l->mark;
    return l->said;
}

/* ---- reading ---- */

static ssize_t folder_read(struct file *f, void *buf, size_t len, int64_t off)
{
    return rt_pread(f->task, f->fd, buf, len, off);
}

static bool folder_same(struct file *f)
{
    const struct fs_stat *then = &folder_file(f)->opened;
    struct fs_stat now;

    return fs_stat(f->fd, &now) == 0 && now.size == then->size && now.mtime_ns == then->mtime_ns;
}

static const struct file_ops reading = {
    .read = folder_read, .close = folder_close_read, .get_mark = get_known_mark, .set_mark = set_mark, .same = folder_same,
};

/* Looked at once it is open, because the name may have changed hands since it was looked at before. */
static int open_looked_at(int root, const char *path, bool write, enum fs_lookup lookup, struct fs_stat *st)
{
    CLEANUP(close_fd) int fd = fs_open_file(root, folder_rel(path), write, lookup);
    int out = fd;

    if (fd == -EXDEV || fd == -ELOOP)
        return -ENOENT;
    TRY(fd);
    TRY(fs_stat(fd, st));
    if (st->kind != FS_FILE)
        return st->kind == FS_DIR ? -EISDIR : -ENOENT;
    fd = -1;
    return out;
}

/* Looked at before it is opened, so that a device or FIFO does not even notice. */
int folder_open_regular(int root, const char *path, bool write, enum fs_lookup lookup, struct fs_stat *st)
{
    struct store_stat shown;

    TRY(folder_stat(root, path, lookup, &shown));
    return shown.kind == STORE_DIR ? -EISDIR : open_looked_at(root, path, write, lookup, st);
}

/* A version whose last change lies far enough back that the next one has another time, also where the file system counts seconds. */
static bool is_settled(const struct fs_stat *st)
{
    return st->ctime_ns / RT_SECONDS(1) + SETTLED <= clock_wall();
}

static int open_call(void *arg)
{
    struct folder_file *l = (struct folder_file *)(void *)((char *)arg - offsetof(struct folder_file, call));
    int root = folder_root(&l->st, l->path);
    int fd = folder_open_regular(root, l->path, false, l->call.lookup, &l->opened);

    TRY(fd);
    l->file.fd = fd;
    l->file.size = l->opened.size;
    l->file.near = l->call.lookup == FS_CACHED;
    TRY(folder_stat_of(&l->opened, &l->file.opened));
    l->local = l->file.near || fs_is_local(fd);
    l->keeps = l->file.near && !l->st.home && is_settled(&l->opened);
    return 0;
}

int folder_open(const struct store *st, const char *path, struct file **out)
{
    CLEANUP(abandon) struct folder_file *l = folder_kept(st, path);
    int rc;

    if (l)
        return take(&l, out);
    TRY(new_file(st, path, &reading, &l));
    rc = folder_try(st, open_call, &l->call);
    if ((rc == -EMFILE || rc == -ENFILE) && folder_gave_up())
        rc = folder_try(st, open_call, &l->call);
    TRY(rc);
    return take(&l, out);
}

/* ---- writing ---- */

static int folder_write(struct file *f, const void *buf, size_t len)
{
    bool local = folder_file(f)->local;
    const char *at = buf;

    while (len) {
        ssize_t n = rt_pwrite(f->task, f->fd, at, len, f->size, local);

        TRY(n);
        at += n;
        len -= (size_t)n;
        f->size += n;
    }
    return 0;
}

static int folder_copy(struct file *f, struct file *from, int64_t off, int64_t len)
{
    TRY(fs_copy(from->fd, off, f->fd, f->size, len));
    f->size += len;
    return 0;
}

static int folder_cut(struct file *f, int64_t len)
{
    TRY(fs_truncate(f->fd, len));
    f->size = len;
    return 0;
}

static int space(struct file *f, int64_t *bytes, int64_t *all)
{
    return fs_space(f->fd, bytes, all);
}

static int look(struct file *f, struct store_found *out)
{
    struct folder_file *l = folder_file(f);

    return folder_look(folder_root(&l->st, l->path), l->path, l->dir, l->leaf, out);
}

static int aim(struct file *f, const char *path)
{
    struct folder_file *l = folder_file(f);
    char *copy = strdup(path);

    if (!copy)
        return -ENOMEM;
    free(l->path);
    l->path = copy;
    l->leaf = strrchr(copy, '/') + 1;
    return 0;
}

static uint64_t name_id(struct file *f)
{
    return folder_name_id(folder_file(f)->dir, folder_file(f)->leaf);
}

static const struct file_ops writing = {
    .read = folder_read, .write = folder_write, .close = folder_close, .get_mark = get_mark, .set_mark = set_mark,
    .same = folder_same, .space = space, .look = look, .name_id = name_id, .copy = folder_copy, .aim = aim,
    .commit = folder_commit,
    .hide = folder_hide, .unhide = folder_unhide, .cut = folder_cut, .sync = folder_sync, .sync_name = folder_sync_name,
};

/* ---- beginning ---- */

static int open_parent(struct folder_file *l)
{
    l->dir = folder_parent(folder_root(&l->st, l->path), l->path, &l->leaf);
    return l->dir == -EINVAL ? -EISDIR : l->dir;
}

int folder_create(const struct store *st, const char *path, struct file **out)
{
    CLEANUP(abandon) struct folder_file *l = NULL;

    TRY(new_file(st, path, &writing, &l));
    TRY(open_parent(l));
    l->file.fd = fs_open_unnamed(l->dir);
    if (l->file.fd == -EOPNOTSUPP)
        l->file.fd = folder_open_passing(l);
    TRY(l->file.fd);
    l->local = fs_is_local(l->file.fd);
    return take(&l, out);
}

/* In a folder that is cached, on the root's own file system: one of this machine. */
static int create_here(struct folder_file *l)
{
    CLEANUP(free_text) char *parent = span_dup(path_parent(span_of(l->path)));

    if (!parent)
        return -ENOMEM;
    l->leaf = path_leaf(span_of(l->path)).at;
    l->dir = *l->leaf ? fs_open_dir_cached(folder_root(&l->st, l->path), folder_rel(parent)) : -EAGAIN;
    TRY(l->dir);
    TRY(fs_is_free(l->dir, l->leaf));
    l->file.fd = fs_open_unnamed(l->dir);
    TRY(l->file.fd);
    l->local = true;
    return 0;
}

/* Whatever goes wrong is said by the other way, which looks in its own order. */
int folder_create_quick(const struct store *st, const char *path, struct file **out)
{
    CLEANUP(abandon) struct folder_file *l = NULL;

    if (!folder_is_quick(st))
        return -EAGAIN;
    TRY(new_file(st, path, &writing, &l));
    return create_here(l) < 0 ? -EAGAIN : take(&l, out);
}

int folder_resume(const struct store *st, const char *own, const char *path, int64_t len, struct file **out)
{
    CLEANUP(abandon) struct folder_file *l = NULL;

    TRY(new_file(st, path, &writing, &l));
    TRY(open_parent(l));
    TRY(folder_open_own(l, own));
    l->local = fs_is_local(l->file.fd);
    if (len > l->opened.size)
        return -ERANGE;
    l->file.held = l->opened.size;
    l->file.size = len < 0 ? l->opened.size : len;
    if (l->file.size < l->opened.size)
        TRY(fs_truncate(l->file.fd, l->file.size));
    return take(&l, out);
}

/* folder_file: the content of files in the local store: one consistent version to read, and the commit path that makes an
 * upload appear whole or not at all. Called through store_ops and file_ops; a file owns its descriptors.
 *
 * Writing goes to a file without a name (O_TMPFILE; where the file system has none, to a name that no listing shows). A
 * commit gives it the name: one link(2) when the name is free, link and rename(2) when it is replaced. So a cut upload, a
 * full disk or a killed server leave the old file as it was, and of two writers one wins whole.
 * An append collects the new bytes in the same way and copies them behind the old ones under a lock when they are complete:
 * appenders never interleave, and what the file held is never touched. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/folder.h"

struct folder_file {
    struct file file;
    struct folder_call call;
    struct store st;
    enum store_how how;
    int64_t keep;
    char *path;
    const char *leaf; /* into path */
    int dir;
    char temp[40]; /* its hidden name, "" for a file without one */
};

static struct folder_file *folder_file(struct file *f)
{
    return (struct folder_file *)f;
}

static void folder_close(struct file *f)
{
    struct folder_file *l = folder_file(f);

    if (l->temp[0])
        fs_unlink(l->dir, l->temp);
    close_fd(&f->fd);
    close_fd(&l->dir);
    free(l->path);
    free(l);
}

static void abandon(struct folder_file **l)
{
    if (*l)
        folder_close(&(*l)->file);
}

static int new_file(const struct store *st, const char *path, const struct file_ops *ops, struct folder_file **out)
{
    struct folder_file *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    l->file = (struct file){ .ops = ops, .task = st->task, .fd = -1 };
    l->st = *st;
    l->dir = -1;
    l->path = strdup(path);
    *out = l;
    return l->path ? 0 : -ENOMEM;
}

/* ---- reading ---- */

static ssize_t folder_read(struct file *f, void *buf, size_t len, int64_t off)
{
    return rt_pread(f->task, f->fd, buf, len, off);
}

static int no_write(struct file *f, const void *buf, size_t len)
{
    (void)f;
    (void)buf;
    (void)len;
    return -EBADF;
}

static int no_commit(struct file *f)
{
    (void)f;
    return -EBADF;
}

static const struct file_ops reading = {
    .read = folder_read, .write = no_write, .commit = no_commit, .close = folder_close,
};

/* A file, and only a file: looked at before it is opened, so that a device or FIFO never even notices, and after, because
 * the name may have changed hands in between. */
static int open_regular(int root, const char *path, bool write, enum fs_lookup lookup, struct fs_stat *st)
{
    CLEANUP(close_fd) int fd = -1;
    struct store_stat shown;
    int out;

    TRY(folder_stat(root, path, lookup, &shown));
    if (shown.kind == STORE_DIR)
        return -EISDIR;
    fd = out = fs_open_file(root, folder_rel(path), write, lookup);
    if (fd == -EXDEV || fd == -ELOOP)
        return -ENOENT;
    TRY(fd);
    TRY(fs_stat(fd, st));
    if (st->kind != FS_FILE)
        return st->kind == FS_DIR ? -EISDIR : -ENOENT;
    fd = -1;
    return out;
}

static int open_call(void *arg)
{
    struct folder_file *l = (struct folder_file *)(void *)((char *)arg - offsetof(struct folder_file, call));
    struct fs_stat st;
    int fd = open_regular(l->st.storage->root, l->path, false, l->call.lookup, &st);

    TRY(fd);
    l->file.fd = fd;
    l->file.size = st.size;
    return 0;
}

int folder_open(const struct store *st, const char *path, struct file **out)
{
    CLEANUP(abandon) struct folder_file *l = NULL;

    TRY(new_file(st, path, &reading, &l));
    TRY(folder_try(st, open_call, &l->call));
    *out = &l->file;
    l = NULL;
    return 0;
}

/* ---- writing ---- */

static int folder_write(struct file *f, const void *buf, size_t len)
{
    bool local = folder_file(f)->st.storage->quick;
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

static void random_name(char *out, size_t cap)
{
    snprintf(out, cap, STORE_OWN_PREFIX "%016llx", (unsigned long long)fs_random());
}

static int open_temp(struct folder_file *l)
{
    l->file.fd = fs_open_unnamed(l->dir);
    if (l->file.fd != -EOPNOTSUPP)
        return l->file.fd;
    random_name(l->temp, sizeof l->temp);
    l->file.fd = fs_open_new(l->dir, l->temp);
    if (l->file.fd < 0)
        l->temp[0] = '\0';
    return l->file.fd;
}

/* REST n, STOR: the new version begins with the old one's first n bytes. */
static int copy_kept(struct folder_file *l)
{
    struct fs_stat st;
    CLEANUP(close_fd) int old = open_regular(l->st.storage->root, l->path, false, FS_ANY, &st);

    TRY(old == -ENOENT ? -ERANGE : old);
    if (st.size < l->keep)
        return -ERANGE;
    TRY(fs_copy(old, 0, l->file.fd, 0, l->keep));
    l->file.size = l->keep;
    return 0;
}

static int create_call(void *arg)
{
    struct folder_file *l = arg;
    int root = l->st.storage->root, target;

    l->dir = folder_parent(root, l->path, &l->leaf);
    TRY(l->dir == -EINVAL ? -EISDIR : l->dir);
    target = folder_target(root, l->path, l->dir, l->leaf);
    if (target < 0 && target != -ENOENT)
        return target;
    if (target == 0 && l->how == STORE_NEW)
        return -EEXIST;
    TRY(open_temp(l));
    return l->keep ? copy_kept(l) : 0;
}

/* Gives the new version a hidden name, from where rename can put it over the old one. */
static int link_temp(struct folder_file *l)
{
    if (l->temp[0])
        return 0;
    random_name(l->temp, sizeof l->temp);
    return fs_link_unnamed(l->file.fd, l->dir, l->temp);
}

static int commit_new(struct folder_file *l)
{
    return l->temp[0] ? fs_rename(l->dir, l->temp, l->dir, l->leaf, false)
                      : fs_link_unnamed(l->file.fd, l->dir, l->leaf);
}

static int commit_put(struct folder_file *l)
{
    struct fs_stat old;
    int rc = commit_new(l);

    if (rc != -EEXIST)
        return rc;
    /* what stands there now may have come after the upload began: a folder or something not shown stays */
    rc = folder_target(l->st.storage->root, l->path, l->dir, l->leaf);
    if (rc < 0 && rc != -ENOENT)
        return rc;
    if (fs_stat_at(l->dir, l->leaf, &old) == 0 && old.kind == FS_FILE)
        TRY(fs_take_after(l->file.fd, &old));
    TRY(link_temp(l));
    return fs_rename(l->dir, l->temp, l->dir, l->leaf, true);
}

/* The file that the name stands for, locked; -EAGAIN when the name was given to another one while we waited. */
static int open_locked(struct folder_file *l, struct fs_stat *st)
{
    int root = l->st.storage->root, out;
    struct store_stat now;
    CLEANUP(close_fd) int fd = open_regular(root, l->path, true, FS_ANY, st);

    out = fd;
    TRY(fd);
    TRY(fs_lock(fd));
    TRY(fs_stat(fd, st));
    if (folder_stat(root, l->path, FS_ANY, &now) < 0 || now.ino != st->ino || now.dev != st->dev)
        return -EAGAIN;
    fd = -1;
    return out;
}

static int append_once(struct folder_file *l)
{
    struct fs_stat st;
    CLEANUP(close_fd) int fd = open_locked(l, &st);
    int rc;

    if (fd == -ENOENT) {
        rc = commit_new(l);
        return rc == -EEXIST ? -EAGAIN : rc;
    }
    TRY(fd);
    rc = fs_copy(l->file.fd, 0, fd, st.size, l->file.size);
    if (rc < 0)
        fs_truncate(fd, st.size);
    return rc;
}

static int commit_append(struct folder_file *l)
{
    int rc = -EAGAIN;

    for (int i = 0; i < 100 && rc == -EAGAIN; i++)
        rc = append_once(l);
    return rc == -EAGAIN ? -EBUSY : rc;
}

static int commit_call(void *arg)
{
    static int (*const commit[])(struct folder_file *) = {
        [STORE_NEW] = commit_new, [STORE_PUT] = commit_put, [STORE_APPEND] = commit_append,
    };
    struct folder_file *l = arg;
    int rc = commit[l->how](l);

    /* the hidden name is gone once it was renamed; an appended one is still there and goes with file_close */
    if (rc == 0 && l->how != STORE_APPEND)
        l->temp[0] = '\0';
    return rc;
}

static int folder_commit(struct file *f)
{
    return rt_call(f->task, commit_call, folder_file(f));
}

static const struct file_ops writing = {
    .read = folder_read, .write = folder_write, .commit = folder_commit, .close = folder_close,
};

int folder_create(const struct store *st, const char *path, enum store_how how, int64_t keep, struct file **out)
{
    CLEANUP(abandon) struct folder_file *l = NULL;

    TRY(new_file(st, path, &writing, &l));
    l->how = how;
    l->keep = keep;
    TRY(rt_call(st->task, create_call, l));
    *out = &l->file;
    l = NULL;
    return 0;
}

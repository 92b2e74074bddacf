/* folder_dir: listings of the local store: getdents in 32 KiB blocks, one stat relative to the folder where asked, prepared
 * a hundred entries at a time where a disk may be waited for (rt_call) and handed out as they are asked for: a folder of
 * any size starts at once, in constant memory. Owns the folder's descriptor, the block and the batch. Entries that vanish
 * between the two calls, or are not to be shown, are left out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/folder.h"
#include "sys/clock.h"
#include "wire/path.h"

enum { BLOCK = 32 * 1024, BATCH = 128, HOT = 2000000 /* ns */ };

struct folder_dir {
    struct dir dir;
    struct store st;
    char *path; /* of the folder, for links: those are resolved from the root */
    int fd;
    bool stats;
    bool end;
    bool local;             /* the file system is one of this machine's */
    bool hot;               /* the last batch came from the cache */
    bool here;              /* this one is made where nothing may be waited for */
    size_t len, off;        /* of the block */
    unsigned ready, given;  /* of the batch */
    struct dir_entry batch[BATCH]; /* names in the block */
    _Alignas(8) char block[BLOCK];
};

static void folder_dir_close(struct dir *dir)
{
    struct folder_dir *d = (struct folder_dir *)dir;

    close_fd(&d->fd);
    free(d->path);
    free(d);
}

static int read_block(struct folder_dir *d)
{
    ssize_t n = fs_entries(d->fd, d->block, sizeof d->block);

    TRY(n);
    d->len = (size_t)n;
    d->off = 0;
    d->end = n == 0;
    return 0;
}

static int stat_link(struct folder_dir *d, const char *name, struct store_stat *out)
{
    char *path = malloc(PATH_CAP);
    int rc;

    if (!path)
        return -ENOMEM;
    rc = path_join(span_of(d->path), span_of(name), path, PATH_CAP);
    if (rc >= 0)
        rc = folder_stat(folder_root(&d->st, path), path, FS_ANY, out);
    free(path);
    return rc;
}

/* Fills what was asked; -ENOENT for what is not to be shown; -EAGAIN for what is to be asked elsewhere: behind a link or a
 * folder may be another disk. */
static int stat_entry(struct folder_dir *d, const char *name, enum fs_kind kind, struct store_stat *out)
{
    struct fs_stat raw;

    if (!d->stats && (kind == FS_FILE || kind == FS_DIR)) {
        out->kind = kind == FS_DIR ? STORE_DIR : STORE_FILE;
        return 0;
    }
    if (kind == FS_OTHER)
        return -ENOENT;
    if (d->here && kind != FS_FILE)
        return -EAGAIN;
    if (kind == FS_LINK)
        return stat_link(d, name, out);
    TRY(fs_stat_at(d->fd, name, &raw));
    return raw.kind == FS_LINK ? stat_link(d, name, out) : folder_stat_of(&raw, out);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int add_shown(struct folder_dir *d, const char *name, enum fs_kind kind)
{
    struct dir_entry *e = &d->batch[d->ready];
    int rc = -ENOENT;

    e->name = span_of(name);
    if (!is_dots(name) && store_shows(d->st.storage, e->name))
        rc = stat_entry(d, name, kind, &e->stat);
    if (rc == 0)
        d->ready++;
    return rc;
}

/* Looked at now and then: a batch that takes long ends early. */
static bool is_late(const struct folder_dir *d, int64_t began)
{
    return d->ready % 16 == 0 && clock_mono() - began > HOT;
}

/* As many of the block's entries as a batch holds, or as can be had in good time. */
static int fill_batch(struct folder_dir *d, int64_t began)
{
    size_t next = d->off;
    enum fs_kind kind;
    const char *name;

    while (d->ready < BATCH && !(d->ready && is_late(d, began)) && (name = fs_entry_next(d->block, d->len, &next, &kind))) {
        if (add_shown(d, name, kind) == -EAGAIN)
            return -EAGAIN;
        d->off = next;
    }
    return 0;
}

/* The next entries that are shown; none only at the end of the folder. -EAGAIN: only elsewhere. */
static int prepare(void *arg)
{
    struct folder_dir *d = arg;
    int64_t began = clock_mono();
    int rc = 0;

    d->ready = d->given = 0;
    while (!d->end && !d->ready && rc == 0) {
        if (d->off >= d->len)
            TRY(read_block(d));
        rc = fill_batch(d, began);
    }
    d->hot = d->local && rc == 0 && clock_mono() - began < HOT;
    return d->ready ? 0 : rc;
}

/* A batch that came quickly came from the cache, and so will the next, as a rule; it ends early if it does not. Everything
 * else is waited for where others need not wait along. */
static int next_batch(struct folder_dir *d)
{
    int rc = -EAGAIN;

    d->here = d->hot;
    if (d->here)
        rc = prepare(d);
    d->here = false;
    return rc == -EAGAIN ? rt_call(d->st.task, prepare, d) : rc;
}

static int folder_dir_next(struct dir *dir, const struct dir_entry **out)
{
    struct folder_dir *d = (struct folder_dir *)dir;

    if (d->given == d->ready)
        TRY(next_batch(d));
    if (d->given == d->ready)
        return 0;
    *out = &d->batch[d->given++];
    return 1;
}

static const struct dir_ops folder_dir_ops = { .next = folder_dir_next, .close = folder_dir_close };

static int open_dir(void *arg)
{
    struct folder_dir *d = arg;

    d->fd = fs_open_dir(folder_root(&d->st, d->path), folder_rel(d->path));
    if (d->fd < 0)
        return d->fd == -EXDEV || d->fd == -ELOOP ? -ENOENT : d->fd;
    d->local = fs_is_local(d->fd);
    return prepare(d); /* the first entries at the price of the same call */
}

static void abandon(struct dir **dir)
{
    if (*dir)
        folder_dir_close(*dir);
}

int folder_list(const struct store *st, const char *path, bool stats, struct dir **out)
{
    struct folder_dir *d = malloc(sizeof *d);
    CLEANUP(abandon) struct dir *dir = NULL;

    if (!d)
        return -ENOMEM;
    dir = &d->dir;
    d->dir = (struct dir){ .ops = &folder_dir_ops };
    d->st = *st;
    d->path = strdup(path);
    d->fd = -1;
    d->stats = stats;
    d->end = d->local = d->hot = d->here = false;
    d->len = d->off = 0;
    d->ready = d->given = 0;
    if (!d->path)
        return -ENOMEM;
    TRY(rt_call(st->task, open_dir, d));
    *out = dir;
    dir = NULL;
    return 0;
}

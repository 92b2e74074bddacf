/* folder_dir: listings of the local store: getdents in 32 KiB blocks, one stat relative to the folder where asked, entries
 * handed out as they are read, so that a folder of any size starts at once in constant memory. Owns the folder's descriptor
 * and the block. Entries that vanish between the two calls, or are not to be shown, are left out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/folder.h"
#include "wire/path.h"

enum { BLOCK = 32 * 1024 };

struct folder_dir {
    struct dir dir;
    struct store st;
    char *path; /* of the folder, for links: those are resolved from the root */
    int fd;
    bool stats;
    size_t len, off;
    _Alignas(8) char block[BLOCK];
};

static void folder_dir_close(struct dir *dir)
{
    struct folder_dir *d = (struct folder_dir *)dir;

    close_fd(&d->fd);
    free(d->path);
    free(d);
}

static int read_block(void *arg)
{
    struct folder_dir *d = arg;
    ssize_t n = fs_entries(d->fd, d->block, sizeof d->block);

    TRY(n);
    d->len = (size_t)n;
    d->off = 0;
    return n > 0;
}

static int stat_link(struct folder_dir *d, const char *name, struct store_stat *out)
{
    char *path = malloc(PATH_CAP);
    int rc;

    if (!path)
        return -ENOMEM;
    rc = path_join(span_of(d->path), span_of(name), path, PATH_CAP);
    if (rc >= 0)
        rc = folder_stat(d->st.storage->root, path, out);
    free(path);
    return rc;
}

/* Fills what was asked; -ENOENT for what is not to be shown. */
static int stat_entry(struct folder_dir *d, const char *name, enum fs_kind kind, struct store_stat *out)
{
    struct fs_stat raw;

    if (!d->stats && (kind == FS_FILE || kind == FS_DIR)) {
        out->kind = kind == FS_DIR ? STORE_DIR : STORE_FILE;
        return 0;
    }
    if (kind == FS_OTHER)
        return -ENOENT;
    if (kind == FS_LINK)
        return stat_link(d, name, out);
    TRY(fs_stat_at(d->fd, name, &raw));
    return raw.kind == FS_LINK ? stat_link(d, name, out) : folder_stat_of(&raw, out);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int folder_dir_next(struct dir *dir, struct dir_entry *out)
{
    struct folder_dir *d = (struct folder_dir *)dir;

    for (;;) {
        enum fs_kind kind;
        const char *name = fs_entry_next(d->block, d->len, &d->off, &kind);

        if (!name) {
            int more = rt_call(d->st.task, read_block, d);

            if (more <= 0)
                return more;
            continue;
        }
        if (is_dots(name) || !store_shows(d->st.storage, span_of(name)) || stat_entry(d, name, kind, &out->stat) < 0)
            continue;
        out->name = span_of(name);
        return 1;
    }
}

static const struct dir_ops folder_dir_ops = { .next = folder_dir_next, .close = folder_dir_close };

static int open_dir(void *arg)
{
    struct folder_dir *d = arg;

    d->fd = fs_open_dir(d->st.storage->root, folder_rel(d->path));
    return d->fd == -EXDEV || d->fd == -ELOOP ? -ENOENT : d->fd < 0 ? d->fd : 0;
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
    d->dir.ops = &folder_dir_ops;
    d->st = *st;
    d->path = strdup(path);
    d->fd = -1;
    d->stats = stats;
    d->len = d->off = 0;
    if (!d->path)
        return -ENOMEM;
    TRY(rt_call(st->task, open_dir, d));
    *out = dir;
    dir = NULL;
    return 0;
}

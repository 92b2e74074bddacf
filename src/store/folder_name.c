/* folder_name: how a file of the local store gets its name. Called through file_ops; owns nothing beyond the open file.
 *
 * New bytes go to a file that has no name yet (O_TMPFILE; where the file system has none, to a name that no listing shows).
 * A commit gives it the name: one link(2) when the name is free, link and rename(2) when it is replaced. So a cut upload, a
 * full disk or a killed server leave the old file as it was, and of two writers one wins whole. The folder was opened when
 * the upload began: the file arrives there, even if the folder has got another name meanwhile.
 *
 * A hidden file (a partial) is locked by whoever writes it, with flock(2): a dead writer's lock is gone with it. */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "store/folder_file.h"

/* The folder of the name that it has now. */
static int at_folder(const struct folder_file *l)
{
    return l->at < 0 ? l->dir : l->at;
}

/* Gives a name to a file that has none, or another one. */
static int name_as(struct folder_file *l, int dir, const char *leaf, bool replace)
{
    if (l->at_name[0])
        return fs_rename(at_folder(l), l->at_name, dir, leaf, replace);
    return fs_link_unnamed(l->file.fd, dir, leaf);
}

/* From now on its name is `leaf` in the folder `dir`, which becomes its own (-1: the one where it will be). */
static void is_named(struct folder_file *l, int dir, const char *leaf)
{
    close_fd(&l->at);
    l->at = dir;
    snprintf(l->at_name, sizeof l->at_name, "%s", leaf);
}

/* The store's own folder, made when it is missing. */
static int open_own_folder(int root, const char *own, const char **leaf)
{
    int dir = folder_parent(root, own, leaf);

    if (dir != -ENOENT)
        return dir;
    fs_mkdir(root, folder_rel(STORE_OWN_FOLDER));
    return folder_parent(root, own, leaf);
}

/* A passing name, from where rename can put the file over another one. In the store's own folder, where what a killed server
 * leaves is swept; on another file system than that, beside the name it will have. */
static int name_in_passing(struct folder_file *l)
{
    char path[AT_NAME];
    const char *leaf;
    CLEANUP(close_fd) int own = -1;

    snprintf(path, sizeof path, STORE_PASSING "%016llx", (unsigned long long)fs_random());
    own = open_own_folder(l->st.storage->root, path, &leaf);
    TRY(fs_lock_now(l->file.fd));
    if (own >= 0 && fs_link_unnamed(l->file.fd, own, leaf) == 0) {
        is_named(l, own, leaf);
        own = -1;
        return 0;
    }
    snprintf(path, sizeof path, "/" STORE_OWN_PREFIX "%016llx", (unsigned long long)fs_random());
    TRY(fs_link_unnamed(l->file.fd, l->dir, path + 1));
    is_named(l, -1, path + 1);
    return 0;
}

static int commit_over(struct folder_file *l)
{
    struct fs_stat old;

    if (fs_stat_at(l->dir, l->leaf, &old) == 0 && old.kind == FS_FILE)
        TRY(fs_take_after(l->file.fd, &old));
    if (!l->at_name[0])
        TRY(name_in_passing(l));
    return name_as(l, l->dir, l->leaf, true);
}

int folder_commit(struct file *f, bool replace)
{
    struct folder_file *l = folder_file(f);

    TRY(replace ? commit_over(l) : name_as(l, l->dir, l->leaf, false));
    l->at_name[0] = '\0';
    return 0;
}

int folder_sync(struct file *f)
{
    return fs_sync(f->fd);
}

int folder_sync_name(struct file *f)
{
    return fs_sync(folder_file(f)->dir);
}

/* Opens and locks the hidden file at this name; -EBUSY when somebody writes it, or has just given the name away. */
static int open_hidden(int dir, const char *leaf, struct fs_stat *st)
{
    CLEANUP(close_fd) int fd = fs_open_file(dir, leaf, true, FS_ANY);
    struct fs_stat now;
    int out = fd;

    TRY(fd);
    TRY(fs_lock_now(fd));
    TRY(fs_stat(fd, st));
    if (fs_stat_at(dir, leaf, &now) < 0 || now.ino != st->ino)
        return -EBUSY;
    fd = -1;
    return out;
}

static int drop_hidden(int dir, const char *leaf, int64_t *size)
{
    struct fs_stat st;
    CLEANUP(close_fd) int fd = open_hidden(dir, leaf, &st);

    TRY(fd);
    TRY(fs_unlink(dir, leaf));
    *size = st.size;
    return 0;
}

int folder_drop(const struct store *st, const char *own, int64_t *size)
{
    const char *leaf;
    CLEANUP(close_fd) int dir = folder_parent(st->storage->root, own, &leaf);

    TRY(dir);
    return drop_hidden(dir, leaf, size);
}

bool folder_busy(const struct store *st, const char *own)
{
    struct fs_stat raw;
    CLEANUP(close_fd) int fd = open_hidden(st->storage->root, folder_rel(own), &raw);

    return fd == -EBUSY;
}

int folder_hide(struct file *f, const char *own, int64_t *replaced)
{
    struct folder_file *l = folder_file(f);
    const char *leaf;
    CLEANUP(close_fd) int dir = folder_parent(l->st.storage->root, own, &leaf);
    int rc;

    TRY(dir);
    TRY(fs_lock_now(f->fd));
    for (int i = 0; (rc = name_as(l, dir, leaf, false)) == -EEXIST && i < 3; i++)
        if ((rc = drop_hidden(dir, leaf, replaced)) != -ENOENT)
            TRY(rc);
    TRY(rc);
    is_named(l, dir, leaf);
    dir = -1;
    l->hidden = true;
    return 0;
}

int folder_unhide(struct file *f)
{
    struct folder_file *l = folder_file(f);

    TRY(fs_unlink(at_folder(l), l->at_name));
    l->at_name[0] = '\0';
    l->hidden = false;
    return 0;
}

/* ---- beginning ---- */

/* A file system without O_TMPFILE: a name of the store's own stands in for none. */
int folder_open_passing(struct folder_file *l)
{
    char name[AT_NAME];
    int fd;

    snprintf(name, sizeof name, STORE_OWN_PREFIX "%016llx", (unsigned long long)fs_random());
    fd = fs_open_new(l->dir, name);
    if (fd >= 0)
        is_named(l, -1, name);
    return fd;
}

int folder_open_own(struct folder_file *l, const char *own)
{
    const char *leaf;
    CLEANUP(close_fd) int dir = folder_parent(l->st.storage->root, own, &leaf);

    TRY(dir);
    l->file.fd = open_hidden(dir, leaf, &l->opened);
    TRY(l->file.fd);
    is_named(l, dir, leaf);
    dir = -1;
    l->hidden = true;
    return 0;
}

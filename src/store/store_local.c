/* store_local: a folder of this machine: looking names up, and the changes that move no file content. Reading and writing is
 * in folder_file.c, listings in folder_dir.c. Called through store_ops only, after the front has checked rights and hidden
 * names. Whatever may block on a disk runs inside rt_call. Owns the root's descriptor, for as long as the server runs.
 *
 * Nothing outside the root is reachable: every path is resolved by one openat2(RESOLVE_BENEATH), and every change names a
 * leaf in a folder that was opened that way, where links are not followed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/access_impl.h"
#include "store/folder.h"
#include "wire/path.h"

enum { SERVE_TRIES = 200 };

int store_local_open(const char *dir, bool hidden, struct storage *out)
{
    int root = fs_open_root(dir);

    TRY(root);
    folder_give_up(true);
    *out = (struct storage){ .ops = &store_local_ops, .hidden = hidden, .root = root, .quick = fs_is_local(root) };
    return 0;
}

void store_local_serve(const struct storage *storage)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });

    for (int i = 0; i < SERVE_TRIES && fs_lock_shared(storage->root) == -EBUSY; i++)
        rt_sleep(&task, rt_now(&task) + RT_SECONDS(1) / 100);
}

bool store_local_alone(const struct storage *storage)
{
    return fs_lock_now(storage->root) == 0;
}

/* A link that leads out of the folder is no error of the client's: the name is simply not there. */
static int not_shown(int rc)
{
    return rc == -EXDEV || rc == -ELOOP ? -ENOENT : rc;
}

static bool is_own(const char *path)
{
    return span_starts(span_of(path), SPAN("/" STORE_OWN_PREFIX)); /* no path of a client's begins so */
}

int folder_root(const struct store *st, const char *path)
{
    return st->home && !is_own(path) ? st->home->root : st->storage->root;
}

/* The descriptor stays on the folder, whatever name it has later on; below it nothing leads out. */
static int folder_enter(const struct store *st, struct store_home *home)
{
    home->root = fs_open_dir(st->storage->root, folder_rel(home->path));
    TRY(not_shown(home->root));
    home->quick = st->storage->quick && fs_is_local(home->root);
    return 0;
}

static void folder_leave(struct store_home *home)
{
    close_fd(&home->root);
}

const char *folder_rel(const char *path)
{
    return path[1] ? path + 1 : ".";
}

int folder_stat_of(const struct fs_stat *raw, struct store_stat *out)
{
    if (raw->kind != FS_FILE && raw->kind != FS_DIR)
        return -ENOENT;
    *out = (struct store_stat){
        .kind = raw->kind == FS_DIR ? STORE_DIR : STORE_FILE, .size = raw->size, .mtime = raw->mtime, .dev = raw->dev,
        .ino = raw->ino, .mode = raw->mode, .nlink = raw->nlink, .uid = raw->uid, .gid = raw->gid,
    };
    return 0;
}

bool folder_is_quick(const struct store *st)
{
    return st->home ? st->home->quick : st->storage->quick;
}

int folder_try(const struct store *st, int (*fn)(void *), struct folder_call *call)
{
    int rc = -EAGAIN;

    call->lookup = FS_CACHED;
    if (folder_is_quick(st))
        rc = fn(call);
    call->lookup = FS_ANY;
    return rc == -EAGAIN ? rt_call(st->task, fn, call) : rc;
}

int folder_stat(int root, const char *path, enum fs_lookup lookup, struct store_stat *out)
{
    CLEANUP(close_fd) int fd = fs_open_handle(root, folder_rel(path), lookup);
    struct fs_stat raw;

    TRY(not_shown(fd));
    TRY(fs_stat(fd, &raw));
    return folder_stat_of(&raw, out);
}

int folder_parent(int root, const char *path, const char **leaf)
{
    struct span up = path_parent(span_of(path));
    CLEANUP(free_text) char *parent = span_dup(up);
    int dir;

    if (!parent)
        return -ENOMEM;
    *leaf = path_leaf(span_of(path)).at;
    if (!**leaf)
        return -EINVAL;
    dir = fs_open_dir(root, folder_rel(parent));
    /* a folder that may be written but not listed is still a place to put a file */
    return not_shown(dir == -EACCES ? fs_open_handle(root, folder_rel(parent), FS_ANY) : dir);
}

/* What stands at the leaf itself, and what kind of thing a client sees there: a link is asked for what it leads to, and one
 * that leads out is not shown. */
static int look_at(int root, const char *path, int dir, const char *leaf, struct fs_stat *raw, struct store_stat *seen)
{
    TRY(fs_stat_at(dir, leaf, raw));
    if ((raw->kind == FS_LINK ? folder_stat(root, path, FS_ANY, seen) : folder_stat_of(raw, seen)) < 0)
        return -EPERM;
    return seen->kind == STORE_DIR ? -EISDIR : 0;
}

int folder_target(int root, const char *path, int dir, const char *leaf)
{
    struct fs_stat raw;
    struct store_stat seen;

    return look_at(root, path, dir, leaf, &raw, &seen);
}

/* A link is a name, not a file: whoever replaces it frees no byte of anybody's. */
int folder_look(int root, const char *path, int dir, const char *leaf, struct store_found *out)
{
    struct fs_stat raw;
    struct store_stat seen;

    TRY(look_at(root, path, dir, leaf, &raw, &seen));
    *out = (struct store_found){ .stat = seen };
    if (raw.kind == FS_LINK)
        out->stat.size = 0;
    else
        folder_account_at(dir, leaf, out->account);
    return 0;
}

uint64_t folder_name_id(int dir, const char *leaf)
{
    struct fs_stat st;
    uint64_t id = 14695981039346656037u; /* FNV-1a */

    if (fs_stat(dir, &st) < 0)
        return 0;
    id = (id ^ st.dev) * 1099511628211u;
    id = (id ^ st.ino) * 1099511628211u;
    while (*leaf)
        id = (id ^ (unsigned char)*leaf++) * 1099511628211u;
    return id ? id : 1;
}

struct stat_call {
    struct folder_call call; /* first */
    const struct store *st;
    const char *path;
    struct store_stat *out;
};

static int stat_call(void *arg)
{
    struct stat_call *c = arg;

    return folder_stat(folder_root(c->st, c->path), c->path, c->call.lookup, c->out);
}

static int store_local_stat(const struct store *st, const char *path, struct store_stat *out)
{
    struct stat_call c = { .st = st, .path = path, .out = out };

    if (folder_kept_stat(st, path, out))
        return 0;
    return folder_try(st, stat_call, &c.call);
}

/* ---- changes: each gets the folder and the leaf of an entry that is shown ---- */

static int change_rm(int root, int dir, const char *leaf, const struct store_change *c)
{
    TRY(folder_target(root, c->path, dir, leaf));
    return fs_unlink(dir, leaf);
}

static int change_mkdir(int root, int dir, const char *leaf, const struct store_change *c)
{
    (void)root;
    (void)c;
    return fs_mkdir(dir, leaf);
}

static int change_rmdir(int root, int dir, const char *leaf, const struct store_change *c)
{
    int rc = folder_target(root, c->path, dir, leaf);

    if (rc != -EISDIR)
        return rc == 0 ? -ENOTDIR : rc;
    return fs_rmdir(dir, leaf);
}

static int change_mv(int root, int dir, const char *leaf, const struct store_change *c)
{
    const char *to_leaf;
    CLEANUP(close_fd) int to_dir = folder_parent(root, c->to, &to_leaf);
    int from = folder_target(root, c->path, dir, leaf), to;

    if (from != -EISDIR)
        TRY(from);
    TRY(to_dir);
    to = folder_target(root, c->to, to_dir, to_leaf);
    if (to == -ENOENT)
        return fs_rename(dir, leaf, to_dir, to_leaf, false);
    TRY(to);
    return from == -EISDIR ? -ENOTDIR : fs_rename(dir, leaf, to_dir, to_leaf, true);
}

/* Sums hold for one time of change: with a new one they are noted anew. */
static int set_mtime(int root, const struct store_change *c, int handle)
{
    struct fs_stat st;
    CLEANUP(close_fd) int fd = folder_open_regular(root, c->path, false, FS_ANY, &st);
    struct mark mark;
    bool marked = fd >= 0 && folder_get_mark(fd, &mark) == 0;

    TRY(fs_set_mtime_handle(handle, c->mtime));
    if (marked)
        folder_set_mark(fd, &mark);
    return 0;
}

/* Times and modes are set through a handle, so that what was checked is what is changed. */
static int change_fact(int root, int dir, const char *leaf, const struct store_change *c)
{
    CLEANUP(close_fd) int handle = fs_open_handle(root, folder_rel(c->path), FS_ANY);
    struct store_stat st;
    struct fs_stat raw;

    (void)dir;
    (void)leaf;
    TRY(not_shown(handle));
    TRY(fs_stat(handle, &raw));
    TRY(folder_stat_of(&raw, &st));
    return c->verb == STORE_MTIME ? set_mtime(root, c, handle) : fs_set_mode_handle(handle, c->mode);
}

static int folder_change(const struct store *st, const struct store_change *c)
{
    static int (*const change[])(int root, int dir, const char *leaf, const struct store_change *) = {
        [STORE_RM] = change_rm, [STORE_MKDIR] = change_mkdir, [STORE_RMDIR] = change_rmdir,
        [STORE_MV] = change_mv, [STORE_MTIME] = change_fact,  [STORE_MODE] = change_fact,
    };
    int root = folder_root(st, c->path);
    const char *leaf;
    CLEANUP(close_fd) int dir = folder_parent(root, c->path, &leaf);

    TRY(dir);
    return change[c->verb](root, dir, leaf, c);
}

/* ---- questions ---- */

static int store_local_look(const struct store *st, const char *path, struct store_found *out)
{
    int root = folder_root(st, path);
    const char *leaf;
    CLEANUP(close_fd) int dir = folder_parent(root, path, &leaf);

    TRY(dir == -EINVAL ? -EISDIR : dir);
    return folder_look(root, path, dir, leaf, out);
}

static int store_local_space(const struct store *st, const char *path, int64_t *bytes, int64_t *all)
{
    CLEANUP(close_fd) int fd = fs_open_dir(folder_root(st, path), folder_rel(path));

    TRY(not_shown(fd));
    return fs_space(fd, bytes, all);
}

static uint64_t store_local_name_id(const struct store *st, const char *path)
{
    const char *leaf;
    CLEANUP(close_fd) int dir = folder_parent(folder_root(st, path), path, &leaf);

    return dir < 0 ? 0 : folder_name_id(dir, leaf);
}

const struct store_ops store_local_ops = {
    .name = "local", .enter = folder_enter, .leave = folder_leave, .stat = store_local_stat, .open = folder_open, .list = folder_list, .create = folder_create,
    .create_quick = folder_create_quick,
    .resume = folder_resume, .look = store_local_look, .change = folder_change, .drop = folder_drop, .busy = folder_busy,
    .space = store_local_space, .name_id = store_local_name_id, .each = folder_each,
};

/* mem_change: the changes of the memory store that move no content. Called through store_ops.change; each is one call under the
 * lock, done or not. Fails with -ENOENT, -EEXIST, -EISDIR, -ENOTDIR, -ENOTEMPTY, -EINVAL (a folder into itself) and -ENOSPC. */
#include <errno.h>

#include "base/cleanup.h"
#include "store/mem.h"

static int change_rm(struct mem_heap *h, const struct store_change *c)
{
    uint32_t node;

    TRY(mem_walk(h, span_of(c->path), &node));
    if (h->nodes[node].kind == STORE_DIR)
        return -EISDIR;
    mem_remove(h, node);
    return 0;
}

static int change_mkdir(struct mem_heap *h, const struct store_change *c)
{
    uint32_t folder, node;
    struct span leaf;

    TRY(mem_parent(h, c->path, &folder, &leaf));
    if (mem_child(h, folder, leaf))
        return -EEXIST;
    TRY(mem_make(h, STORE_DIR, &node));
    mem_link(h, node, folder, leaf);
    return 0;
}

static int change_rmdir(struct mem_heap *h, const struct store_change *c)
{
    uint32_t node;

    TRY(mem_walk_folder(h, span_of(c->path), &node));
    if (h->nodes[node].newest)
        return -ENOTEMPTY;
    mem_remove(h, node);
    return 0;
}

/* A folder would be cut off from the root. */
static bool is_within(const struct mem_heap *h, uint32_t folder, uint32_t outer)
{
    while (folder != outer && folder != MEM_ROOT)
        folder = h->nodes[folder].parent;
    return folder == outer;
}

static int change_mv(struct mem_heap *h, const struct store_change *c)
{
    uint32_t from, to, folder;
    struct span leaf;
    bool moves_folder;

    TRY(mem_walk(h, span_of(c->path), &from));
    TRY(mem_parent(h, c->to, &folder, &leaf));
    to = mem_child(h, folder, leaf);
    moves_folder = h->nodes[from].kind == STORE_DIR;
    if (to && h->nodes[to].kind == STORE_DIR)
        return -EISDIR;
    if (to && moves_folder)
        return -ENOTDIR;
    if (moves_folder && is_within(h, folder, from))
        return -EINVAL;
    if (to == from)
        return 0;
    mem_unlink(h, from);
    if (!to) {
        mem_link(h, from, folder, leaf);
        return 0;
    }
    mem_replace(h, from, to);
    mem_discard(h, to);
    return 0;
}

/* As far as 64 bits go: from 1678 to 2262. */
static int64_t ns(int64_t seconds)
{
    enum { SECOND = 1000000000 };

    if (seconds > INT64_MAX / SECOND)
        return INT64_MAX;
    return seconds < INT64_MIN / SECOND ? INT64_MIN : seconds * SECOND;
}

static int change_mtime(struct mem_heap *h, const struct store_change *c)
{
    uint32_t node;

    TRY(mem_walk(h, span_of(c->path), &node));
    MEM_SET(h, h->nodes[node].mtime, ns(c->mtime));
    return 0;
}

static int change_mode(struct mem_heap *h, const struct store_change *c)
{
    uint32_t node;

    TRY(mem_walk(h, span_of(c->path), &node));
    MEM_SET(h, h->nodes[node].mode, c->mode);
    return 0;
}

static int change_call(struct mem_heap *h, void *arg)
{
    static int (*const change[])(struct mem_heap *, const struct store_change *) = {
        [STORE_RM] = change_rm, [STORE_MKDIR] = change_mkdir, [STORE_RMDIR] = change_rmdir,
        [STORE_MV] = change_mv, [STORE_MTIME] = change_mtime, [STORE_MODE] = change_mode,
    };
    const struct store_change *c = arg;

    return change[c->verb](h, c);
}

int mem_change(const struct store *st, const struct store_change *change)
{
    CLEANUP(free_text) char *path = NULL, *to = NULL;
    struct store_change c = *change;

    c.path = mem_path(st, c.path, &path);
    c.to = c.to ? mem_path(st, c.to, &to) : NULL;
    if (!c.path || (change->to && !c.to))
        return -ENOMEM;
    return mem_do(mem_of(st), change_call, &c);
}

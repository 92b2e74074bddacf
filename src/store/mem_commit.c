/* mem_commit: the names and the marks of files that are open in the memory store. Reached through file_ops; each is one call
 * under the lock, so a name stands for its old content or for its new one, also when the process is killed in between.
 * Fails with -EEXIST, -EISDIR and -ENOENT (the folder is gone). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/mem.h"
#include "wire/path.h"

/* ---- names ---- */

struct name_call {
    struct mem_file *f;
    bool replace;
    const char *own;
    int64_t *replaced;
};

/* The folder where it will be, as long as that is there: under whatever name. */
static int place(const struct mem_heap *h, const struct mem_file *f)
{
    const struct mem_node *n = h->nodes + f->folder;

    return n->kind == STORE_DIR && n->parent && n->ino == f->folder_ino ? 0 : -ENOENT;
}

/* The name that it has gives way to another one, which `old` has (0: nobody). */
static void name_as(struct mem_heap *h, const struct mem_file *f, uint32_t folder, struct span leaf, uint32_t old)
{
    if (node_of(f)->parent)
        mem_unlink(h, f->node);
    if (!old) {
        mem_link(h, f->node, folder, leaf);
        return;
    }
    mem_replace(h, f->node, old);
    mem_discard(h, old);
}

int mem_aim(struct file *file, const char *path)
{
    struct mem_file *f = mem_file(file);
    char *copy = strdup(path);

    if (!copy)
        return -ENOMEM;
    free(f->path);
    f->path = copy;
    f->leaf = path_leaf(span_of(copy));
    return 0;
}

static int commit_call(struct mem_heap *h, void *arg)
{
    struct name_call *c = arg;
    uint32_t old;

    TRY(place(h, c->f));
    old = mem_child(h, c->f->folder, c->f->leaf);
    if (old && !c->replace)
        return -EEXIST;
    if (old && h->nodes[old].kind == STORE_DIR)
        return -EISDIR;
    if (old)
        MEM_SET(h, node_of(c->f)->mode, h->nodes[old].mode);
    name_as(h, c->f, c->f->folder, c->f->leaf, old);
    return 0;
}

int mem_commit(struct file *file, bool replace)
{
    struct mem_file *f = mem_file(file);

    return mem_do(f->h, commit_call, &(struct name_call){ .f = f, .replace = replace });
}

static int hide_call(struct mem_heap *h, void *arg)
{
    struct name_call *c = arg;
    uint32_t folder, old;
    struct span leaf;

    TRY(mem_parent(h, c->own, &folder, &leaf));
    old = mem_child(h, folder, leaf);
    if (old && h->nodes[old].kind == STORE_DIR)
        return -EISDIR;
    if (old && h->nodes[old].writer)
        return -EBUSY;
    if (old)
        *c->replaced = h->nodes[old].size;
    name_as(h, c->f, folder, leaf, old);
    return 0;
}

int mem_hide(struct file *file, const char *own, int64_t *replaced)
{
    struct mem_file *f = mem_file(file);

    return mem_do(f->h, hide_call, &(struct name_call){ .f = f, .own = own, .replaced = replaced });
}

static int unhide_call(struct mem_heap *h, void *arg)
{
    mem_unlink(h, mem_file(arg)->node);
    return 0;
}

int mem_unhide(struct file *file)
{
    return mem_do(mem_file(file)->h, unhide_call, file);
}

struct look_call {
    const struct mem_file *f;
    struct store_found *out;
};

static int look_call(struct mem_heap *h, void *arg)
{
    struct look_call *c = arg;
    uint32_t node;

    TRY(place(h, c->f));
    node = mem_child(h, c->f->folder, c->f->leaf);
    return node ? mem_found(h, node, c->out) : -ENOENT;
}

int mem_file_look(struct file *file, struct store_found *out)
{
    return mem_do(mem_file(file)->h, look_call, &(struct look_call){ mem_file(file), out });
}

uint64_t mem_file_id(struct file *file)
{
    struct mem_file *f = mem_file(file);

    return mem_hash(f->h, f->folder_ino, f->leaf);
}

/* ---- marks: kept in the node ---- */

struct mark_call {
    struct mem_file *f;
    struct mark mark;
};

static int get_mark_call(struct mem_heap *h, void *arg)
{
    struct mark_call *c = arg;
    const struct mem_node *n = node_of(c->f);

    (void)h;
    if (!n->marked)
        return -ENODATA;
    c->mark = n->mark;
    if (n->mark.gen != n->version)
        c->mark.sums.has = 0;
    return 0;
}

int mem_get_mark(struct file *file, struct mark *out)
{
    struct mark_call c = { .f = mem_file(file) };

    TRY(mem_do(c.f->h, get_mark_call, &c));
    *out = c.mark;
    return 0;
}

static int set_mark_call(struct mem_heap *h, void *arg)
{
    struct mark_call *c = arg;
    struct mem_node *n = node_of(c->f);

    MEM_SET(h, n->marked, true);
    mem_touch(h, &n->mark, sizeof n->mark);
    n->mark = c->mark;
    n->mark.size = n->size;
    n->mark.mtime_ns = n->mtime;
    n->mark.ino = n->ino;
    n->mark.gen = n->version;
    return 0;
}

int mem_set_mark(struct file *file, const struct mark *mark)
{
    struct mark_call c = { .f = mem_file(file), .mark = *mark };

    return mem_do(c.f->h, set_mark_call, &c);
}

static int same_call(struct mem_heap *h, void *arg)
{
    const struct mem_file *f = arg;

    (void)h;
    return f->version == node_of(f)->version;
}

bool mem_same(struct file *file)
{
    return mem_do(mem_file(file)->h, same_call, file);
}

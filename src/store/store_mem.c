/* store_mem: a storage that lives in memory and is gone when the server ends: opening it, and what is asked about names.
 * Changes are in mem_change.c, content is in mem_file.c, listings in mem_dir.c, the tree in mem_tree.c and mem_heap.c. Called
 * through store_ops only, after the front has checked rights and hidden names. Nothing here waits but for the one lock, which
 * nobody holds for longer than a few thousand instructions. Owns the mapping, for as long as the server runs.
 *
 * Files get mode 0644 and folders 0755; modes are kept, and have no meaning here. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/access_impl.h"
#include "store/mem.h"

enum { SWEEP_EVERY = 1 /* s */ };

int store_mem_open(size_t bytes, bool hidden, struct storage *out)
{
    struct mem_heap *h = mem_new(bytes);

    if (!h)
        return -ENOMEM;
    *out = (struct storage){ .ops = &store_mem_ops, .hidden = hidden, .root = -1, .quick = true, .state = h };
    return 0;
}

void mem_stat(const struct mem_heap *h, uint32_t node, struct store_stat *out)
{
    const struct mem_node *n = h->nodes + node;

    *out = (struct store_stat){
        .kind = n->kind, .size = n->size, .mtime = n->mtime / 1000000000, .ino = n->ino, .mode = n->mode,
        .nlink = n->kind == STORE_DIR ? 2 : 1, .uid = h->uid, .gid = h->gid,
    };
}

/* There are no links in memory: below a prefix nothing leads out of it. The store's own files are not below it. */
const char *mem_path(const struct store *st, const char *path, char **full)
{
    size_t len = st->home ? strlen(st->home->path) : 0;

    if (!st->home || span_starts(span_of(path), SPAN("/" STORE_OWN_PREFIX))) /* no path of a client's begins so */
        return path;
    *full = malloc(len + strlen(path) + 1);
    if (*full)
        strcpy(stpcpy(*full, st->home->path), path);
    return *full;
}

static int enter_call(struct mem_heap *h, void *arg)
{
    uint32_t node;

    return mem_walk_folder(h, span_of(arg), &node);
}

static int mem_enter(const struct store *st, struct store_home *home)
{
    return mem_do(mem_of(st), enter_call, home->path);
}

static void mem_leave(struct store_home *home)
{
    (void)home;
}

struct stat_call {
    const char *path;
    struct store_stat *out;
};

static int stat_call(struct mem_heap *h, void *arg)
{
    struct stat_call *c = arg;
    uint32_t node;

    TRY(mem_walk(h, span_of(c->path), &node));
    mem_stat(h, node, c->out);
    return 0;
}

static int store_mem_stat(const struct store *st, const char *path, struct store_stat *out)
{
    CLEANUP(free_text) char *full = NULL;
    const char *at = mem_path(st, path, &full);

    return at ? mem_do(mem_of(st), stat_call, &(struct stat_call){ at, out }) : -ENOMEM;
}

int mem_found(const struct mem_heap *h, uint32_t node, struct store_found *out)
{
    if (h->nodes[node].kind == STORE_DIR)
        return -EISDIR;
    mem_stat(h, node, &out->stat);
    memcpy(out->account, h->nodes[node].mark.account, sizeof out->account);
    return 0;
}

struct look_call {
    const char *path;
    struct store_found *out;
};

static int look_call(struct mem_heap *h, void *arg)
{
    struct look_call *c = arg;
    uint32_t node;

    TRY(mem_walk(h, span_of(c->path), &node));
    return mem_found(h, node, c->out);
}

static int mem_look(const struct store *st, const char *path, struct store_found *out)
{
    CLEANUP(free_text) char *full = NULL;
    const char *at = mem_path(st, path, &full);

    return at ? mem_do(mem_of(st), look_call, &(struct look_call){ at, out }) : -ENOMEM;
}

/* ---- the store's own files ---- */

struct drop_call {
    const char *own;
    int64_t *size;
};

static int drop_call(struct mem_heap *h, void *arg)
{
    struct drop_call *c = arg;
    uint32_t node;

    TRY(mem_walk(h, span_of(c->own), &node));
    if (h->nodes[node].kind == STORE_DIR)
        return -EISDIR;
    if (h->nodes[node].writer)
        return -EBUSY;
    *c->size = h->nodes[node].size;
    mem_remove(h, node);
    return 0;
}

static int mem_drop(const struct store *st, const char *own, int64_t *size)
{
    return mem_do(mem_of(st), drop_call, &(struct drop_call){ own, size });
}

static int busy_call(struct mem_heap *h, void *arg)
{
    const char *own = arg;
    uint32_t node;

    TRY(mem_walk(h, span_of(own), &node));
    return h->nodes[node].writer ? -EBUSY : 0;
}

static bool mem_busy(const struct store *st, const char *own)
{
    return mem_do(mem_of(st), busy_call, (void *)(uintptr_t)own) == -EBUSY;
}

/* ---- room ---- */

struct space_call {
    const char *path;
    int64_t now, *bytes, *all;
};

/* What the dead hold is no longer held; looking after them takes too long to do it for each who asks. */
static int space_call(struct mem_heap *h, void *arg)
{
    struct space_call *c = arg;
    uint32_t node;

    TRY(mem_walk_folder(h, span_of(c->path), &node));
    if (c->now - h->swept > RT_SECONDS(SWEEP_EVERY)) {
        mem_sweep(h);
        MEM_SET(h, h->swept, c->now);
    }
    *c->bytes = (int64_t)h->block_pool.left * MEM_BLOCK;
    *c->all = (char *)h + h->size - h->content;
    return 0;
}

static int mem_space(const struct store *st, const char *path, int64_t *bytes, int64_t *all)
{
    CLEANUP(free_text) char *full = NULL;
    const char *at = mem_path(st, path, &full);

    return at ? mem_do(mem_of(st), space_call, &(struct space_call){ at, rt_now(st->task), bytes, all }) : -ENOMEM;
}

int mem_file_space(struct file *f, int64_t *bytes, int64_t *all)
{
    return mem_do(mem_file(f)->h, space_call, &(struct space_call){ "/", rt_now(f->task), bytes, all });
}

struct id_call {
    const char *path;
    uint64_t *id;
};

static int id_call(struct mem_heap *h, void *arg)
{
    struct id_call *c = arg;
    uint32_t folder;
    struct span leaf;

    TRY(mem_parent(h, c->path, &folder, &leaf));
    *c->id = mem_hash(h, h->nodes[folder].ino, leaf);
    return 0;
}

static uint64_t mem_name_id(const struct store *st, const char *path)
{
    CLEANUP(free_text) char *full = NULL;
    const char *at = mem_path(st, path, &full);
    uint64_t id = 0;

    if (at)
        mem_do(mem_of(st), id_call, &(struct id_call){ at, &id });
    return id;
}

/* ---- every file ---- */

enum { SOME = 8 };

struct some_call {
    uint32_t at; /* up to here they were given */
    unsigned n;
    struct store_found found[SOME];
};

static bool is_own(const struct mem_heap *h, uint32_t node)
{
    const struct mem_node *n = h->nodes + node;

    while (node != MEM_ROOT && !span_starts((struct span){ n->name, n->len }, SPAN(STORE_OWN_PREFIX)))
        n = h->nodes + (node = n->parent);
    return node != MEM_ROOT;
}

static int some_call(struct mem_heap *h, void *arg)
{
    struct some_call *c = arg;

    for (c->n = 0; c->n < SOME && c->at < h->node_pool.fresh;) {
        const struct mem_node *n = h->nodes + ++c->at;

        if (n->kind == STORE_FILE && n->parent && !is_own(h, c->at))
            mem_found(h, c->at, &c->found[c->n++]);
    }
    return 0;
}

static int mem_each(const struct storage *storage, void (*fn)(void *ctx, const struct store_found *), void *ctx)
{
    struct some_call c = { 0 };

    do {
        mem_do(storage->state, some_call, &c);
        for (unsigned i = 0; i < c.n; i++)
            fn(ctx, &c.found[i]);
    } while (c.n);
    return 0;
}

const struct store_ops store_mem_ops = {
    .name = "memory", .enter = mem_enter, .leave = mem_leave, .stat = store_mem_stat, .open = mem_open, .list = mem_list, .create = mem_create, .resume = mem_resume,
    .look = mem_look, .change = mem_change, .drop = mem_drop, .busy = mem_busy, .space = mem_space,
    .name_id = mem_name_id, .each = mem_each,
};

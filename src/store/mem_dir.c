/* mem_dir: listings of the memory store: some entries at a time, copied under the lock. Reached through store_ops.list; owns
 * the copies. A folder keeps its entries in the order of their places, the last made first: a listing goes on behind the
 * place where it was, so whatever comes or goes meanwhile, an entry that stays is given once. A folder that is removed ends
 * its listings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/mem.h"

enum { BATCH = 64 };

struct mem_dir {
    struct dir dir;
    struct store st;
    const char *path; /* while it is opened */
    uint32_t folder;
    uint64_t ino;
    uint32_t last;  /* the last one looked at, */
    uint64_t place; /* and its place */
    unsigned ready, given;
    struct dir_entry batch[BATCH];
    char name[BATCH][NAME_CAP];
};

static void mem_dir_close(struct dir *dir)
{
    free(dir);
}

static void abandon(struct mem_dir **d)
{
    free(*d);
}

/* Where the last one was: behind it, even if it is not there any more. */
static uint32_t go_on(const struct mem_heap *h, const struct mem_dir *d)
{
    const struct mem_node *last = h->nodes + d->last;
    uint32_t i = h->nodes[d->folder].newest;

    if (!d->last)
        return i;
    if (last->kind && last->parent == d->folder && last->place == d->place)
        return last->older;
    while (i && h->nodes[i].place >= d->place)
        i = h->nodes[i].older;
    return i;
}

static void add(const struct mem_heap *h, struct mem_dir *d, uint32_t node)
{
    const struct mem_node *n = h->nodes + node;
    struct dir_entry *e = &d->batch[d->ready];

    d->last = node;
    d->place = n->place;
    if (!store_shows(d->st.storage, (struct span){ n->name, n->len }))
        return;
    mem_stat(h, node, &e->stat);
    memcpy(d->name[d->ready], n->name, n->len);
    e->name = (struct span){ d->name[d->ready++], n->len };
}

static bool is_there(const struct mem_heap *h, const struct mem_dir *d)
{
    const struct mem_node *n = h->nodes + d->folder;

    return n->kind == STORE_DIR && n->parent && n->ino == d->ino;
}

static int fill_call(struct mem_heap *h, void *arg)
{
    struct mem_dir *d = arg;

    d->ready = d->given = 0;
    if (!is_there(h, d))
        return 0;
    for (uint32_t i = go_on(h, d); i && d->ready < BATCH; i = h->nodes[i].older)
        add(h, d, i);
    return 0;
}

static int mem_dir_next(struct dir *dir, const struct dir_entry **out)
{
    struct mem_dir *d = (struct mem_dir *)dir;

    if (d->given == d->ready)
        mem_do(mem_of(&d->st), fill_call, d);
    if (d->given == d->ready)
        return 0;
    *out = &d->batch[d->given++];
    return 1;
}

static const struct dir_ops mem_dir_ops = { .next = mem_dir_next, .close = mem_dir_close };

static int open_call(struct mem_heap *h, void *arg)
{
    struct mem_dir *d = arg;

    TRY(mem_walk_folder(h, span_of(d->path), &d->folder));
    d->ino = h->nodes[d->folder].ino;
    return 0;
}

int mem_list(const struct store *st, const char *path, bool stats, struct dir **out)
{
    CLEANUP(abandon) struct mem_dir *d = calloc(1, sizeof *d);
    CLEANUP(free_text) char *full = NULL;
    const char *at = mem_path(st, path, &full);

    (void)stats; /* they cost nothing here */
    if (!d || !at)
        return -ENOMEM;
    d->dir.ops = &mem_dir_ops;
    d->st = *st;
    d->path = at;
    TRY(mem_do(mem_of(st), open_call, d));
    d->path = NULL;
    *out = &d->dir;
    d = NULL;
    return 0;
}

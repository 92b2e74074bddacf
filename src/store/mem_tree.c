/* mem_tree: names of the memory store: each node hangs in its folder's list of entries, the last made first, and in the bucket
 * of its name. Called by store_mem.c and mem_file.c within mem_do, so whatever fails or dies half way is undone. Fails with
 * -ENOENT, -ENOTDIR, -EINVAL (the root has no name) and -ENAMETOOLONG. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "store/mem.h"
#include "sys/clock.h"

uint64_t mem_hash(const struct mem_heap *h, uint64_t folder_ino, struct span name)
{
    uint64_t hash = h->seed ^ folder_ino * UINT64_C(0x9e3779b97f4a7c15);

    for (size_t i = 0; i < name.len; i++) {
        hash = (hash ^ (unsigned char)name.at[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

static uint32_t *bucket_of(struct mem_heap *h, uint64_t hash)
{
    return &h->bucket[hash & (h->buckets - 1)];
}

static struct span name_of(const struct mem_node *n)
{
    return (struct span){ n->name, n->len };
}

uint32_t mem_child(struct mem_heap *h, uint32_t folder, struct span name)
{
    uint64_t hash = mem_hash(h, h->nodes[folder].ino, name);
    uint32_t i = *bucket_of(h, hash);

    while (i && !(h->nodes[i].hash == hash && h->nodes[i].parent == folder && span_eq(name_of(&h->nodes[i]), name)))
        i = h->nodes[i].link;
    return i;
}

int mem_walk(struct mem_heap *h, struct span path, uint32_t *node)
{
    uint32_t at = MEM_ROOT;

    while (path.len) {
        struct span name = span_cut(&path, '/');

        if (!name.len)
            continue;
        if (h->nodes[at].kind != STORE_DIR)
            return -ENOTDIR;
        at = mem_child(h, at, name);
        if (!at)
            return -ENOENT;
    }
    *node = at;
    return 0;
}

int mem_walk_folder(struct mem_heap *h, struct span path, uint32_t *node)
{
    uint32_t found;

    TRY(mem_walk(h, path, &found));
    if (h->nodes[found].kind != STORE_DIR)
        return -ENOTDIR;
    *node = found;
    return 0;
}

int mem_parent(struct mem_heap *h, const char *path, uint32_t *folder, struct span *leaf)
{
    struct span name = path_leaf(span_of(path));

    if (!name.len)
        return -EINVAL;
    if (name.len > NAME_CAP)
        return -ENAMETOOLONG;
    TRY(mem_walk_folder(h, path_parent(span_of(path)), folder));
    *leaf = name;
    return 0;
}

/* What holds the number of the node in its bucket. */
static uint32_t *held_by(struct mem_heap *h, uint32_t node)
{
    uint32_t *at = bucket_of(h, h->nodes[node].hash);

    while (*at != node) {
        CHECK(*at);
        at = &h->nodes[*at].link;
    }
    return at;
}

static void changed(struct mem_heap *h, uint32_t folder)
{
    MEM_SET(h, h->nodes[folder].mtime, clock_wall_ns());
}

static void set_name(struct mem_heap *h, struct mem_node *n, uint32_t folder, struct span name)
{
    mem_touch(h, n->name, sizeof n->name);
    memcpy(n->name, name.at, name.len);
    MEM_SET(h, n->len, (uint8_t)name.len);
    MEM_SET(h, n->hash, mem_hash(h, h->nodes[folder].ino, name));
    MEM_SET(h, n->parent, folder);
}

void mem_link(struct mem_heap *h, uint32_t node, uint32_t folder, struct span name)
{
    struct mem_node *n = h->nodes + node, *f = h->nodes + folder;
    uint32_t *bucket;

    set_name(h, n, folder, name);
    bucket = bucket_of(h, n->hash);
    MEM_SET(h, n->link, *bucket);
    MEM_SET(h, *bucket, node);
    MEM_SET(h, h->place, h->place + 1);
    MEM_SET(h, n->place, h->place);
    MEM_SET(h, n->newer, 0);
    MEM_SET(h, n->older, f->newest);
    if (f->newest)
        MEM_SET(h, h->nodes[f->newest].newer, node);
    MEM_SET(h, f->newest, node);
    changed(h, folder);
}

void mem_unlink(struct mem_heap *h, uint32_t node)
{
    struct mem_node *n = h->nodes + node;
    uint32_t *held = held_by(h, node);

    MEM_SET(h, *held, n->link);
    if (n->newer)
        MEM_SET(h, h->nodes[n->newer].older, n->older);
    else
        MEM_SET(h, h->nodes[n->parent].newest, n->older);
    if (n->older)
        MEM_SET(h, h->nodes[n->older].newer, n->newer);
    changed(h, n->parent);
    MEM_SET(h, n->parent, 0);
}

/* A listing that has not come by yet finds the new one where the old one was: an overwritten file is never left out. */
void mem_replace(struct mem_heap *h, uint32_t node, uint32_t old)
{
    struct mem_node *n = h->nodes + node, *o = h->nodes + old;
    uint32_t *held = held_by(h, old);

    set_name(h, n, o->parent, name_of(o));
    MEM_SET(h, n->link, o->link);
    MEM_SET(h, *held, node);
    MEM_SET(h, n->place, o->place);
    MEM_SET(h, n->newer, o->newer);
    MEM_SET(h, n->older, o->older);
    if (n->newer)
        MEM_SET(h, h->nodes[n->newer].older, node);
    else
        MEM_SET(h, h->nodes[n->parent].newest, node);
    if (n->older)
        MEM_SET(h, h->nodes[n->older].newer, node);
    changed(h, n->parent);
    MEM_SET(h, o->parent, 0);
}

void mem_remove(struct mem_heap *h, uint32_t node)
{
    mem_unlink(h, node);
    mem_discard(h, node);
}

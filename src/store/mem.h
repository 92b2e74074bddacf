/* mem: shared by the files of the memory store only: the tree of names over mem_heap.h, and the parts of store_mem. */
#ifndef DRAY_STORE_MEM_H
#define DRAY_STORE_MEM_H

#include "store/mem_heap.h"

/* ---- mem_tree.c: names; within mem_do ---- */

/* For a name in a folder: where it hangs, and what store/shared.h locks. */
uint64_t mem_hash(const struct mem_heap *, uint64_t folder_ino, struct span name);
/* 0: there is none. */
uint32_t mem_child(struct mem_heap *, uint32_t folder, struct span name);
/* -ENOENT, -ENOTDIR. */
int mem_walk(struct mem_heap *, struct span path, uint32_t *node);
/* The same for a folder. */
int mem_walk_folder(struct mem_heap *, struct span path, uint32_t *node);
/* The folder that holds the path's leaf. -EINVAL for the root, -ENAMETOOLONG. */
int mem_parent(struct mem_heap *, const char *path, uint32_t *folder, struct span *leaf);
/* Gives a node that has no name one that is free. */
void mem_link(struct mem_heap *, uint32_t node, uint32_t folder, struct span name);
/* It has no name then: it is to be linked or discarded. */
void mem_unlink(struct mem_heap *, uint32_t node);
/* Gives a node that has no name that of `old`, at its place in the folder. `old` is to be discarded. */
void mem_replace(struct mem_heap *, uint32_t node, uint32_t old);
/* Unlinks and discards. */
void mem_remove(struct mem_heap *, uint32_t node);

/* ---- mem_file.c, mem_commit.c ---- */

struct mem_file {
    struct file file;
    struct mem_heap *h;
    uint32_t node, claim;
    uint32_t block, index; /* the one it was at last, and which of the file's that is; 0: none */
    uint64_t version;      /* of the content, when opened */
    uint32_t folder;       /* writing: where it will be */
    uint64_t folder_ino;
    struct span leaf; /* as what; in path */
    char *path;
};

static inline struct mem_file *mem_file(struct file *f)
{
    return (struct mem_file *)f;
}

/* The node of an open file stays its own. */
static inline struct mem_node *node_of(const struct mem_file *f)
{
    return f->h->nodes + f->node;
}

/* As file_ops has them. */
int mem_file_look(struct file *, struct store_found *out);
uint64_t mem_file_id(struct file *);
int mem_file_space(struct file *, int64_t *bytes, int64_t *all);
int mem_aim(struct file *, const char *path);
int mem_commit(struct file *, bool replace);
int mem_hide(struct file *, const char *own, int64_t *replaced);
int mem_unhide(struct file *);
int mem_get_mark(struct file *, struct mark *out);
int mem_set_mark(struct file *, const struct mark *);
bool mem_same(struct file *);

/* ---- store_mem.c, and what it is made of ---- */

static inline struct mem_heap *mem_of(const struct store *st)
{
    return st->storage->state;
}

/* The path from the root of the storage: itself, or *full, which the caller frees. NULL without memory. */
const char *mem_path(const struct store *, const char *path, char **full);
void mem_stat(const struct mem_heap *, uint32_t node, struct store_stat *out);
/* As store_ops.look says. */
int mem_found(const struct mem_heap *, uint32_t node, struct store_found *out);
int mem_open(const struct store *, const char *path, struct file **out);
int mem_create(const struct store *, const char *path, struct file **out);
int mem_resume(const struct store *, const char *own, const char *path, int64_t len, struct file **out);
int mem_change(const struct store *, const struct store_change *);
int mem_list(const struct store *, const char *path, bool stats, struct dir **out);

#endif

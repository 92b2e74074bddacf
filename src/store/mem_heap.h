/* mem_heap: what the memory store is made of: nodes and chains of blocks in memory that all processes of a server share, under
 * one lock. Nodes, blocks and claims go by number; 0 is none. For the files of the memory store only.
 *
 * A process can be killed at any instruction. Whatever it was changing under the lock is undone by the next taker: all is
 * saved (mem_touch, MEM_SET) before it is changed. What it had open is known by its claims, which are dropped once it is
 * found to be dead. Content is only written in files that nobody else writes, behind what is known to be there. */
#ifndef DRAY_STORE_MEM_HEAP_H
#define DRAY_STORE_MEM_HEAP_H

#include "store/store_impl.h"
#include "sys/lock.h"
#include "sys/proc_id.h"
#include "wire/path.h"

enum { MEM_BLOCK = 64 * 1024, MEM_ROOT = 1, MEM_SAVED = 256, MEM_SAVED_BYTES = 16 * 1024 };

/* A file or folder, also one without a name that somebody writes or still reads. */
struct mem_node {
    uint32_t link; /* the next one of its name's bucket, or that is free */
    uint32_t parent, newer, older; /* in its folder; parent 0: it has no name */
    uint32_t newest;               /* folder: its last entry */
    uint32_t head, tail, blocks;   /* file: all it has, perhaps more than its size takes */
    uint32_t claims;               /* of those who have it open */
    uint32_t writer;               /* the claim of the one that writes it */
    enum store_kind kind;          /* 0: free */
    unsigned mode;
    int64_t size, mtime; /* bytes, ns since 1970 */
    uint64_t ino;        /* never given twice */
    uint64_t place;      /* grows from entry to entry of a folder: where a listing goes on */
    uint64_t version;    /* of the content */
    uint64_t hash;       /* of the name in its folder */
    bool marked;
    struct mark mark;
    uint8_t len;
    char name[NAME_CAP];
};

/* Somebody has a node open: it keeps its content until then. */
struct mem_claim {
    uint32_t link; /* the next free one */
    uint32_t node; /* 0: free */
    struct proc_id who;
};

/* Things of one kind: some were given back, some never taken. */
struct mem_pool {
    uint32_t left, free, fresh; /* how many; the first of those given back; the last one ever taken */
    char *link;                 /* where number 0 would keep the number of the next free one */
    size_t stride;
};

struct mem_undo {
    uint32_t n; /* 0: everything is as it should be */
    struct mem_saved {
        void *at;
        uint32_t from, len; /* in old */
    } saved[MEM_SAVED];
    char old[MEM_SAVED_BYTES];
};

struct mem_heap {
    struct lock lock;
    struct mem_undo undo;
    struct mem_pool node_pool, block_pool, claim_pool;
    struct mem_node *nodes; /* these, and the next two, from number 1 on */
    struct mem_claim *claims;
    uint32_t *next; /* of each block, in its file or among the free */
    char *content;
    uint32_t *bucket; /* nodes by name */
    uint32_t buckets; /* a power of two */
    size_t size;      /* of the mapping */
    uint64_t seed, ino, place;
    unsigned uid, gid;
    int64_t swept; /* when, by the clock of tasks */
};

/* Room for so many bytes of content, and a root. NULL: that much memory is not to be had. */
struct mem_heap *mem_new(size_t bytes);
void mem_free(struct mem_heap *);

/* Runs fn(h, arg) under the lock; when it fails nothing has changed. If claims of the dead may stand in the way (-ENOSPC,
 * -ENFILE, -EBUSY) it is tried once more without them. */
int mem_do(struct mem_heap *, int (*fn)(struct mem_heap *, void *), void *arg);

/* ---- for fn, and what it calls ---- */

/* Saves what is about to change. */
void mem_touch(struct mem_heap *, void *at, size_t len);
#define MEM_SET(h, what, value) (mem_touch((h), &(what), sizeof(what)), (void)((what) = (value)))

static inline char *mem_content(struct mem_heap *h, uint32_t block)
{
    return h->content + (size_t)(block - 1) * MEM_BLOCK;
}

/* A new one, to be linked or claimed in the same call; -ENOSPC. */
int mem_make(struct mem_heap *, enum store_kind, uint32_t *node);
/* Frees it when it has neither name nor claim. */
void mem_discard(struct mem_heap *, uint32_t node);
/* One more block at its end; -ENOSPC. */
int mem_grow(struct mem_heap *, uint32_t node);
/* Keeps the first n blocks. */
void mem_trim(struct mem_heap *, uint32_t node, uint32_t n);
/* -ENFILE; -EBUSY: another one writes it. */
int mem_claim(struct mem_heap *, uint32_t node, bool write, uint32_t *claim);
void mem_unclaim(struct mem_heap *, uint32_t claim);
/* Drops the claims of processes that are not there any more; how many. Only before anything else is changed. */
unsigned mem_sweep(struct mem_heap *);

#endif

/* mem_new: lays out the memory of the memory store (see mem_heap.h): the book-keeping first, then 64 KiB blocks of content. Only
 * what is used is ever there. Called by store_mem.c before the first fork; owns the one mapping that every process of the
 * server inherits. Fails by NULL. */
#include "base/check.h"
#include "store/mem_heap.h"
#include "sys/fs.h"
#include "sys/proc.h"

enum { CLAIMS = 128 * 1024, NODES_MIN = 1024, NODES_A_BLOCK = 4, ALIGN = 4096 };

struct layout {
    size_t nodes, blocks, buckets;
    size_t node_at, claim_at, next_at, bucket_at, content_at, size;
};

static size_t room(size_t *at, size_t n, size_t each)
{
    size_t begin = *at;

    *at = (begin + n * each + ALIGN - 1) / ALIGN * ALIGN;
    return begin;
}

static struct layout lay_out(size_t bytes)
{
    struct layout l = { .blocks = (bytes + MEM_BLOCK - 1) / MEM_BLOCK, .buckets = NODES_MIN };
    size_t at = 0;

    l.nodes = NODES_MIN + NODES_A_BLOCK * l.blocks;
    while (l.buckets < l.nodes)
        l.buckets *= 2;
    room(&at, 1, sizeof(struct mem_heap));
    l.node_at = room(&at, l.nodes + 1, sizeof(struct mem_node));
    l.claim_at = room(&at, CLAIMS + 1, sizeof(struct mem_claim));
    l.next_at = room(&at, l.blocks + 1, sizeof(uint32_t));
    l.bucket_at = room(&at, l.buckets, sizeof(uint32_t));
    l.content_at = room(&at, l.blocks, MEM_BLOCK);
    l.size = at;
    return l;
}

static struct mem_pool pool(size_t n, void *link, size_t stride)
{
    return (struct mem_pool){ .left = (uint32_t)n, .link = link, .stride = stride };
}

static void fill(struct mem_heap *h, const struct layout *l)
{
    char *base = (char *)h;
    uint32_t root;

    lock_init(&h->lock);
    h->nodes = (void *)(base + l->node_at);
    h->claims = (void *)(base + l->claim_at);
    h->next = (void *)(base + l->next_at);
    h->bucket = (void *)(base + l->bucket_at);
    h->content = base + l->content_at;
    h->buckets = (uint32_t)l->buckets;
    h->size = l->size;
    h->node_pool = pool(l->nodes, &h->nodes->link, sizeof *h->nodes);
    h->claim_pool = pool(CLAIMS, &h->claims->link, sizeof *h->claims);
    h->block_pool = pool(l->blocks, h->next, sizeof *h->next);
    h->seed = fs_random();
    proc_owner(&h->uid, &h->gid);
    CHECK(mem_make(h, STORE_DIR, &root) == 0 && root == MEM_ROOT);
    h->nodes[root].parent = root; /* it is there for good */
    h->undo.n = 0;
}

struct mem_heap *mem_new(size_t bytes)
{
    struct mem_heap *h;
    struct layout l;

    if (bytes > (size_t)UINT32_MAX / (NODES_A_BLOCK + 1) * MEM_BLOCK)
        return NULL;
    l = lay_out(bytes);
    h = proc_shared(l.size);
    if (h)
        fill(h, &l);
    return h;
}

void mem_free(struct mem_heap *h)
{
    proc_unshare(h, h->size);
}

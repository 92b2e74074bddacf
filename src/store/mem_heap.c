/* mem_heap: the lock, the undoing and the book-keeping of the memory store (see mem_heap.h). Called by its other files; the
 * memory is mem_new.c's. Fails with -ENOSPC and -ENFILE when something has run out, and a broken invariant ends the process:
 * the next one undoes what it was doing. */
#include "store/mem_heap.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "sys/clock.h"

/* ---- the lock, and undoing ---- */

/* A process dies between two instructions: all that matters is that the compiler keeps their order. */
static void in_order(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

void mem_touch(struct mem_heap *h, void *at, size_t len)
{
    struct mem_undo *u = &h->undo;
    uint32_t from = u->n ? u->saved[u->n - 1].from + u->saved[u->n - 1].len : 0;

    CHECK(u->n < MEM_SAVED && len <= MEM_SAVED_BYTES - from);
    memcpy(u->old + from, at, len);
    u->saved[u->n] = (struct mem_saved){ at, from, (uint32_t)len };
    in_order();
    u->n++; /* from here on it may be changed */
    in_order();
}

static void settle(struct mem_heap *h)
{
    in_order();
    h->undo.n = 0;
    in_order();
}

/* From the last to the first; who dies here as well has done no harm: the next one begins anew. */
static void undo(struct mem_heap *h)
{
    struct mem_undo *u = &h->undo;

    for (uint32_t i = u->n; i-- > 0;)
        memcpy(u->saved[i].at, u->old + u->saved[i].from, u->saved[i].len);
    settle(h);
}

static int attempt(struct mem_heap *h, int (*fn)(struct mem_heap *, void *), void *arg)
{
    int rc = fn(h, arg);

    if (rc < 0)
        undo(h);
    settle(h);
    return rc;
}

int mem_do(struct mem_heap *h, int (*fn)(struct mem_heap *, void *), void *arg)
{
    int rc;

    if (lock_take(&h->lock)) {
        undo(h);
        mem_sweep(h);
    }
    rc = attempt(h, fn, arg);
    if ((rc == -ENOSPC || rc == -ENFILE || rc == -EBUSY) && mem_sweep(h))
        rc = attempt(h, fn, arg);
    lock_give(&h->lock);
    return rc;
}

/* ---- pools ---- */

static uint32_t *pool_link(const struct mem_pool *p, uint32_t i)
{
    return (uint32_t *)(void *)(p->link + i * p->stride);
}

/* What was used before comes first: its memory is there already. */
static uint32_t pool_take(struct mem_heap *h, struct mem_pool *p)
{
    uint32_t i = p->free;

    if (!p->left)
        return 0;
    if (i)
        MEM_SET(h, p->free, *pool_link(p, i));
    else
        MEM_SET(h, p->fresh, i = p->fresh + 1);
    MEM_SET(h, p->left, p->left - 1);
    return i;
}

/* n of them that are linked already. */
static void pool_give(struct mem_heap *h, struct mem_pool *p, uint32_t first, uint32_t last, uint32_t n)
{
    MEM_SET(h, *pool_link(p, last), p->free);
    MEM_SET(h, p->free, first);
    MEM_SET(h, p->left, p->left + n);
}

/* ---- nodes and their blocks ---- */

int mem_make(struct mem_heap *h, enum store_kind kind, uint32_t *node)
{
    uint32_t i = pool_take(h, &h->node_pool);
    struct mem_node *n = h->nodes + i;

    if (!i)
        return -ENOSPC;
    MEM_SET(h, h->ino, h->ino + 1);
    mem_touch(h, n, sizeof *n);
    memset(n, 0, sizeof *n);
    n->kind = kind;
    n->mode = kind == STORE_DIR ? 0755 : 0644;
    n->mtime = clock_wall_ns();
    n->ino = h->ino;
    *node = i;
    return 0;
}

void mem_discard(struct mem_heap *h, uint32_t node)
{
    struct mem_node *n = h->nodes + node;

    if (n->parent || n->claims)
        return;
    mem_trim(h, node, 0);
    MEM_SET(h, n->kind, 0);
    pool_give(h, &h->node_pool, node, node, 1);
}

int mem_grow(struct mem_heap *h, uint32_t node)
{
    struct mem_node *n = h->nodes + node;
    uint32_t block = pool_take(h, &h->block_pool);

    if (!block)
        return -ENOSPC;
    MEM_SET(h, h->next[block], 0);
    if (n->tail)
        MEM_SET(h, h->next[n->tail], block);
    else
        MEM_SET(h, n->head, block);
    MEM_SET(h, n->tail, block);
    MEM_SET(h, n->blocks, n->blocks + 1);
    return 0;
}

void mem_trim(struct mem_heap *h, uint32_t node, uint32_t n)
{
    struct mem_node *f = h->nodes + node;
    uint32_t last = 0, rest = f->head;

    if (f->blocks <= n)
        return;
    for (uint32_t i = 0; i < n; i++) {
        last = rest;
        rest = h->next[rest];
    }
    pool_give(h, &h->block_pool, rest, f->tail, f->blocks - n);
    if (last)
        MEM_SET(h, h->next[last], 0);
    else
        MEM_SET(h, f->head, 0);
    MEM_SET(h, f->tail, last);
    MEM_SET(h, f->blocks, n);
}

/* ---- claims ---- */

int mem_claim(struct mem_heap *h, uint32_t node, bool write, uint32_t *claim)
{
    struct mem_node *n = h->nodes + node;
    uint32_t i;

    if (write && n->writer)
        return -EBUSY;
    i = pool_take(h, &h->claim_pool);
    if (!i)
        return -ENFILE;
    mem_touch(h, h->claims + i, sizeof *h->claims);
    h->claims[i] = (struct mem_claim){ .node = node, .who = proc_self() };
    MEM_SET(h, n->claims, n->claims + 1);
    if (write)
        MEM_SET(h, n->writer, i);
    *claim = i;
    return 0;
}

void mem_unclaim(struct mem_heap *h, uint32_t claim)
{
    struct mem_claim *c = h->claims + claim;
    uint32_t node = c->node;
    struct mem_node *n = h->nodes + node;

    if (n->writer == claim)
        MEM_SET(h, n->writer, 0);
    MEM_SET(h, n->claims, n->claims - 1);
    MEM_SET(h, c->node, 0);
    pool_give(h, &h->claim_pool, claim, claim, 1);
    if (!n->claims) /* blocks behind its end, of what was cut off while it was open or never written, wait for nobody */
        mem_trim(h, node, (uint32_t)((n->size + MEM_BLOCK - 1) / MEM_BLOCK));
    mem_discard(h, node);
}

unsigned mem_sweep(struct mem_heap *h)
{
    struct proc_id known = { 0 }; /* alive; as a rule one process has many of them in a row */
    unsigned dropped = 0;

    for (uint32_t i = 1; i <= h->claim_pool.fresh; i++) {
        struct mem_claim *c = h->claims + i;

        if (!c->node || (c->who.pid == known.pid && c->who.born == known.born))
            continue;
        known = c->who;
        if (proc_lives(&c->who))
            continue;
        known.pid = 0;
        mem_unclaim(h, i);
        settle(h);
        dropped++;
    }
    return dropped;
}

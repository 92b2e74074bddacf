/* mem_sound: walks all that a memory store knows, from both ends where there are two. */
#include "mem_sound.h"
#include "unit.h"

static const uint32_t *link_of(const struct mem_pool *p, uint32_t i)
{
    return (const uint32_t *)(const void *)(p->link + i * p->stride);
}

/* Marks the free ones; the others that were ever taken are used. */
static unsigned used_of(const struct mem_pool *p, unsigned char *seen)
{
    unsigned n = 0;

    for (uint32_t i = p->free; i; i = *link_of(p, i)) {
        assert_true(i <= p->fresh);
        assert_int_equal(seen[i], 0);
        seen[i] = 1;
        n++;
    }
    return p->fresh - n;
}

static void check_blocks(const struct mem_heap *h, const struct mem_node *n, unsigned char *seen, unsigned *count)
{
    uint32_t blocks = 0, last = 0;

    for (uint32_t b = n->head; b; b = h->next[b]) {
        assert_true(b <= h->block_pool.fresh);
        assert_int_equal(seen[b], 0);
        seen[b] = 1;
        last = b;
        blocks++;
    }
    assert_int_equal(blocks, n->blocks);
    assert_int_equal(last, n->tail);
    assert_true(n->size >= 0 && n->size <= (int64_t)n->blocks * MEM_BLOCK);
    *count += blocks;
}

static void check_name(struct mem_heap *h, uint32_t i)
{
    const struct mem_node *n = h->nodes + i, *folder = h->nodes + n->parent;

    assert_int_equal(folder->kind, STORE_DIR);
    assert_true(folder->parent);
    assert_true(n->len > 0);
    assert_int_equal(mem_child(h, n->parent, (struct span){ n->name, n->len }), i);
    assert_int_equal(n->newer ? h->nodes[n->newer].older : folder->newest, i);
    if (n->older) {
        assert_int_equal(h->nodes[n->older].newer, i);
        assert_int_equal(h->nodes[n->older].parent, n->parent);
        assert_true(h->nodes[n->older].place < n->place);
    }
}

static void check_claims(const struct mem_heap *h, uint32_t i)
{
    const struct mem_node *n = h->nodes + i;
    unsigned claims = 0;

    for (uint32_t c = 1; c <= h->claim_pool.fresh; c++)
        claims += h->claims[c].node == i;
    assert_int_equal(claims, n->claims);
    if (n->writer)
        assert_int_equal(h->claims[n->writer].node, i);
    assert_true(n->parent || n->claims);
}

static unsigned in_buckets(const struct mem_heap *h)
{
    unsigned n = 0;

    for (uint32_t b = 0; b < h->buckets; b++)
        for (uint32_t i = h->bucket[b]; i; i = h->nodes[i].link) {
            assert_true(h->nodes[i].kind && h->nodes[i].parent);
            assert_int_equal(h->nodes[i].hash & (h->buckets - 1), b);
            n++;
        }
    return n;
}

struct mem_used mem_sound(struct mem_heap *h)
{
    unsigned char *node = calloc(h->node_pool.fresh + 1, 1), *block = calloc(h->block_pool.fresh + 1, 1),
                  *claim = calloc(h->claim_pool.fresh + 1, 1);
    struct mem_used used = {
        .nodes = used_of(&h->node_pool, node),
        .blocks = used_of(&h->block_pool, block),
        .claims = used_of(&h->claim_pool, claim),
    };
    unsigned blocks = 0, named = 0, claims = 0;

    assert_int_equal(h->undo.n, 0);
    for (uint32_t i = 1; i <= h->node_pool.fresh; i++) {
        const struct mem_node *n = h->nodes + i;

        assert_int_equal(n->kind == 0, node[i]);
        if (node[i])
            continue;
        check_blocks(h, n, block, &blocks);
        check_claims(h, i);
        if (n->parent && i != MEM_ROOT) {
            check_name(h, i);
            named++;
        }
    }
    for (uint32_t i = 1; i <= h->claim_pool.fresh; i++)
        claims += h->claims[i].node != 0;
    assert_int_equal(blocks, used.blocks);
    assert_int_equal(claims, used.claims);
    assert_int_equal(named, in_buckets(h));
    used.all = (uint64_t)(used.nodes + h->node_pool.left) << 40 | (uint64_t)(used.blocks + h->block_pool.left) << 20 |
               (used.claims + h->claim_pool.left);
    free(node);
    free(block);
    free(claim);
    return used;
}

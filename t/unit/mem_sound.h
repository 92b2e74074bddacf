/* mem_sound: is the inside of a memory store as it should be? For tests. */
#ifndef DRAY_T_MEM_SOUND_H
#define DRAY_T_MEM_SOUND_H

#include "store/mem.h"

/* What is not free. */
struct mem_used {
    unsigned nodes, blocks, claims;
    uint64_t all; /* with what is free, in one number: always the same for one store */
};

static inline bool mem_used_same(struct mem_used a, struct mem_used b)
{
    return a.nodes == b.nodes && a.blocks == b.blocks && a.claims == b.claims && a.all == b.all;
}

/* Fails the test unless everything fits together: each node, block and claim is free or used, exactly once. */
struct mem_used mem_sound(struct mem_heap *);

#endif

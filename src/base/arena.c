/* arena: memory with one lifetime and a ceiling. Sessions keep two: one for themselves, one reset at every
 * command. Owns a list of chunks, newest first; a taking either fits into the newest or gets a new
 * one. Fails with NULL, at the ceiling or when the machine has no more; what was taken before stays good.
 * The ceiling counts bytes handed out, rounded up for alignment, so that many small takings cannot slip
 * under it. */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/piece.h"

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, cap;
    alignas(max_align_t) char data[];
};

static size_t round_up(size_t size)
{
    size_t unit = alignof(max_align_t);

    return size ? (size + unit - 1) / unit * unit : unit;
}

/* Ordinary chunks are pieces; only a taking that does not fit into one gets memory of its own. */
static const size_t ordinary = PIECE - sizeof(struct arena_chunk);

static struct arena_chunk *chunk_new(size_t size)
{
    size_t cap = size > ordinary ? size : ordinary;
    struct arena_chunk *c = size > ordinary ? malloc(sizeof *c + cap) : piece_take();

    if (c) {
        c->used = 0;
        c->cap = cap;
    }
    return c;
}

/* The chunk that has room for `size`: the newest or a fresh one. */
static struct arena_chunk *chunk_for(struct arena *a, size_t size)
{
    struct arena_chunk *c = a->chunks;

    if (c && c->cap - c->used >= size)
        return c;
    c = chunk_new(size);
    if (!c)
        return NULL;
    c->next = a->chunks;
    a->chunks = c;
    return c;
}

void *arena_take(struct arena *a, size_t size)
{
    size_t limit = a->limit ? a->limit : ARENA_LIMIT;
    struct arena_chunk *c;
    void *taken;

    if (size > limit) /* before rounding, which could wrap */
        return NULL;
    size = round_up(size);
    if (size > limit || a->used > limit - size)
        return NULL;
    c = chunk_for(a, size);
    if (!c)
        return NULL;
    taken = c->data + c->used;
    c->used += size;
    a->used += size;
    return taken;
}

char *arena_text(struct arena *a, struct span s)
{
    char *text = s.len < SIZE_MAX ? arena_take(a, s.len + 1) : NULL;

    if (!text)
        return NULL;
    if (s.len)
        memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    return text;
}

void arena_reset(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *c = a->chunks;

        a->chunks = c->next;
        if (c->cap == ordinary)
            piece_give(c);
        else
            free(c);
    }
    a->used = 0;
}

/* arena: memory with one lifetime and a ceiling. A command's scratch lives in one: everything taken is given back at
 * once by arena_reset, and a client that asks for too much gets an error, not the server's memory. Zeroed is empty. */
#ifndef DRAY_BASE_ARENA_H
#define DRAY_BASE_ARENA_H

#include "base/span.h"

struct arena {
    struct arena_chunk *chunks; /* newest first */
    size_t used, limit;         /* bytes handed out; 0 means ARENA_LIMIT */
};

enum { ARENA_LIMIT = 1 << 20 };

/* `size` bytes aligned for any type, not zeroed; NULL when the ceiling or the memory is reached. */
void *arena_take(struct arena *a, size_t size);

/* A NUL-terminated copy; NULL as above. */
char *arena_text(struct arena *a, struct span s);

/* Frees everything; the arena is empty and usable again. */
void arena_reset(struct arena *a);

#endif

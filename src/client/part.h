/* part: the names of what is on its way: beside its place, like nobody's own, and the same in the next run, which so finds it. */
#ifndef DRAY_CLIENT_PART_H
#define DRAY_CLIENT_PART_H

#include <stdint.h>

#include "base/span.h"

/* So much of a leaf stands in the name of an upload; of one that is longer, this less a character that would be cut. */
enum { PART_LEAF = 200, PART_LEAF_CUT = PART_LEAF - 3 };

/* A number made of all of them, in order. */
uint64_t part_tag(const char *const *parts, unsigned count);

/* An upload to the path `there`: "folder/leaf.0123456789abcdef.part". Its length, or -ENAMETOOLONG. */
int part_name(struct span there, uint64_t tag, char *out, size_t cap);
/* Is it such a name? The bytes of the leaf that stand in it, from its beginning; 0: no. */
size_t part_leaf(struct span name);

#endif

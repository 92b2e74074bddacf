/* part: see part.h. Called by get (for the tag), put and sync. Pure. A name without a tag, "leaf.part", may be somebody's own file. */
#include "client/part.h"

#include <errno.h>
#include <stdio.h>

#include "wire/path.h"

enum { TAG = 16, TAIL = 1 + TAG + 5 };

uint64_t part_tag(const char *const *parts, unsigned count)
{
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

    for (unsigned i = 0; i < count; i++)
        for (const char *p = parts[i];; p++) { /* the NUL separates */
            h = (h ^ (unsigned char)*p) * 0x100000001b3;
            if (!*p)
                break;
        }
    return h;
}

/* No more than fits with the tail into a name; a character of UTF-8 stays whole. */
static size_t fitting(struct span leaf)
{
    size_t len = PART_LEAF;

    if (leaf.len <= len)
        return leaf.len;
    while (len > PART_LEAF_CUT && (leaf.at[len] & 0xc0) == 0x80)
        len--;
    return len;
}

int part_name(struct span there, uint64_t tag, char *out, size_t cap)
{
    struct span leaf = path_leaf(there);
    size_t len = there.len - leaf.len + fitting(leaf);
    int n = snprintf(out, cap, "%.*s.%016llx.part", (int)len, there.at, (unsigned long long)tag);

    return n > 0 && (size_t)n < cap ? n : -ENAMETOOLONG;
}

size_t part_leaf(struct span name)
{
    size_t leaf = name.len > TAIL ? name.len - TAIL : 0;
    struct span tail = span_from(name, leaf);

    if (!leaf || tail.at[0] != '.' || !span_eq(span_from(tail, 1 + TAG), SPAN(".part")))
        return 0;
    for (unsigned i = 1; i <= TAG; i++)
        if (span_find(SPAN("0123456789abcdef"), tail.at[i]) < 0)
            return 0;
    return leaf;
}

/* span: a view of bytes that somebody else owns. Never NUL-terminated by promise, never freed through. */
#ifndef DRAY_BASE_SPAN_H
#define DRAY_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *at;
    size_t len;
};

/* A span over a string literal. */
#define SPAN(lit) ((struct span){ (lit), sizeof(lit) - 1 })
/* For printf("%.*s"). */
#define SPAN_ARG(s) (int)(s).len, (s).at

/* What follows stands here where it is short and asked a hundred times for one request: of what is known when it is compiled
 * (the length of a literal, that most lengths differ) nothing is left then. */

/* A span over a C string; NULL gives the empty span. */
static inline struct span span_of(const char *text)
{
    return (struct span){ text, text ? strlen(text) : 0 };
}

/* Equal bytes; span_ieq folds ASCII case only (protocol words are ASCII). */
static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool span_same_folded(const char *a, const char *b, size_t len);
static inline bool span_ieq(struct span a, struct span b)
{
    return a.len == b.len && span_same_folded(a.at, b.at, a.len);
}

static inline bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len && span_eq((struct span){ s.at, prefix.len }, prefix);
}

/* A NUL-terminated copy on the heap; NULL without memory. The caller frees. */
char *span_dup(struct span s);

/* Cuts *rest at the first `sep`: returns what stood before it, *rest keeps what follows (empty when there is none). */
struct span span_cut(struct span *rest, char sep);

/* Is `part` somewhere in it, ASCII case folded? Of nothing, nothing is. */
bool span_mentions(struct span s, struct span part);

/* Without blanks (space, tab) at both ends. */
struct span span_trim(struct span s);

/* Index of the first/last `c`, or -1. */
ptrdiff_t span_find(struct span s, char c);
ptrdiff_t span_rfind(struct span s, char c);

/* The rest from `start`, empty beyond the end. */
static inline struct span span_from(struct span s, size_t start)
{
    if (start > s.len)
        start = s.len;
    if (start) /* an empty one may have no place */
        s.at += start;
    s.len -= start;
    return s;
}

/* The whole span as an unsigned decimal: digits only, at least one, at most `max`.
 * -EINVAL for anything else, -ERANGE above max; *value untouched on failure. */
int span_u64(struct span s, uint64_t max, uint64_t *value);

/* A number of bytes, with K, M, G or T (of 1024) or without; -EINVAL, -ERANGE. */
int span_bytes(struct span s, int64_t *value);

#endif

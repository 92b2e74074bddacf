/* span: a view of bytes that somebody else owns. Never NUL-terminated by promise, never freed through. */
#ifndef DRAY_BASE_SPAN_H
#define DRAY_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const char *at;
    size_t len;
};

/* A span over a string literal. */
#define SPAN(lit) ((struct span){ (lit), sizeof(lit) - 1 })
/* For printf("%.*s"). */
#define SPAN_ARG(s) (int)(s).len, (s).at

/* A span over a C string; NULL gives the empty span. */
struct span span_of(const char *text);

/* Equal bytes; span_ieq folds ASCII case only (protocol words are ASCII). */
bool span_eq(struct span a, struct span b);
bool span_ieq(struct span a, struct span b);
bool span_starts(struct span s, struct span prefix);

/* A NUL-terminated copy on the heap; NULL without memory. The caller frees. */
char *span_dup(struct span s);

/* Cuts *rest at the first `sep`: returns what stood before it, *rest keeps what follows (empty when there is none). */
struct span span_cut(struct span *rest, char sep);

/* Without blanks (space, tab) at both ends. */
struct span span_trim(struct span s);

/* Index of the first/last `c`, or -1. */
ptrdiff_t span_find(struct span s, char c);
ptrdiff_t span_rfind(struct span s, char c);

struct span span_from(struct span s, size_t start); /* the rest from `start`, empty beyond the end */

/* The whole span as an unsigned decimal: digits only, at least one, at most `max`.
 * -EINVAL for anything else, -ERANGE above max; *value untouched on failure. */
int span_u64(struct span s, uint64_t max, uint64_t *value);

/* A number of bytes, with K, M, G or T (of 1024) or without; -EINVAL, -ERANGE. */
int span_bytes(struct span s, int64_t *value);

#endif

/* sums: checksums of content, as values: which kinds there are, what they are called, how they are written. Computing them is
 * sys/digest.h's work. */
#ifndef DRAY_BASE_SUMS_H
#define DRAY_BASE_SUMS_H

#include "base/buf.h"

/* The order in which FEAT lists them. */
enum sum_id { SUM_SHA256, SUM_SHA512, SUM_SHA1, SUM_MD5, SUM_CRC32, SUMS };

enum { SUM_MAX = 64 }; /* bytes of the longest */

struct sum_kind {
    const char *name; /* as draft-bryan-ftpext-hash writes it: "SHA-256", "CRC32" */
    unsigned len;     /* bytes */
};
extern const struct sum_kind sum_kinds[SUMS];

#define SUM_BIT(id) (1u << (id))

/* Some sums of one content. */
struct sums {
    unsigned has; /* SUM_BIT of those that are there */
    unsigned char of[SUMS][SUM_MAX];
};

/* By name, whatever the case, with or without its hyphen; SUMS: there is none. */
enum sum_id sum_find(struct span name);
/* One of them in hexadecimal, whole or not at all: in lower case, as HASH and sha256sum write it, or in upper, as XCRC does. */
void sum_print(struct buf *b, const struct sums *, enum sum_id);
void sum_print_upper(struct buf *b, const struct sums *, enum sum_id);
/* From hexadecimal of any case, and adds it to what *out has; -EINVAL, *out untouched. */
int sum_parse(struct span hex, enum sum_id, struct sums *out);
/* Are both the same? Both must have it. */
bool sum_same(const struct sums *a, const struct sums *b, enum sum_id);

#endif

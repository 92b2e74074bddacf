/* http_digest: the fields Content-Digest, Repr-Digest and Want-Repr-Digest (RFC 9530; dictionaries of RFC 9651), and tus' Upload-Checksum. */
#ifndef DRAY_WIRE_HTTP_DIGEST_H
#define DRAY_WIRE_HTTP_DIGEST_H

#include "base/sums.h"

/* The sums that a field names, added to *out: sha-256 and sha-512. Algorithms that are not known, or of no use against anybody who wants
 * to deceive (md5, sha, unixsum ...), are passed over, as the RFC asks. -EINVAL: no such list, a digest that is not one of its
 * algorithm, or one that contradicts what *out has. */
int http_digest_parse(struct span field, struct sums *out);

/* The kinds that somebody wants to be told (SUM_BIT each): those of the field Want-Repr-Digest ("sha-256=10, md5=1, sha-512=0") with a
 * weight above 0. Here the old ones count as well, md5 and sha: who asks for one by its name knows what it is good for. -EINVAL: no such
 * list. */
int http_digest_wants(struct span field, unsigned *out);
/* What is told to those who want nothing in particular. */
#define HTTP_DIGEST_USUAL (SUM_BIT(SUM_SHA256) | SUM_BIT(SUM_SHA512))

/* Those that it has, as the value of such a field. False, and nothing: there is none. */
bool http_digest_print(struct buf *b, const struct sums *);

/* "sha256 BASE64" (tus 1.0, extension checksum): -EINVAL, also for an algorithm that is not in HTTP_TUS_SUMS. */
int http_checksum_parse(struct span field, struct sums *out);
#define HTTP_TUS_SUMS "sha1,sha256,sha512"

#endif

/* http_digest: the fields Content-Digest and Repr-Digest (RFC 9530; dictionaries of RFC 9651), and tus' Upload-Checksum. */
#ifndef DRAY_WIRE_HTTP_DIGEST_H
#define DRAY_WIRE_HTTP_DIGEST_H

#include "base/sums.h"

/* The sums that a field names, added to *out: sha-256 and sha-512. Algorithms that are not known, or of no use against anybody who wants
 * to deceive (md5, sha, unixsum ...), are passed over, as the RFC asks. -EINVAL: no such list, a digest that is not one of its
 * algorithm, or one that contradicts what *out has. */
int http_digest_parse(struct span field, struct sums *out);

/* Those that it has, as the value of such a field. False, and nothing: there is none. */
bool http_digest_print(struct buf *b, const struct sums *);

/* "sha256 BASE64" (tus 1.0, extension checksum): -EINVAL, also for an algorithm that is not in HTTP_TUS_SUMS. */
int http_checksum_parse(struct span field, struct sums *out);
#define HTTP_TUS_SUMS "sha1,sha256,sha512"

#endif

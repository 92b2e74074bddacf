/* digest: computes sums of content that passes by: CRC32 by sys/crc32.h, the others by OpenSSL. */
#ifndef DRAY_SYS_DIGEST_H
#define DRAY_SYS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/sums.h"

/* Several sums of one content, under way. Zero computes nothing and needs no end. */
struct digest {
    unsigned which; /* SUM_BIT of each */
    uint32_t crc;
    void *ctx[SUMS]; /* OpenSSL's, of the others */
};

/* -ENOMEM, -EOPNOTSUPP: this machine's OpenSSL does not offer one of them (MD5 in FIPS mode). Nothing is held then. */
int digest_begin(struct digest *, unsigned which);
/* As if the content that has this CRC32 had passed already; only for a digest of CRC32 alone, at its beginning. */
void digest_seed_crc(struct digest *, const struct sums *before);
/* As if `len` bytes that have this CRC32 passed now; only for a digest of CRC32 alone. */
void digest_join_crc(struct digest *, uint32_t crc, uint64_t len);
void digest_add(struct digest *, const void *data, size_t len);
/* All sums, and frees. */
void digest_end(struct digest *, struct sums *out);
/* Frees without an outcome; also one that was never begun, or has ended. */
void digest_drop(struct digest *);

/* A seal over data that only who has the key can make: HMAC (RFC 2104) with SHA-256. -ENOMEM. */
int digest_seal(const void *key, size_t key_len, const void *data, size_t len, struct sums *out);

#endif

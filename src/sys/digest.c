/* digest: computes checksums (see digest.h). Called by the store while an upload arrives, by HASH and by `dray verify`. A
 * digest owns a context of OpenSSL for each kind but CRC32, from digest_begin to digest_end or digest_drop. Only beginning can
 * fail. */
#include "sys/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"
#include "sys/crc32.h"

static const EVP_MD *method(enum sum_id id)
{
    static const EVP_MD *(*const methods[SUMS])(void) = {
        [SUM_SHA256] = EVP_sha256, [SUM_SHA512] = EVP_sha512, [SUM_SHA1] = EVP_sha1, [SUM_MD5] = EVP_md5,
    };

    return methods[id]();
}

static int begin_one(struct digest *d, enum sum_id id)
{
    if (id == SUM_CRC32)
        return 0;
    d->ctx[id] = EVP_MD_CTX_new();
    if (!d->ctx[id])
        return -ENOMEM;
    return EVP_DigestInit_ex(d->ctx[id], method(id), NULL) == 1 ? 0 : -EOPNOTSUPP;
}

int digest_begin(struct digest *d, unsigned which)
{
    *d = (struct digest){ .which = which };
    for (enum sum_id id = 0; id < SUMS; id++) {
        int rc = which & SUM_BIT(id) ? begin_one(d, id) : 0;

        if (rc < 0) {
            digest_drop(d);
            return rc;
        }
    }
    return 0;
}

void digest_seed_crc(struct digest *d, const struct sums *before)
{
    const unsigned char *b = before->of[SUM_CRC32];

    CHECK(d->which == SUM_BIT(SUM_CRC32) && before->has & SUM_BIT(SUM_CRC32));
    d->crc = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

void digest_join_crc(struct digest *d, uint32_t crc, uint64_t len)
{
    CHECK(d->which == SUM_BIT(SUM_CRC32));
    d->crc = crc32_join(d->crc, crc, len);
}

void digest_add(struct digest *d, const void *data, size_t len)
{
    if (d->which & SUM_BIT(SUM_CRC32))
        d->crc = crc32_add(d->crc, data, len);
    for (enum sum_id id = 0; id < SUMS; id++)
        if (d->ctx[id])
            CHECK(EVP_DigestUpdate(d->ctx[id], data, len) == 1);
}

void digest_end(struct digest *d, struct sums *out)
{
    *out = (struct sums){ .has = d->which };
    for (int i = 0; i < 4 && d->which & SUM_BIT(SUM_CRC32); i++)
        out->of[SUM_CRC32][i] = (unsigned char)(d->crc >> (24 - 8 * i));
    for (enum sum_id id = 0; id < SUMS; id++)
        if (d->ctx[id])
            CHECK(EVP_DigestFinal_ex(d->ctx[id], out->of[id], NULL) == 1);
    digest_drop(d);
}

void digest_drop(struct digest *d)
{
    for (enum sum_id id = 0; id < SUMS; id++)
        EVP_MD_CTX_free(d->ctx[id]);
    *d = (struct digest){ 0 };
}

int digest_seal(const void *key, size_t key_len, const void *data, size_t len, struct sums *out)
{
    if (!HMAC(EVP_sha256(), key, (int)key_len, data, len, out->of[SUM_SHA256], NULL))
        return -ENOMEM;
    out->has |= SUM_BIT(SUM_SHA256);
    return 0;
}

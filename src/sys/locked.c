/* locked: text under a key (see locked.h). Called by http_cookie.c. What is made is a number used once, the text, and a tag over both. Owns
 * a context of OpenSSL for the length of a call. Fails with -errno. */
#include "sys/locked.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/fs.h"

enum { NUMBER = 12, TAG = 16 };

static void ctx_free(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

int locked_make(const unsigned char key[LOCKED_KEY], const void *text, size_t len, unsigned char *out)
{
    CLEANUP(ctx_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint64_t random[2] = { fs_random(), fs_random() };
    unsigned char *body = out + NUMBER;
    int n;

    memcpy(out, random, NUMBER);
    if (!ctx || EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, out) != 1 ||
        EVP_EncryptUpdate(ctx, body, &n, text, (int)len) != 1 || EVP_EncryptFinal_ex(ctx, body + n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, body + len) != 1)
        return -ENOMEM;
    return (int)len + LOCKED_MORE;
}

int locked_open(const unsigned char key[LOCKED_KEY], const unsigned char *in, size_t len, void *out)
{
    CLEANUP(ctx_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char tag[TAG], *to = out;
    int n, last;

    if (len < LOCKED_MORE)
        return -EBADMSG;
    len -= LOCKED_MORE;
    memcpy(tag, in + NUMBER + len, TAG);
    if (!ctx || EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, in) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) != 1 ||
        EVP_DecryptUpdate(ctx, to, &n, in + NUMBER, (int)len) != 1)
        return -ENOMEM;
    return EVP_DecryptFinal_ex(ctx, to + n, &last) == 1 ? (int)len : -EBADMSG;
}

/* tls: the context of TLS (see tls.h): versions, ciphers, certificate, ALPN, session tickets. Called by the front door and, through
 * OpenSSL's callbacks, by streams that shake hands; those callbacks never wait. Owns the context.
 * Nothing is cached. Tickets are stateless: their keys are derived from one secret made before the first fork and the time, so that all workers have
 * the same without talking, and a key serves half a day and is accepted for another half (RFC 5077 section 5.5). A ticket carries
 * the id of the control connection it was made for: a data connection does not resume another one's session. It can still shake
 * hands in full where the rules are content with its address: several sessions of one program (curl -Z) share what tickets they
 * have, and offer the wrong one.
 * ALPN that is not FTP is refused: a browser that was lured here must not get an answer (RFC 9325 section 3.7, ALPACA). */
#include "io/tls.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/tls_impl.h"
#include "rt/rt.h"
#include "sys/clock.h"

enum { DAY = 24 * 3600, NAME = 16, KEY = 32 };

/* ---- tickets ---- */

struct ticket_keys {
    unsigned char name[NAME], cipher[KEY], mac[KEY];
};

static uint64_t half_day(void)
{
    return (uint64_t)(clock_mono() / RT_SECONDS(DAY / 2));
}

static void derive(const struct tls *tls, uint64_t when, struct ticket_keys *out)
{
    unsigned char what[9], digest[2][64];

    for (int i = 0; i < 8; i++)
        what[i] = (unsigned char)(when >> (8 * i));
    for (what[8] = 0; what[8] < 2; what[8]++)
        HMAC(EVP_sha512(), tls->master, sizeof tls->master, what, sizeof what, digest[what[8]], NULL);
    memcpy(out->cipher, digest[0], KEY);
    memcpy(out->mac, digest[0] + KEY, KEY);
    memcpy(out->name, digest[1], NAME);
}

static int use_keys(struct ticket_keys *k, const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    char digest[] = "sha256";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, k->mac, KEY),
                            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end() };

    if (EVP_MAC_CTX_set_params(mac, params) != 1)
        return -1;
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->cipher, iv, encrypt) == 1 ? 1 : -1;
}

/* As OpenSSL asks: 1 done, 2 done and a newer ticket is due, 0 no key of that name, -1 failed. */
static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    const struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct ticket_keys k;
    uint64_t now = half_day();

    derive(tls, now, &k);
    if (encrypt) {
        memcpy(name, k.name, NAME);
        return RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 ? use_keys(&k, iv, cipher, mac, 1) : -1;
    }
    if (memcmp(name, k.name, NAME) == 0)
        return use_keys(&k, iv, cipher, mac, 0);
    derive(tls, now - 1, &k);
    if (memcmp(name, k.name, NAME) != 0)
        return 0;
    return use_keys(&k, iv, cipher, mac, 0) == 1 ? 2 : -1;
}

static int on_ticket_made(SSL *ssl, void *arg)
{
    struct tls_who *who = SSL_get_app_data(ssl);

    (void)arg;
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), who->id, TLS_ID);
}

/* A control connection that resumes becomes the one it resumes: whoever can do that holds its secrets. */
static SSL_TICKET_RETURN on_ticket_seen(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len,
                                        SSL_TICKET_STATUS status, void *arg)
{
    struct tls_who *who = SSL_get_app_data(ssl);
    void *id;
    size_t id_len;

    (void)name, (void)len, (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (SSL_SESSION_get0_ticket_appdata(session, &id, &id_len) != 1 || id_len != TLS_ID)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (who->data && memcmp(who->id, id, TLS_ID) != 0)
        return SSL_TICKET_RETURN_IGNORE; /* and the rules decide what comes of that */
    memcpy(who->id, id, TLS_ID);
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* TLS 1.2 without tickets (curl): by its id, a data connection resumes what its control connection has in hand. */
static SSL_SESSION *on_session_id(SSL *ssl, const unsigned char *id, int len, int *count)
{
    const struct tls_who *who = SSL_get_app_data(ssl);
    SSL_SESSION *session = who->control ? SSL_get_session(who->control) : NULL;
    unsigned own_len = 0;
    const unsigned char *own = session ? SSL_SESSION_get_id(session, &own_len) : NULL;

    *count = 1;
    return own && len > 0 && (unsigned)len == own_len && memcmp(own, id, own_len) == 0 ? session : NULL;
}

/* ---- ALPN ---- */

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned len, void *arg)
{
    static const unsigned char ours[] = "\003ftp\017x-filezilla-ftp\010ftp-data";
    unsigned char *found;

    (void)ssl, (void)arg;
    if (SSL_select_next_proto(&found, out_len, ours, sizeof ours - 1, in, len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

/* ---- the certificate ---- */

static int complain(struct buf *err, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;

    buf_printf(err, "%s%s%s", what, why ? ": " : "", why ? why : "");
    ERR_clear_error();
    return -EINVAL;
}

/* The certificate, then those that vouch for it. */
static int use_chain(SSL_CTX *ctx, BIO *text)
{
    X509 *cert = PEM_read_bio_X509_AUX(text, NULL, NULL, NULL);
    int ok = cert && SSL_CTX_use_certificate(ctx, cert) == 1;

    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
        ok = SSL_CTX_add0_chain_cert(ctx, cert) == 1;
        if (!ok)
            X509_free(cert);
    }
    return ok;
}

static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return 0; /* a server that asks for one at its start does not start */
}

static int use_key(SSL_CTX *ctx, BIO *text)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey(text, NULL, no_password, NULL);
    int ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;

    EVP_PKEY_free(key);
    return ok;
}

static int use_pem(SSL_CTX *ctx, const char *pem, int (*use)(SSL_CTX *, BIO *))
{
    BIO *text = BIO_new_mem_buf(pem, -1);
    int ok = text && use(ctx, text);

    BIO_free(text);
    return ok;
}

static void take_fingerprint(struct tls *tls)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf b = BUF(tls->fingerprint);

    X509_digest(SSL_CTX_get0_certificate(tls->ctx), EVP_sha256(), digest, &len);
    for (unsigned i = 0; i < len; i++)
        buf_printf(&b, "%s%02X", i ? ":" : "", digest[i]);
    buf_cstr(&b);
}

static int load(struct tls *tls, const char *cert, const char *key, struct buf *err)
{
    if (!use_pem(tls->ctx, cert, use_chain))
        return complain(err, "no certificate in PEM form");
    if (!use_pem(tls->ctx, key, use_key))
        return complain(err, "no private key in PEM form, without a password");
    if (SSL_CTX_check_private_key(tls->ctx) != 1)
        return complain(err, "the private key does not belong to the certificate");
    take_fingerprint(tls);
    ERR_clear_error(); /* the end of a PEM text counts as one */
    return 0;
}

/* ---- the context ---- */

static int set_up(struct tls *tls)
{
    SSL_CTX *ctx = tls->ctx;

    SSL_CTX_set_app_data(ctx, tls);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL); /* nothing is kept here */
    SSL_CTX_sess_set_get_cb(ctx, on_session_id);
    SSL_CTX_set_timeout(ctx, DAY);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AES128+AESGCM:ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"dray", 4) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket_key) == 1 &&
           SSL_CTX_set_session_ticket_cb(ctx, on_ticket_made, on_ticket_seen, NULL) == 1 &&
           RAND_bytes(tls->master, sizeof tls->master) == 1;
}

int tls_new(const char *cert, const char *key, struct tls **out, struct buf *err)
{
    struct tls *tls = calloc(1, sizeof *tls);
    int rc = -EINVAL;

    if (!tls)
        return -ENOMEM;
    tls->ctx = SSL_CTX_new(TLS_server_method());
    tls->bio = io_tls_bio();
    if (!tls->ctx || !tls->bio || !set_up(tls))
        complain(err, "OpenSSL cannot be set up");
    else
        rc = load(tls, cert, key, err);
    if (rc < 0)
        tls_free(&tls);
    else
        *out = tls;
    return rc;
}

void tls_free(struct tls **ptls)
{
    struct tls *tls = *ptls;

    *ptls = NULL;
    if (!tls)
        return;
    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->bio);
    OPENSSL_cleanse(tls->master, sizeof tls->master);
    free(tls);
}

const char *tls_fingerprint(const struct tls *tls)
{
    return tls->fingerprint;
}

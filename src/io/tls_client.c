/* tls_client: see tls_client.h. Called by the client's control and data connections; what is owned from then on is io_tls.c's.
 *
 * The handshake is carried through whatever the certificate is; whoever called looks at it afterwards (io_tls_peer) and decides,
 * before anything secret is said: a certificate that nobody vouches for may still be the one that was seen last time.
 * A data connection resumes the newest session of its control connection: a copy, since OpenSSL marks as spoilt what ends without
 * close_notify. Fails as io_tls_begin.c does. RFC 4217, 6125, 8446. */
#include "io/tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/tls_impl.h"

struct tls_client {
    SSL_CTX *ctx;
    BIO_METHOD *bio; /* a stream as OpenSSL sees it */
};

static int complain(struct buf *err, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;

    buf_printf(err, "%s%s%s", what, why ? ": " : "", why ? why : "");
    ERR_clear_error();
    return -EINVAL;
}

static bool set_up(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL); /* it is weighed afterwards */
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

/* The system's are many, and read only when somebody's word must be weighed (weigh). */
static bool believe(SSL_CTX *ctx, const char *cacert)
{
    return !cacert || (SSL_CTX_load_verify_file(ctx, cacert) == 1 && SSL_CTX_set_app_data(ctx, ctx) == 1);
}

static bool believes_somebody(SSL_CTX *ctx)
{
    return SSL_CTX_get_app_data(ctx) != NULL;
}

void tls_client_free(struct tls_client **client)
{
    struct tls_client *c = *client;

    if (!c)
        return;
    SSL_CTX_free(c->ctx);
    BIO_meth_free(c->bio);
    free(c);
    *client = NULL;
}

int tls_client_new(const char *cacert, struct tls_client **out, struct buf *err)
{
    struct tls_client *tls = calloc(1, sizeof *tls);
    int rc = 0;

    if (!tls)
        return -ENOMEM;
    tls->ctx = SSL_CTX_new(TLS_client_method());
    tls->bio = io_tls_bio();
    if (!tls->ctx || !tls->bio || !set_up(tls->ctx))
        rc = complain(err, "OpenSSL cannot be set up");
    else if (!believe(tls->ctx, cacert))
        rc = complain(err, "the certificates to believe cannot be read");
    if (rc < 0)
        tls_client_free(&tls);
    else
        *out = tls;
    return rc;
}

/* ---- a stream ---- */

/* A numeric address is compared with those in the certificate, and is no server name (RFC 6066 section 3). */
static bool name_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
        return true;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static void resume(SSL *ssl, const struct io *control)
{
    SSL_SESSION *last = control && control->tls ? SSL_get0_session(control->tls->ssl) : NULL;
    SSL_SESSION *copy = last && SSL_SESSION_is_resumable(last) ? SSL_SESSION_dup(last) : NULL;

    if (copy)
        SSL_set_session(ssl, copy);
    SSL_SESSION_free(copy);
}

static SSL *make_ssl(struct io *io, const struct tls_client *tls, const struct io *control, const char *host)
{
    BIO *bio = BIO_new(tls->bio);
    SSL *ssl = SSL_new(tls->ctx);

    if (!bio || !ssl || !name_host(ssl, host)) {
        BIO_free(bio);
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, io);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    resume(ssl, control);
    ERR_clear_error(); /* no numeric address counts as one */
    return ssl;
}

int io_starttls_client(struct io *io, const struct tls_client *tls, const struct io *control, const char *host)
{
    struct io_tls *t = calloc(1, sizeof *t);

    if (!t)
        return -ENOMEM;
    t->ssl = make_ssl(io, tls, control, host);
    if (!t->ssl) {
        free(t);
        return -ENOMEM;
    }
    SSL_set_app_data(t->ssl, &t->who);
    t->below = io->ops;
    free(io->in.at); /* what was said in the clear behind the word that began TLS is nobody's */
    io->in = (struct io_in){ 0 };
    io->ops = &io_tls_ops;
    io->tls = t;
    return 0;
}

/* ---- the other side ---- */

static void print_fingerprint(const X509 *cert, char out[3 * 32])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf b = { .at = out, .cap = 3 * 32 };

    X509_digest(cert, EVP_sha256(), digest, &len);
    for (unsigned i = 0; i < len; i++)
        buf_printf(&b, "%s%02X", i ? ":" : "", digest[i]);
    buf_cstr(&b);
}

/* As OpenSSL would have done in the handshake, had it known whom to believe. */
static int verify_chain(SSL *ssl, X509 *cert)
{
    X509_STORE_CTX *v = X509_STORE_CTX_new();
    int result = X509_V_ERR_OUT_OF_MEM;

    if (v && X509_STORE_CTX_init(v, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)), cert, SSL_get_peer_cert_chain(ssl)) == 1 &&
        X509_STORE_CTX_set_default(v, "ssl_server") == 1 &&
        X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(v), SSL_get0_param(ssl)) == 1) {
        X509_verify_cert(v);
        result = X509_STORE_CTX_get_error(v);
    }
    X509_STORE_CTX_free(v);
    ERR_clear_error();
    return result;
}

static int weigh(SSL *ssl, X509 *cert)
{
    SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

    if (!believes_somebody(ctx) && X509_self_signed(cert, 0) == 1)
        return X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
    if (!believes_somebody(ctx)) {
        SSL_CTX_set_default_verify_paths(ctx);
        SSL_CTX_set_app_data(ctx, ctx);
    }
    return verify_chain(ssl, cert);
}

static int days_left(const X509 *cert)
{
    int days = 0, seconds = 0;

    if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
        return 0;
    return days <= 0 && seconds < 0 ? days - 1 : days;
}

int io_tls_peer(const struct io *io, struct tls_peer *out)
{
    X509 *cert = io->tls ? SSL_get0_peer_certificate(io->tls->ssl) : NULL;
    int result;

    if (!cert)
        return -ENODATA;
    result = weigh(io->tls->ssl, cert);
    *out = (struct tls_peer){ .trusted = result == X509_V_OK, .self_signed = result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT };
    print_fingerprint(cert, out->fingerprint);
    out->days = days_left(cert);
    strncpy(out->why, X509_verify_cert_error_string(result), sizeof out->why - 1);
    return 0;
}

bool io_tls_resumed(const struct io *io)
{
    return io->tls && SSL_session_reused(io->tls->ssl);
}

bool io_tls_same_peer(const struct io *data, const struct io *control)
{
    const X509 *a = data->tls ? SSL_get0_peer_certificate(data->tls->ssl) : NULL;
    const X509 *b = control->tls ? SSL_get0_peer_certificate(control->tls->ssl) : NULL;

    return io_tls_resumed(data) || (a && b && X509_cmp(a, b) == 0);
}

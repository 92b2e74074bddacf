/* tls_peer: clients that show a certificate (RFC 8446 section 4.3.2). Called by tls_set.c for every context, and by sessions that
 * ask whom a certificate stands for. Owns nothing. A certificate that the operator's CA did not sign is as good as none: many
 * clients show whatever they have, and the password still stands between them and an account. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "io/tls_impl.h"

/* The verdict stays in the SSL, and in the tickets of its session. */
static int verify(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    X509_verify_cert(store);
    ERR_clear_error();
    return 1;
}

bool tls_ask_clients(SSL_CTX *ctx, BIO *text)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    bool any = false, ok = true;
    X509 *cert;

    while (ok && (cert = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
        ok = X509_STORE_add_cert(store, cert) == 1 && SSL_CTX_add_client_CA(ctx, cert) == 1;
        any = true;
        X509_free(cert);
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
    return any && ok;
}

static bool is_text(const ASN1_STRING *value, struct span name)
{
    unsigned char *text = NULL;
    int len = ASN1_STRING_to_UTF8(&text, value);
    bool same = len > 0 && span_eq((struct span){ (char *)text, (size_t)len }, name);

    OPENSSL_free(text);
    return same;
}

/* The last one is the most specific. */
static bool is_common_name(const X509 *cert, struct span name)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = -1, next;

    while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
        at = next;
    return at >= 0 && is_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), name);
}

static bool is_address(const X509 *cert, struct span name)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);

        found = one->type == GEN_EMAIL && is_text(one->d.rfc822Name, name);
    }
    GENERAL_NAMES_free(names);
    return found;
}

bool io_peer_is(const struct io *io, struct span name)
{
    X509 *cert = io->tls && SSL_get_verify_result(io->tls->ssl) == X509_V_OK ? SSL_get0_peer_certificate(io->tls->ssl) : NULL;
    bool is = cert && name.len && (is_common_name(cert, name) || is_address(cert, name));

    ERR_clear_error();
    return is;
}

/* tls_cert: a certificate for a server that was given none. Called once, by the front door at the first start. Self-signed, ECDSA
 * over P-256, for ten years: who connects compares its fingerprint with the one that the start-up lines show. Owns nothing; fails
 * by NULL. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "io/tls.h"

enum { YEARS = 10, A_DAY = 24 * 3600 };

static int add_extension(X509 *cert, int what, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, what, value);
    int ok = e && X509_add_ext(cert, e, -1) == 1;

    X509_EXTENSION_free(e);
    return ok;
}

/* Begins yesterday: a client's clock may be late. */
static int fill_in(X509 *cert, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(cert);
    uint64_t serial = 0;

    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 && X509_set_version(cert, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -A_DAY) && X509_gmtime_adj(X509_getm_notAfter(cert), YEARS * 365L * A_DAY) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"dray", -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") && X509_sign(cert, key, EVP_sha256()) > 0;
}

static char *print(X509 *cert, EVP_PKEY *key)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *at, *pem = NULL;
    long len;

    if (text && PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) == 1 && PEM_write_bio_X509(text, cert) == 1) {
        len = BIO_get_mem_data(text, &at);
        pem = span_dup((struct span){ at, (size_t)len });
    }
    BIO_free(text);
    return pem;
}

char *tls_cert_make(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    char *pem = key && cert && fill_in(cert, key) ? print(cert, key) : NULL;

    X509_free(cert);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return pem;
}

/* tls_impl: between tls.c and io_tls.c only. */
#ifndef DRAY_IO_TLS_IMPL_H
#define DRAY_IO_TLS_IMPL_H

#include <openssl/ssl.h>

#include "io/tls.h"

enum { TLS_ID = 16 };

struct tls {
    SSL_CTX *ctx;
    BIO_METHOD *bio;          /* a stream as OpenSSL sees it: io_tls.c */
    unsigned char master[32]; /* the ticket keys of all times are derived from it */
    char fingerprint[3 * 32];
};

/* Who a TLS stream is, for tickets: the application data of its SSL. */
struct tls_who {
    unsigned char id[TLS_ID]; /* of the control connection; its tickets carry it */
    bool data;                /* a data connection: only tickets with this id will do */
};

/* io_tls.c: the BIO; NULL without memory. */
BIO_METHOD *io_tls_bio(void);

#endif

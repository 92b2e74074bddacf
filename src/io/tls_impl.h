/* tls_impl: between the files of TLS in io/ only. */
#ifndef DRAY_IO_TLS_IMPL_H
#define DRAY_IO_TLS_IMPL_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "io/io_impl.h"

/* TLS_GIVEN: the newest ticket, and two for clients that go on with an older one. */
enum { TLS_ID = 16, TLS_KEY = 32, TLS_KEY_NAME = 16, TLS_GIVEN = 3 };

struct tls_set;

struct tls_ticket_keys {
    unsigned char name[TLS_KEY_NAME], cipher[TLS_KEY], mac[TLS_KEY];
    uint64_t serves; /* the half day, plus one; 0: none */
};

struct tls {
    BIO_METHOD *bio;          /* a stream as OpenSSL sees it: io_tls.c */
    unsigned char master[32]; /* the ticket keys of all times are derived from it */
    EVP_CIPHER *ticket_cipher; /* fetched once: that is dearer than its use */
    struct tls_from from;     /* n 0: from texts; nothing is looked at again */
    uint64_t version;         /* of the files that the set is made of; whoever looks owns it */
    _Atomic uint64_t *told;   /* the last version of which something was logged, by any process */
    pthread_mutex_t lock;     /* of what follows; held for moments */
    bool looking;             /* somebody does */
    int64_t look_at;          /* again */
    struct tls_ticket_keys ticket_keys[2]; /* of this half day, and of one beside it */
    struct tls_set *set;
};

/* What tls.c says of all contexts; without a certificate. NULL without memory. */
SSL_CTX *tls_context(struct tls *);
/* The context for a new stream, to be freed; looks now and then whether files have changed. May wait. */
SSL_CTX *tls_now(struct tls *, struct rt_task *);
/* A PEM text of certificates vouches for clients; false: it holds none. (tls_peer.c) */
bool tls_ask_clients(SSL_CTX *, BIO *text);

/* Who a TLS stream is, for tickets: the application data of its SSL. */
struct tls_who {
    unsigned char id[TLS_ID]; /* of the control connection; its tickets carry it */
    bool web;                 /* the peer speaks HTTP: ALPN */
    bool data;                /* a data connection: only tickets with this id will do */
    SSL *control;             /* its control connection's, which lives longer; NULL: plain, or this is one */
    SSL_SESSION *given[TLS_GIVEN]; /* of a control connection: what its data connections resume; the last that was given or used is first */
};

/* A data connection has resumed: the next reply on its control connection brings another ticket. */
void tls_give_ticket(SSL *control);
/* The end of a stream's SSL, and of what its tls_who holds. */
void tls_let_go(SSL *);

struct io_tls {
    const struct io_ops *below;
    SSL *ssl;
    struct tls_who who;
    char *out;             /* records that wait to be sent */
    size_t from, left;     /* those of out */
    size_t owed;           /* plaintext in them that was not yet reported as sent */
    char *block;           /* borrowed, while much is sealed at once */
    size_t filled;
    const char *ahead;     /* received at once, more than one record; only within one receive. NULL: OpenSSL asks the stream below */
    size_t ahead_len;
    unsigned head, body;   /* of the record that is being received: header bytes seen, bytes still to come */
    int error;             /* of the stream below */
    bool ended;            /* the stream below has */
    bool pending;          /* OpenSSL may hold bytes, or an end, that the reader does not know yet */
    bool truncated, strict, resume;
    bool last;             /* what is written now is the last */
};

/* The thread's queue of errors is empty as a rule: to look is much cheaper than to clear it. */
static inline void io_tls_forget_errors(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

typedef ssize_t io_send_fn(struct io *, const void *, size_t);

/* Of a record: the bytes before it, and the most that can be in it (RFC 8446 5.1). */
enum { IO_TLS_HEAD = 5, IO_TLS_RECORD = 16384 };

extern const struct io_ops io_tls_ops;
/* A stream as OpenSSL sees it; NULL without memory. */
BIO_METHOD *io_tls_bio(void);
/* What a call of OpenSSL that did not succeed means: -errno, or 0 at an orderly end. */
int io_tls_result(struct io_tls *, int rc);
/* All that waits to be sent, by an operation of the stream below. */
int io_tls_drain(struct io *, io_send_fn *by);
/* More that waits, copied. */
int io_tls_keep(struct io_tls *, const char *at, size_t n);
/* As io_ops has them. */
io_send_fn io_tls_send, io_tls_send_now;
ssize_t io_tls_sendfile(struct io *, int file, int64_t off, size_t len);

#endif

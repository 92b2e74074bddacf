/* tls: what all TLS streams of a server share: certificates, keys, the keys of session tickets. Made once, before the first
 * fork; certificates and keys are read again when their files change, by each process for itself. Streams become TLS streams by
 * io_starttls (io.h). */
#ifndef DRAY_IO_TLS_H
#define DRAY_IO_TLS_H

#include "base/buf.h"

struct log;
struct tls;

/* What the operator demands of clients. */
struct tls_rules {
    bool login;  /* nobody logs in without TLS */
    bool data;   /* no data without TLS */
    bool resume; /* a data connection resumes the TLS session of its control connection */
    bool strict; /* an upload that ends without close_notify is a broken one */
    bool web;    /* not the operator's: this stream is of a browser, not of an FTP client */
};

/* PEM files; one may hold both. */
struct tls_files {
    const char *cert, *key;
};

/* Where it all comes from. The texts have to stay. */
struct tls_from {
    const struct tls_files *files; /* the first is for clients that name no server, or one that no certificate is for */
    unsigned n;
    const char *client_ca; /* PEM: who vouches for clients; NULL: nobody, clients are not asked */
    const struct log *log; /* where changes are noted */
};

/* Reads the files. On failure -EINVAL, or -ENOMEM, and a sentence in err. */
int tls_open(const struct tls_from *, struct tls **out, struct buf *err);
/* From PEM texts, which may be the same. */
int tls_new(const char *cert, const char *key, struct tls **out, struct buf *err);
/* NULL is fine. No stream may be left. */
void tls_free(struct tls **);
/* SHA-256 of the n-th certificate, as "AB:CD:...", until the next one is read; NULL: there is none. For the start. */
const char *tls_fingerprint(const struct tls *, unsigned n);
/* Every folder in which files may be read later: that of each file, and where a link of that name leads today. For the start. */
void tls_paths(const struct tls *, void (*each)(void *arg, const char *folder), void *arg);

/* A new P-256 key and its self-signed certificate, as one PEM text on the heap; NULL when that fails. */
char *tls_cert_make(void);

#endif

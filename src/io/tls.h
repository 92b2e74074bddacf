/* tls: what all TLS streams of a server share: certificate, key, the keys of session tickets. Made once, before the first
 * fork, then only read. Streams become TLS streams by io_starttls (io.h). */
#ifndef DRAY_IO_TLS_H
#define DRAY_IO_TLS_H

#include "base/buf.h"

struct tls;

/* What the operator demands of clients. */
struct tls_rules {
    bool login;  /* nobody logs in without TLS */
    bool data;   /* no data without TLS */
    bool resume; /* a data connection resumes the TLS session of its control connection */
    bool strict; /* an upload that ends without close_notify is a broken one */
};

/* cert and key: PEM texts (one text may hold both). On failure -EINVAL, or -ENOMEM, and a sentence in err. */
int tls_new(const char *cert, const char *key, struct tls **out, struct buf *err);
/* NULL is fine. No stream may be left. */
void tls_free(struct tls **);
/* SHA-256 of the certificate, as "AB:CD:..." */
const char *tls_fingerprint(const struct tls *);

/* A new P-256 key and its self-signed certificate, as one PEM text on the heap; NULL when that fails. */
char *tls_cert_make(void);

#endif

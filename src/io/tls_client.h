/* tls_client: TLS with our side being the client: whom to believe, and what the other side showed. Streams become TLS streams in
 * place; from then on they are like those of a server (io.h), io_handshake included. */
#ifndef DRAY_IO_TLS_CLIENT_H
#define DRAY_IO_TLS_CLIENT_H

#include "io/io.h"

/* What all streams of a client share. */
struct tls_client;

/* What the other side showed in the handshake. */
struct tls_peer {
    bool trusted;            /* vouched for, and for this host */
    bool self_signed;        /* by nobody but itself: a certificate that can only be remembered */
    char fingerprint[3 * 32]; /* SHA-256 of its certificate, "AB:CD:..." */
    char why[96];            /* not trusted: why, in OpenSSL's words */
    int days;                /* until its certificate expires; negative: it has */
};

/* cacert: a file of certificates to believe (PEM); NULL: the system's. -EINVAL and a sentence in err, -ENOMEM. */
int tls_client_new(const char *cacert, struct tls_client **out, struct buf *err);
/* NULL is fine. No stream may be left. */
void tls_client_free(struct tls_client **);

/* From here on the stream speaks TLS; io_handshake comes next. host: a name or a numeric address, that the certificate must be of.
 * control: the stream whose data connection this is (its session is resumed), or NULL. -ENOMEM: nothing changed. */
int io_starttls_client(struct io *io, const struct tls_client *tls, const struct io *control, const char *host);

/* After the handshake. -ENODATA: the other side showed no certificate. */
int io_tls_peer(const struct io *io, struct tls_peer *out);
/* Does the data connection lead to whom the control connection leads to: is its session resumed, or its certificate the same? */
bool io_tls_same_peer(const struct io *data, const struct io *control);
bool io_tls_resumed(const struct io *io);

#endif

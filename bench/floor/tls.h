/* tls: the smallest server of TLS 1.3 for bare programs: one context with a P-256 certificate, a ticket for each control connection,
 * by which its data connections resume. */
#ifndef DRAY_BENCH_FLOOR_TLS_H
#define DRAY_BENCH_FLOOR_TLS_H

#include <openssl/ssl.h>

#include "floor.h"

/* As floor_main, over TLS. */
int tls_main(struct floor *f, int argc, char **argv);

/* Of a data connection whose handshake is done. Its descriptor does not wait; `wait` changes that. */
SSL *tls_take(int data, bool wait);
/* The file of a job. */
int tls_file(const struct floor_job *);
/* Records are gathered, so that the socket sees one call for many. */
void tls_gather(SSL *, BIO **records);
void tls_send(int data, BIO *records);
/* close_notify goes with what tls_gather has gathered, if that is not NULL; then close, and 226. */
void tls_end(const struct floor_job *, SSL *, BIO *records);

#endif

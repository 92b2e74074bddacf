/* unit_tls: a server's side of TLS with a certificate of its own, for tests of streams. */
#ifndef DRAY_T_UNIT_TLS_H
#define DRAY_T_UNIT_TLS_H

#include "base/cleanup.h"
#include "io/io.h"
#include "unit.h"

/* 0, or less without memory. The test's, to be given back by tls_free. */
static inline int unit_tls(struct tls **out)
{
    CLEANUP(free_text) char *pem = tls_cert_make();
    char text[200];
    struct buf err = BUF(text);

    return pem ? tls_new(pem, pem, out, &err) : -ENOMEM;
}

#endif

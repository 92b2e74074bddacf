/* secure: TLS as the person wants it, and whom to believe: the system's authorities, a file, or what was seen the first time. */
#ifndef DRAY_CLIENT_SECURE_H
#define DRAY_CLIENT_SECURE_H

#include "client/failure.h"
#include "client/target.h"

enum secure_mode { SECURE_PREFER, SECURE_REQUIRE, SECURE_OFF };

struct secure {
    enum secure_mode mode;
    const char *cacert;  /* file of certificates to believe; NULL: the system's */
    const char *pin;     /* the only fingerprint to believe; it is noted */
    bool insecure;       /* believe anybody */
    struct tls_client *tls;     /* made at the first need */
};

/* Makes a new connection a TLS one, as wanted and offered, and judges whom it leads to. Before the greeting when t->tls says so
 * (ftps), else after it. 0, also when it stays in the clear; else -errno with *why told. note: a sentence worth telling, or
 * nothing. t must live as long as the connection. */
int secure_begin(struct secure *s, struct ftpc *ftp, const struct target *t, struct buf *note, struct failure *why);

/* After ftpc_prepare: does data travel as wanted? 0, or -EACCES with *why told. note: as above. */
int secure_check(const struct secure *s, const struct ftpc *ftp, const struct target *t, struct buf *note, struct failure *why);

/* For CLEANUP; no connection may be left. */
void secure_free(struct secure *s);

#endif

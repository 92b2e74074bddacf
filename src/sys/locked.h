/* locked: text that only who has the key can read or make (AES-256-GCM, NIST SP 800-38D), by OpenSSL. */
#ifndef DRAY_SYS_LOCKED_H
#define DRAY_SYS_LOCKED_H

#include <stddef.h>

enum { LOCKED_KEY = 32, LOCKED_MORE = 28 };

/* Locks len bytes into out, which has room for LOCKED_MORE more, and takes another number each time. The length; -ENOMEM. */
int locked_make(const unsigned char key[LOCKED_KEY], const void *text, size_t len, unsigned char *out);
/* Opens len bytes into out, which has room for LOCKED_MORE fewer: the length. -EBADMSG: not made with this key, or changed; -ENOMEM. */
int locked_open(const unsigned char key[LOCKED_KEY], const unsigned char *in, size_t len, void *out);

#endif

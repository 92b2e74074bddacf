/* target: where to connect, as a person writes it. Pure. */
#ifndef DRAY_CLIENT_TARGET_H
#define DRAY_CLIENT_TARGET_H

#include "base/span.h"

enum { TARGET_PORT = 2121 };

/* All texts NUL-terminated. */
struct target {
    char host[256];
    uint16_t port;
    bool tls; /* from the first byte (ftps) */
    bool has_user, has_password;
    char user[128], password[128];
    char path[1024]; /* relative to the login folder; "" none */
};

/* "HOST", "HOST:PORT", "::1", "[::1]:2121", "user@HOST", and "ftp://user:password@HOST:PORT/path" (RFC 1738 section
 * 3.2: percent escapes, port 21 unless given, ";type=x" ignored). "ftps://" is the same on port 990, with TLS. Without
 * either the port is TARGET_PORT. -EINVAL malformed,
 * -EPROTONOSUPPORT another scheme. */
int target_parse(struct span text, struct target *out);

#endif

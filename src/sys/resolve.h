/* resolve: a host's name to its addresses, and the names of this machine. */
#ifndef DRAY_SYS_RESOLVE_H
#define DRAY_SYS_RESOLVE_H

#include <stdint.h>

#include "base/buf.h"
#include "sys/sock.h"

enum { RESOLVE_MOST = 8 };

struct resolve {
    unsigned count;
    struct sock_addr at[RESOLVE_MOST]; /* in the order in which they are worth trying */
};

/* Blocks for as long as the system's resolver does. Numeric addresses need no look-up. The count (at least 1);
 * -ENOENT no such host, -EAGAIN the name server did not answer, -ENOMEM, or another -errno. */
int resolve_host(const char *host, uint16_t port, struct resolve *out);

/* The names by which others in its network know this machine, each with a comma before it: its own, and its own with each of the
 * domains in which names are looked for (resolv.conf). Asks nobody. */
void resolve_own_names(struct buf *out);

#endif

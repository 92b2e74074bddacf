/* listen: where clients arrive: the server's listeners. Those of data connections are in passive.h. */
#ifndef DRAY_IO_LISTEN_H
#define DRAY_IO_LISTEN_H

#include "base/buf.h"
#include "rt/rt.h"

enum { LISTEN_MAX = 32 };

struct listener {
    int fd;
    unsigned service; /* what is spoken there: an index that the front door gives */
    struct sock_addr at;
    bool fixed; /* whoever arrives has come to that address, and not to any of the machine's */
};

struct listeners {
    unsigned n;
    struct listener l[LISTEN_MAX];
};

/* A client at the door. Whoever gets it owns the descriptor. */
struct arrival {
    int fd;
    unsigned service;
    struct sock_addr peer, local;
};

/* Opens `host` (numeric; NULL: all IPv4 and all IPv6 addresses) on the port; port 0 takes a free one, the same for all.
 * -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -EINVAL (no address), -E2BIG. */
int listen_open(struct listeners *, const char *host, uint16_t port, unsigned service);
void listen_close_all(struct listeners *);
/* Those from number n on. */
void listen_close_from(struct listeners *, unsigned n);
/* The next client, waiting no longer than `when`; `hear` (-1: none) as in rt_accept. */
int listen_accept(struct rt_task *, const struct listeners *, int hear, int64_t when, struct arrival *out);

#endif

/* passive: listening sockets for data connections that clients open (RFC 959 PASV, RFC 2428 EPSV), leased to one session at a
 * time. One pool for each process; the sessions of its threads or its loop share it. */
#ifndef DRAY_IO_PASSIVE_H
#define DRAY_IO_PASSIVE_H

#include "rt/rt.h"

struct passive;

/* fd -1: none. What comes is accepted with rt_accept by who holds it; whether the peer may is for the holder to say. */
struct passive_lease {
    int fd;
    uint16_t port;
};

/* A pool, empty as yet; made before the first fork, so that all processes know which ports are left out. min 0: ports of the
 * kernel's choice. processes: how many will serve over this range at once (0: no telling). NULL: no memory. */
struct passive *passive_new(uint16_t min, uint16_t max, unsigned processes);
/* Closes what is idle; nothing may be leased. NULL is fine. */
void passive_free(struct passive **);

/* A listener on this host's address `local` (its port means nothing), nobody in its queue. May wait a little while the range
 * is taken: then -EADDRINUSE; else -EMFILE, -EADDRNOTAVAIL, -EACCES, -ECANCELED. */
int passive_lease(struct passive *, struct rt_task *, const struct sock_addr *local, struct passive_lease *out);
/* Gives it back. came: the announced connection was accepted. Nothing happens when there is no lease. */
void passive_return(struct passive *, struct rt_task *, const struct sock_addr *local, struct passive_lease *, bool came);

#endif

/* announce: which IPv4 address a 227 reply names (--passive-address): behind NAT and in containers the server's own is of no
 * use to the client. EPSV names none. */
#ifndef DRAY_IO_ANNOUNCE_H
#define DRAY_IO_ANNOUNCE_H

#include "conf/conf.h"
#include "io/listen.h"
#include "obs/log.h"

struct announce;

/* Each item is ADDRESS, NAME, or NETWORK=ADDRESS-OR-NAME. Names are looked up, which blocks. *out is NULL for an empty list.
 * On failure -EINVAL and a sentence in err. */
int announce_open(const struct conf_list *, struct announce **out, struct buf *err);
void announce_close(struct announce **);
/* What the client at `peer` is told: true and ip, or false: the address that it came to. NULL: always false. */
bool announce_find(const struct announce *, const struct sock_addr *peer, unsigned char ip[4]);
/* Looks the names up again; one that cannot be found keeps its address. How many could not. Blocks. */
unsigned announce_refresh(struct announce *, const struct log *);
/* Starts the process that does so every few minutes until the server drains, if there are names. Before the model begins. */
int announce_watch(struct announce *, struct rt_stop, struct listeners *, const struct log *);

#endif

/* ip_net: networks as operators write them: "10.0.0.0/8", "2001:db8::/32", or one address alone. */
#ifndef DRAY_WIRE_IP_NET_H
#define DRAY_WIRE_IP_NET_H

#include "base/buf.h"

struct ip_net {
    unsigned char ip[16]; /* network order; the first `len` bytes count */
    unsigned len;         /* 4 or 16 */
    unsigned bits;        /* of the prefix; all of them for one address */
};

/* -EINVAL when it is no network; -ERANGE when bits behind the prefix are set (10.1.2.3/8: a slip of the pen). */
int ip_net_parse(struct span text, struct ip_net *out);
/* Is this address (4 or 16 bytes) one of the network's? */
bool ip_net_has(const struct ip_net *, const unsigned char *ip, unsigned len);
/* Does the whole network lie in 127.0.0.0/8, or is it ::1? */
bool ip_net_is_loopback(const struct ip_net *);
void ip_net_print(struct buf *, const struct ip_net *);

#endif

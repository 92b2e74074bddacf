/* http_host: what the Host field of a request names, and whether a page of somebody else's could have that name. */
#ifndef DRAY_WIRE_HTTP_HOST_H
#define DRAY_WIRE_HTTP_HOST_H

#include "base/span.h"

/* Without the port, and without the dot of the root at its end; an IPv6 address keeps its brackets. */
struct span http_host_name(struct span host);

/* Could nobody elsewhere have pages under this name? So it is with addresses, which no name server is asked for, and with names that no
 * public one knows: those without a dot, and of the domains that are kept for networks of one's own (localhost, test: RFC 6761; local:
 * RFC 6762; home.arpa: RFC 8375; internal: ICANN 2024; and those of RFC 6762 appendix G). */
bool http_host_is_near(struct span name);

/* Is it this one, of any case? known ".example.org" is example.org and all below it. */
bool http_host_is(struct span name, struct span known);

#endif

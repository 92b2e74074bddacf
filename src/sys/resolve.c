/* resolve: getaddrinfo(3) behind errno values. Called by the client before it connects, and by `dray serve` for names of its own; owns nothing. Addresses beyond
 * RESOLVE_MOST are dropped: a client that tries eight in vain has said enough. RFC 6724 order is the resolver's work.
 */
#include "sys/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const struct {
    int eai, err;
} errors[] = {
    { EAI_NONAME, -ENOENT }, { EAI_NODATA, -ENOENT }, { EAI_ADDRFAMILY, -ENOENT },
    { EAI_AGAIN, -EAGAIN },  { EAI_MEMORY, -ENOMEM }, { EAI_FAIL, -EHOSTUNREACH },
};

static int errno_of(int eai)
{
    for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].eai == eai)
            return errors[i].err;
    return eai == EAI_SYSTEM && errno ? -errno : -EHOSTUNREACH;
}

int resolve_host(const char *host, uint16_t port, struct resolve *out)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *all = NULL;
    struct resolve found = { 0 };
    char service[8];
    int rc;

    snprintf(service, sizeof service, "%u", (unsigned)port);
    rc = getaddrinfo(host, service, &hints, &all);
    if (rc)
        return errno_of(rc);
    for (const struct addrinfo *a = all; a && found.count < RESOLVE_MOST; a = a->ai_next)
        if (a->ai_addrlen <= sizeof *found.at)
            memcpy(&found.at[found.count++], a->ai_addr, a->ai_addrlen);
    freeaddrinfo(all);
    if (!found.count)
        return -ENOENT;
    *out = found;
    return (int)found.count;
}

void resolve_own_names(struct buf *out)
{
    struct __res_state state = { 0 };
    struct utsname name;
    struct span own;

    if (uname(&name) < 0)
        return;
    own = span_of(name.nodename);
    buf_printf(out, ",%.*s", SPAN_ARG(own));
    own = span_cut(&own, '.');
    if (res_ninit(&state) < 0)
        return;
    for (int i = 0; i < MAXDNSRCH && state.dnsrch[i]; i++)
        buf_printf(out, ",%.*s.%s", SPAN_ARG(own), state.dnsrch[i]);
    res_nclose(&state);
}

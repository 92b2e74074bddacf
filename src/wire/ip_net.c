/* ip_net: CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3) and membership. Called by whoever lets the operator sort
 * clients by where they come from. Pure text and bytes; owns nothing; fails with -EINVAL or -ERANGE and leaves the output
 * alone. */
#include "wire/ip_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static int family_of(unsigned len)
{
    return len == 4 ? AF_INET : AF_INET6;
}

static int parse_ip(struct span s, struct ip_net *out)
{
    char text[INET6_ADDRSTRLEN];

    if (s.len == 0 || s.len >= sizeof text || memchr(s.at, '\0', s.len))
        return -EINVAL;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    out->len = memchr(text, ':', s.len) ? 16 : 4;
    return inet_pton(family_of(out->len), text, out->ip) == 1 ? 0 : -EINVAL;
}

/* The bits of byte i that belong to the prefix. */
static unsigned char mask(unsigned bits, unsigned i)
{
    if (bits >= 8 * (i + 1))
        return 0xff;
    return bits <= 8 * i ? 0 : (unsigned char)(0xff << (8 * (i + 1) - bits));
}

static bool begins_there(const struct ip_net *n)
{
    for (unsigned i = 0; i < n->len; i++)
        if (n->ip[i] & ~mask(n->bits, i))
            return false;
    return true;
}

int ip_net_parse(struct span text, struct ip_net *out)
{
    struct ip_net n = { 0 };
    ptrdiff_t slash = span_find(text, '/');
    uint64_t bits;

    TRY(parse_ip(slash < 0 ? text : (struct span){ text.at, (size_t)slash }, &n));
    bits = n.len * 8;
    if (slash >= 0 && span_u64(span_from(text, (size_t)slash + 1), bits, &bits) < 0)
        return -EINVAL;
    n.bits = (unsigned)bits;
    if (!begins_there(&n))
        return -ERANGE;
    *out = n;
    return 0;
}

bool ip_net_has(const struct ip_net *n, const unsigned char *ip, unsigned len)
{
    if (len != n->len)
        return false;
    for (unsigned i = 0; i < len; i++)
        if ((ip[i] ^ n->ip[i]) & mask(n->bits, i))
            return false;
    return true;
}

bool ip_net_is_loopback(const struct ip_net *n)
{
    static const unsigned char one[16] = { [15] = 1 };

    return n->len == 4 ? n->bits >= 8 && n->ip[0] == 127 : n->bits == 128 && memcmp(n->ip, one, 16) == 0;
}

void ip_net_print(struct buf *b, const struct ip_net *n)
{
    char text[INET6_ADDRSTRLEN] = "?";

    inet_ntop(family_of(n->len), n->ip, text, sizeof text);
    buf_printf(b, "%s/%u", text, n->bits);
}

/* ftp_addr: addresses as the control connection spells them. The server parses PORT and EPRT and prints 227
 * and 229, the client the other way round. Pure text: whether an address may be used (bounce attacks, port
 * 20) is asked where the connection is made. Owns nothing; fails with -EINVAL and leaves the output alone.
 * RFC 959 section 5.3.2 (host-port), RFC 2428 sections 2 and 3; for the search in a 227 text RFC 1123 section
 * 4.1.2.6. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "wire/ftp_addr.h"

static const struct {
    int net, family;
} nets[] = {
    { 1, AF_INET },
    { 2, AF_INET6 },
};

static int family_of(uint64_t net)
{
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if ((uint64_t)nets[i].net == net)
            return nets[i].family;
    return -EAFNOSUPPORT;
}

int ftp_addr_parse_port(struct span s, struct ftp_addr *out)
{
    uint64_t n[6];

    for (int i = 0; i < 6; i++) {
        struct span part = i < 5 ? span_cut(&s, ',') : s; /* the last is all the rest: a seventh number spoils it */

        if (span_u64(part, 255, &n[i]) < 0)
            return -EINVAL;
    }
    *out = (struct ftp_addr){ .net = 1, .port = (uint16_t)(n[4] << 8 | n[5]) };
    for (int i = 0; i < 4; i++)
        out->ip[i] = (unsigned char)n[i];
    return 0;
}

static int ip_parse(int family, struct span s, unsigned char *ip)
{
    char text[INET6_ADDRSTRLEN];

    if (s.len == 0 || s.len >= sizeof text || memchr(s.at, '\0', s.len))
        return -EINVAL;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    return inet_pton(family, text, ip) == 1 ? 0 : -EINVAL;
}

static int net_parse(struct span s, uint64_t *net)
{
    int rc = span_u64(s, UINT64_MAX, net);

    if (rc == -ERANGE)
        *net = UINT64_MAX; /* a number all right, only that no such network is known */
    return rc == -ERANGE ? 0 : rc;
}

int ftp_addr_parse_eprt(struct span s, struct ftp_addr *out)
{
    struct ftp_addr a = { 0 };
    struct span ip;
    uint64_t net = 0, port = 0;
    int family;
    char sep;

    if (s.len == 0 || s.at[0] < 33 || s.at[0] > 126)
        return -EINVAL;
    sep = s.at[0];
    s = span_from(s, 1);
    if (net_parse(span_cut(&s, sep), &net) < 0)
        return -EINVAL;
    ip = span_cut(&s, sep);
    if (ip.len == 0 || span_find(s, sep) != (ptrdiff_t)s.len - 1)
        return -EINVAL;
    if (span_u64(span_cut(&s, sep), 65535, &port) < 0)
        return -EINVAL;
    family = family_of(net);
    if (family < 0)
        return family;
    if (ip_parse(family, ip, a.ip) < 0)
        return -EINVAL;
    a.net = (int)net;
    a.port = (uint16_t)port;
    *out = a;
    return 0;
}

static bool in_host_port(char c)
{
    return c == ',' || (c >= '0' && c <= '9');
}

int ftp_addr_parse_227(struct span text, struct ftp_addr *out)
{
    size_t end = 0;

    for (size_t i = 0; i < text.len; i = end + 1) {
        for (end = i; end < text.len && in_host_port(text.at[end]);)
            end++;
        if (ftp_addr_parse_port((struct span){ text.at + i, end - i }, out) == 0)
            return 0;
    }
    return -EINVAL;
}

/* What follows an opening parenthesis: "|||6446|)". */
static int port_parse_229(struct span s, uint16_t *port)
{
    uint64_t n = 0;
    char sep;

    if (s.len < 6 || s.at[0] < 33 || s.at[0] > 126)
        return -EINVAL;
    sep = s.at[0];
    if (s.at[1] != sep || s.at[2] != sep)
        return -EINVAL;
    s = span_from(s, 3);
    if (span_u64(span_cut(&s, sep), 65535, &n) < 0 || n == 0 || !span_starts(s, SPAN(")")))
        return -EINVAL;
    *port = (uint16_t)n;
    return 0;
}

int ftp_addr_parse_229(struct span text, uint16_t *port)
{
    while (text.len) {
        ptrdiff_t open = span_find(text, '(');

        if (open < 0)
            return -EINVAL;
        text = span_from(text, (size_t)open + 1);
        if (port_parse_229(text.len > 16 ? (struct span){ text.at, 16 } : text, port) == 0)
            return 0;
    }
    return -EINVAL;
}

void ftp_addr_print_port(struct buf *b, const struct ftp_addr *a)
{
    CHECK(a->net == 1);
    buf_printf(b, "%u,%u,%u,%u,%u,%u", a->ip[0], a->ip[1], a->ip[2], a->ip[3], a->port >> 8, a->port & 255);
}

void ftp_addr_print_eprt(struct buf *b, const struct ftp_addr *a)
{
    char text[INET6_ADDRSTRLEN];
    int family = family_of((uint64_t)a->net);

    CHECK(family >= 0);
    CHECK(inet_ntop(family, a->ip, text, sizeof text));
    buf_printf(b, "|%d|%s|%u|", a->net, text, a->port);
}

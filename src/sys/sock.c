/* sock: system calls around TCP sockets. Called by io/, model/ and the front door; owns nothing. Fails with -errno. */
#include "sys/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* fe80::1%eth0: link-local addresses need their interface, by name or number. */
static int parse_in6(const char *host, struct sockaddr_in6 *out)
{
    char text[INET6_ADDRSTRLEN];
    const char *zone = strchr(host, '%');
    size_t len = zone ? (size_t)(zone - host) : strlen(host);

    if (len >= sizeof text)
        return -EINVAL;
    memcpy(text, host, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, &out->sin6_addr) != 1)
        return -EINVAL;
    out->sin6_family = AF_INET6;
    if (zone) {
        out->sin6_scope_id = if_nametoindex(zone + 1);
        if (!out->sin6_scope_id)
            out->sin6_scope_id = (uint32_t)strtoul(zone + 1, NULL, 10);
    }
    return 0;
}

int sock_addr_parse(const char *host, uint16_t port, struct sock_addr *out)
{
    struct sock_addr a = { 0 };

    if (inet_pton(AF_INET, host, &a.in4.sin_addr) == 1)
        a.in4.sin_family = AF_INET;
    else
        TRY(parse_in6(host, &a.in6));
    sock_addr_set_port(&a, port);
    *out = a;
    return 0;
}

socklen_t sock_addr_len(const struct sock_addr *a)
{
    return a->any.sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

uint16_t sock_addr_port(const struct sock_addr *a)
{
    return ntohs(a->any.sa_family == AF_INET ? a->in4.sin_port : a->in6.sin6_port);
}

void sock_addr_set_port(struct sock_addr *a, uint16_t port)
{
    if (a->any.sa_family == AF_INET)
        a->in4.sin_port = htons(port);
    else
        a->in6.sin6_port = htons(port);
}

unsigned sock_addr_bytes(const struct sock_addr *a, const unsigned char **bytes)
{
    if (a->any.sa_family == AF_INET) {
        *bytes = (const unsigned char *)&a->in4.sin_addr;
        return 4;
    }
    *bytes = (const unsigned char *)&a->in6.sin6_addr;
    return 16;
}

bool sock_addr_same_host(const struct sock_addr *a, const struct sock_addr *b)
{
    const unsigned char *x, *y;
    unsigned n = sock_addr_bytes(a, &x);

    return n == sock_addr_bytes(b, &y) && memcmp(x, y, n) == 0;
}

bool sock_addr_is_any(const struct sock_addr *a)
{
    static const unsigned char none[16];
    const unsigned char *bytes;
    unsigned n = sock_addr_bytes(a, &bytes);

    return memcmp(bytes, none, n) == 0;
}

void sock_addr_make(const unsigned char *bytes, unsigned len, uint16_t port, struct sock_addr *out)
{
    *out = (struct sock_addr){ .any.sa_family = len == 4 ? AF_INET : AF_INET6 };
    if (len == 4)
        memcpy(&out->in4.sin_addr, bytes, 4);
    else
        memcpy(&out->in6.sin6_addr, bytes, 16);
    sock_addr_set_port(out, port);
}

void sock_addr_print(struct buf *b, const struct sock_addr *a)
{
    char text[INET6_ADDRSTRLEN] = "?", zone[IF_NAMESIZE];
    const unsigned char *bytes;

    sock_addr_bytes(a, &bytes);
    inet_ntop(a->any.sa_family, bytes, text, sizeof text);
    buf_text(b, text);
    if (a->any.sa_family == AF_INET6 && a->in6.sin6_scope_id && if_indextoname(a->in6.sin6_scope_id, zone))
        buf_printf(b, "%%%s", zone);
}

static void set_flag(int fd, int level, int name)
{
    int on = 1;

    setsockopt(fd, level, name, &on, sizeof on);
}

int sock_listen(const struct sock_addr *at, int backlog, bool reuse)
{
    CLEANUP(close_fd) int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int out = fd;

    if (fd < 0)
        return -errno;
    if (reuse)
        set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
    if (at->any.sa_family == AF_INET6)
        set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (bind(fd, &at->any, sock_addr_len(at)) < 0 || listen(fd, backlog) < 0)
        return -errno;
    fd = -1;
    return out;
}

int sock_stream(int family, const struct sock_addr *from)
{
    CLEANUP(close_fd) int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int out = fd;

    if (fd < 0)
        return -errno;
    if (from) {
        /* the port is chosen at connect time, where the whole four-tuple counts, so that ports do not run out */
        set_flag(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        if (bind(fd, &from->any, sock_addr_len(from)) < 0)
            return -errno;
    }
    fd = -1;
    return out;
}

int sock_local(int fd, struct sock_addr *out)
{
    socklen_t len = sizeof *out;

    return getsockname(fd, &out->any, &len) < 0 ? -errno : 0;
}

int sock_peer(int fd, struct sock_addr *out)
{
    socklen_t len = sizeof *out;

    return getpeername(fd, &out->any, &len) < 0 ? -errno : 0;
}

void sock_tune_control(int fd)
{
    set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
    set_flag(fd, SOL_SOCKET, SO_OOBINLINE);
    set_flag(fd, SOL_SOCKET, SO_KEEPALIVE);
}

size_t sock_whole_packets(int fd, size_t len)
{
    int bytes = 0;
    socklen_t size = sizeof bytes;

    if (getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, &size) < 0 || bytes <= 0 || len < (size_t)bytes)
        return len;
    return len - len % (size_t)bytes;
}

bool sock_peer_ended(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLRDHUP };

    return poll(&p, 1, 0) > 0;
}

int sock_first_byte(int fd)
{
    unsigned char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 1 ? byte : n < 0 ? -errno : -ENODATA;
}

int sock_shutdown_send(int fd)
{
    return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

/* A socket that is not connected is refused by the very part that is looked for (ENOTCONN), else by its absence (ENOENT). */
bool sock_has_kernel_tls(void)
{
    CLEANUP(close_fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") == 0 || errno == ENOTCONN);
}

bool sock_has_caller(int listener)
{
    struct pollfd p = { .fd = listener, .events = POLLIN };

    return listener < 0 || poll(&p, 1, 0) != 0; /* also when it cannot be asked: accept4 says why */
}

int sock_drain(int listener, unsigned most)
{
    for (unsigned i = 0; i <= most; i++) {
        int fd;

        if (!sock_has_caller(listener))
            return 0;
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        else if (errno != ECONNABORTED && errno != EINTR)
            return errno == EAGAIN ? 0 : -errno;
    }
    return -EBUSY;
}

void sock_close(int fd)
{
    close(fd);
}

void sock_reset_on_close(int fd)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static bool wanted(const struct ifaddrs *i, int family, bool loopback)
{
    return i->ifa_addr && i->ifa_addr->sa_family == family && (i->ifa_flags & IFF_UP) &&
           loopback == !!(i->ifa_flags & IFF_LOOPBACK);
}

int sock_each_local(int family, void (*each)(void *arg, const char *host), void *arg)
{
    struct ifaddrs *all;
    int count = 0;

    if (getifaddrs(&all) < 0)
        return -errno;
    for (int other = 0; other < 2; other++) {
        for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
            char host[INET6_ADDRSTRLEN + IF_NAMESIZE];
            struct buf b = BUF(host);

            if (!wanted(i, family, !other))
                continue;
            sock_addr_print(&b, (const struct sock_addr *)(const void *)i->ifa_addr);
            each(arg, buf_cstr(&b));
            count++;
        }
    }
    freeifaddrs(all);
    return count;
}

/* Connecting a datagram socket only looks for the way. The addresses are those of documentation (RFC 5737, RFC 3849). */
int sock_outward(int family, struct sock_addr *out)
{
    struct sock_addr far;
    CLEANUP(close_fd) int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    TRY(sock_addr_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::1", 9, &far));
    if (fd < 0 || connect(fd, &far.any, sock_addr_len(&far)) < 0)
        return -errno;
    return sock_local(fd, out);
}

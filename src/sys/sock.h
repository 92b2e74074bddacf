/* sock: TCP sockets and addresses. Everything returned is non-blocking and close-on-exec. -errno on failure. */
#ifndef DRAY_SYS_SOCK_H
#define DRAY_SYS_SOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/buf.h"

enum { SOCK_BACKLOG = 4096 }; /* the kernel cuts it to somaxconn: two thousand clients may knock at once */

/* A host and port. A quarter of the system's sockaddr_storage: every session keeps some. */
struct sock_addr {
    union {
        struct sockaddr any;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    };
};

/* Numeric "127.0.0.1", "::1", "fe80::1%eth0" and a port. -EINVAL when it is no address. */
int sock_addr_parse(const char *host, uint16_t port, struct sock_addr *out);
socklen_t sock_addr_len(const struct sock_addr *a);
uint16_t sock_addr_port(const struct sock_addr *a);
void sock_addr_set_port(struct sock_addr *a, uint16_t port);
/* Same host, whatever the ports? */
bool sock_addr_same_host(const struct sock_addr *a, const struct sock_addr *b);
/* 0.0.0.0 or :: */
bool sock_addr_is_any(const struct sock_addr *a);
/* The bytes of the host in network order: 4 or 16, the count is returned. A view into `a`. */
unsigned sock_addr_bytes(const struct sock_addr *a, const unsigned char **bytes);
/* An address from such bytes (len 4 or 16). */
void sock_addr_make(const unsigned char *bytes, unsigned len, uint16_t port, struct sock_addr *out);
/* "127.0.0.1" or "::1", no port and no brackets. */
void sock_addr_print(struct buf *b, const struct sock_addr *a);

/* A listening socket; IPv6 ones take IPv6 only. reuse: take the port although old connections linger in TIME_WAIT. */
int sock_listen(const struct sock_addr *at, int backlog, bool reuse);
/* A socket bound to `from` (NULL: any) for rt_connect. */
int sock_stream(int family, const struct sock_addr *from);
int sock_local(int fd, struct sock_addr *out);
int sock_peer(int fd, struct sock_addr *out);

/* What a control connection wants: no delay for small packets, urgent bytes in line (RFC 959's Synch), keep-alive. What a listener is
 * told, its connections have from it. */
void sock_tune_control(int fd);
/* As much of `len` bytes as fills packets (RFC 9293 3.7.1: segments), by what the kernel knows of the way now; all of it where that is
 * less than one, or nobody knows. */
size_t sock_whole_packets(int fd, size_t len);
/* An orderly end of sending; the peer reads the end of the stream. */
int sock_shutdown_send(int fd);
/* Has the peer ended its sending, or the connection, behind all that is still unread? Does not wait. */
bool sock_peer_ended(int fd);
/* The first byte that waits to be read, which stays there, or -errno. Does not wait. */
int sock_first_byte(int fd);
/* Does somebody wait in a listener's queue? accept4 makes a socket first and throws it away when nobody does: asking costs a
 * tenth of that. */
bool sock_has_caller(int listener);
/* Closes whoever waits in a listener's queue: 0 once it is empty, -EBUSY when there are more than `most`, or -errno. */
int sock_drain(int listener, unsigned most);
/* close(2) */
void sock_close(int fd);
/* Closing it will reset the connection, so that a cut stream cannot pass for a whole one. */
void sock_reset_on_close(int fd);

/* Could this kernel encrypt TLS records itself (CONFIG_TLS)? */
bool sock_has_kernel_tls(void);

/* One line for each address that a wildcard listener of this family answers at, loopback first. each() gets the printed
 * address; returns the number of calls or -errno. */
int sock_each_local(int family, void (*each)(void *arg, const char *host), void *arg);

/* The address by which this machine would reach others; nothing is sent. -ENETUNREACH: it would not. */
int sock_outward(int family, struct sock_addr *out);

/* Who listens on this TCP port, when /proc lets us know: "name (pid 123)" into out; -ENOENT when not to be known. */
int sock_port_owner(uint16_t port, struct buf *out);

#endif

/* sock: TCP sockets and addresses. Everything returned is non-blocking and close-on-exec. -errno on failure. */
#ifndef DRAY_SYS_SOCK_H
#define DRAY_SYS_SOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"

enum { SOCK_BACKLOG = 4096 }; /* the kernel cuts it to somaxconn: two thousand clients may knock at once */

/* Numeric "127.0.0.1", "::1", "fe80::1%eth0" and a port. -EINVAL when it is no address. */
int sock_addr_parse(const char *host, uint16_t port, struct sockaddr_storage *out);
socklen_t sock_addr_len(const struct sockaddr_storage *a);
uint16_t sock_addr_port(const struct sockaddr_storage *a);
void sock_addr_set_port(struct sockaddr_storage *a, uint16_t port);
/* Same host, whatever the ports? */
bool sock_addr_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
/* The bytes of the host in network order: 4 or 16, the count is returned. A view into `a`. */
unsigned sock_addr_bytes(const struct sockaddr_storage *a, const unsigned char **bytes);
/* An address from such bytes (len 4 or 16). */
void sock_addr_make(const unsigned char *bytes, unsigned len, uint16_t port, struct sockaddr_storage *out);
/* "127.0.0.1" or "::1", no port and no brackets. */
void sock_addr_print(struct buf *b, const struct sockaddr_storage *a);

/* A listening socket; IPv6 ones take IPv6 only. reuse: take the port although old connections linger in TIME_WAIT. */
int sock_listen(const struct sockaddr_storage *at, int backlog, bool reuse);
/* A socket bound to `from` (NULL: any) for rt_connect. */
int sock_stream(int family, const struct sockaddr_storage *from);
int sock_local(int fd, struct sockaddr_storage *out);
int sock_peer(int fd, struct sockaddr_storage *out);

/* What a control connection wants: no delay for small packets, urgent bytes in line (RFC 959's Synch), keep-alive. */
void sock_tune_control(int fd);
/* An orderly end of sending; the peer reads the end of the stream. */
int sock_shutdown_send(int fd);
/* close(2) */
void sock_close(int fd);
/* close(2) that resets the connection, so that a cut stream cannot pass for a whole one. */
void sock_close_reset(int fd);

/* One line for each address that a wildcard listener of this family answers at, loopback first. each() gets the printed
 * address; returns the number of calls or -errno. */
int sock_each_local(int family, void (*each)(void *arg, const char *host), void *arg);

/* Who listens on this TCP port, when /proc lets us know: "name (pid 123)" into out; -ENOENT when not to be known. */
int sock_port_owner(uint16_t port, struct buf *out);

#endif

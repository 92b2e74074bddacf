/* net: TCP inside one process, as the sessions see it: streams with small windows, bytes that are on their way for a while,
 * ends, resets and refusals in the order and the words of Linux. wrap_net.c gives it the names of system calls.
 *
 * Descriptors of the server are real ones (so that leaks show); those of the clients are numbers from NET_CLIENTS on. */
#ifndef T_SIM_NET_H
#define T_SIM_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/sock.h"

enum { NET_CLIENTS = 1 << 20, NET_ENDS = 256, NET_WINDOW = 64 * 1024 };

/* How it behaves in one run. */
struct net_pace {
    unsigned window;  /* bytes that may be on their way or unread, 1 to NET_WINDOW */
    unsigned torn;    /* of 1000 receptions and sendings, so many move only a part */
    int64_t delay;    /* bytes are on their way for up to so many ns */
};

void net_begin(const struct net_pace *, unsigned lives);
/* Sockets of the server that are still open. */
unsigned net_open(void);

short net_ready(int fd, short events, int64_t now);
int64_t net_next(int64_t now);

/* As the system calls of these names, but -errno. */
int net_socket(bool server, int family);
int net_bind(int fd, const struct sock_addr *at);
int net_listen(int fd, unsigned backlog);
int net_accept(int fd, struct sock_addr *peer);
int net_connect(int fd, const struct sock_addr *to);
ssize_t net_recv(int fd, void *buf, size_t len);
ssize_t net_send(int fd, const void *buf, size_t len);
int net_shutdown_send(int fd);
int net_local(int fd, struct sock_addr *out);
int net_peer(int fd, struct sock_addr *out);
/* Closing it will reset the connection. */
int net_linger_none(int fd);
/* -EBADF when it is none of ours. */
int net_close(int fd);
/* The connection is reset, as by somebody in between: both sides hear of it. Nothing for a listener. */
void net_break(int fd);
/* How much net_send would take now; what sendfile asks first. -EAGAIN, or why nothing more can be sent. */
ssize_t net_room(int fd, size_t len);

#endif

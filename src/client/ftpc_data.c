/* ftpc_data: data connections of the client. Passive first (EPSV, then PASV), always to the address of the control
 * connection: a server cannot send us elsewhere (CVE-2020-8284); active on request, and then only from that address.
 * Called by ftpc_xfer.c; the descriptor belongs to the caller,
 * also after a failure (the loop must hear of every close: rt_close). Fails as ftpc.h says. RFC 959 section 3.2, RFC 2428. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/ftpc_impl.h"
#include "sys/sock.h"
#include "wire/ftp_addr.h"

enum { DATA_CONNECT_SECONDS = 20 };

int ftpc_data_failed(int rc)
{
    return rc == -ECANCELED || rc == -ENOMEM ? rc : -EPIPE;
}

/* ---- passive ---- */

int ftpc_port_of_reply(struct ftpc *ftp, int code, uint16_t *port)
{
    return code == 229 && ftp_addr_parse_229(ftpc_words(ftp), port) == 0 ? 0 : -EACCES;
}

/* The port that was asked for with the last transfer: 0; 1: there is none. */
static int port_from_ahead(struct ftpc *ftp, uint16_t *port)
{
    bool has;

    if (ftp->ahead.port_due)
        TRY(ftpc_take_in(ftp));
    has = ftp->ahead.has_port;
    ftp->ahead.has_port = false;
    if (has)
        *port = ftp->ahead.port;
    return !has;
}

/* RFC 2428: no host in the reply. Refused for good by 5xx: not asked again. 0 when the port is known, 1 when PASV is
 * next. */
static int ask_epsv(struct ftpc *ftp, uint16_t *port)
{
    int code, rc;

    if (ftp->can.no_epsv)
        return 1;
    rc = port_from_ahead(ftp, port);
    if (rc <= 0)
        return rc;
    code = ftpc_ask(ftp, "EPSV", (struct span){ 0 });
    TRY(code);
    if (ftpc_port_of_reply(ftp, code, port) == 0)
        return 0;
    ftp->can.no_epsv = code >= 500 && ftp->peer.any.sa_family == AF_INET;
    return ftp->peer.any.sa_family == AF_INET ? 1 : -EACCES;
}

static int ask_pasv(struct ftpc *ftp, uint16_t *port)
{
    struct ftp_addr addr;
    int code = ftpc_ask(ftp, "PASV", (struct span){ 0 });

    TRY(code);
    if (code != 227 || ftp_addr_parse_227(ftpc_words(ftp), &addr) < 0)
        return -EACCES;
    *port = addr.port;
    return 0;
}

static int open_passive(struct ftpc *ftp, int *fd)
{
    struct sock_addr to = ftp->peer;
    uint16_t port = 0;
    int rc = ask_epsv(ftp, &port);

    TRY(rc);
    if (rc == 1)
        TRY(ask_pasv(ftp, &port));
    sock_addr_set_port(&to, port);
    *fd = sock_stream(to.any.sa_family, NULL);
    TRY(*fd);
    rc = rt_connect(ftp->task, *fd, -1, &to, sock_addr_len(&to), rt_after(ftp->task, DATA_CONNECT_SECONDS));
    return rc < 0 ? ftpc_data_failed(rc) : 0;
}

/* ---- active ---- */

static int say_port(struct ftpc *ftp, const struct sock_addr *at)
{
    struct ftp_addr addr = { .net = at->any.sa_family == AF_INET ? 1 : 2, .port = sock_addr_port(at) };
    const unsigned char *bytes;
    unsigned len = sock_addr_bytes(at, &bytes);
    char text[96];
    struct buf b = BUF(text);

    memcpy(addr.ip, bytes, len);
    (len == 4 ? ftp_addr_print_port : ftp_addr_print_eprt)(&b, &addr);
    TRY(ftpc_ask(ftp, len == 4 ? "PORT" : "EPRT", buf_span(&b)));
    return ftpc_verdict(ftp);
}

static int open_active(struct ftpc *ftp, int *fd)
{
    struct sock_addr at;

    if (sock_local(io_fd(ftp->io), &at) < 0)
        return -ENOTCONN;
    sock_addr_set_port(&at, 0);
    *fd = sock_listen(&at, 4, false);
    if (*fd < 0 || sock_local(*fd, &at) < 0)
        return -EPIPE;
    return say_port(ftp, &at);
}

/* Strangers that knock at our port are sent away; the server's word on the control connection (425) ends the wait. */
static int accept_server(struct ftpc *ftp, int listener)
{
    int64_t when = rt_after(ftp->task, DATA_CONNECT_SECONDS);
    int hear = io_fd(ftp->io);

    for (;;) {
        struct sock_addr peer;
        int fd = rt_accept(ftp->task, listener, hear, &peer, when);

        if (fd == -EINTR && !ftpc_has_word(ftp))
            continue;
        if (fd == -EINTR && hear >= 0) {
            /* the connection may have come at the same moment: one more look, without waiting */
            hear = -1;
            when = 0;
            continue;
        }
        if (fd < 0 || sock_addr_same_host(&peer, &ftp->peer))
            return fd < 0 ? ftpc_data_failed(fd) : fd;
        rt_close(ftp->task, fd);
    }
}

int ftpc_data_open(struct ftpc *ftp, int *fd)
{
    return ftp->how.active ? open_active(ftp, fd) : open_passive(ftp, fd);
}

int ftpc_data_take(struct ftpc *ftp, int *fd)
{
    int conn;

    if (!ftp->how.active)
        return 0;
    conn = accept_server(ftp, *fd);
    TRY(conn);
    rt_close(ftp->task, *fd);
    *fd = conn;
    return 0;
}

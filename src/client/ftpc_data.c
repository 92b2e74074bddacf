/* ftpc_data: data connections of the client. Passive first (EPSV, then PASV), always to the address of the control
 * connection: a server cannot send us elsewhere (CVE-2020-8284); active on request or when no passive one gets through, and then
 * only from that address. What led nowhere is remembered for all connections to the site. Called by ftpc_xfer.c; the descriptor belongs to the caller,
 * also after a failure (the loop must hear of every close: rt_close). Fails as ftpc.h says. RFC 959 section 3.2, RFC 2428. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/ftpc_impl.h"
#include "sys/sock.h"
#include "wire/ftp_addr.h"

enum { DATA_CONNECT_SECONDS = 20, PASSIVE_SECONDS = 8 };

int ftpc_data_failed(int rc)
{
    return rc == -ECANCELED || rc == -ENOMEM ? rc : -EPIPE;
}

/* ---- passive ---- */

int ftpc_port_of_reply(struct ftpc *ftp, int code, uint16_t *port)
{
    return code == 229 && ftp_addr_parse_229(ftpc_words(ftp), port) == 0 ? 0 : -EACCES;
}

/* The port that was asked for ahead: 0; 1: there is none; -EACCES: it has just been refused. */
static int port_from_ahead(struct ftpc *ftp, uint16_t *port)
{
    bool asked = ftpc_owed(ftp, ANSWER_PORT), has;

    TRY(ftpc_take_port(ftp));
    has = ftp->ahead.has_port;
    ftp->ahead.has_port = false;
    if (has)
        *port = ftp->ahead.port;
    return !has && asked ? -EACCES : !has;
}

/* With a way left behind it, nobody waits for three lost packets. */
static int connect_to(struct ftpc *ftp, uint16_t port, bool last, int *fd)
{
    unsigned seconds = last ? DATA_CONNECT_SECONDS : PASSIVE_SECONDS, patience = ftp->how.patience;
    struct sock_addr to = ftp->peer;
    int rc;

    sock_addr_set_port(&to, port);
    *fd = sock_stream(to.any.sa_family, NULL);
    TRY(*fd);
    rc = rt_connect(ftp->task, *fd, -1, &to, sock_addr_len(&to), rt_after(ftp->task, patience < seconds ? patience : seconds));
    return rc < 0 ? ftpc_data_failed(rc) : 0;
}

/* RFC 2428: no host in the reply. */
static int open_epsv(struct ftpc *ftp, bool last, int *fd)
{
    uint16_t port = 0;
    int code, rc = port_from_ahead(ftp, &port);

    TRY(rc);
    if (rc == 1) {
        code = ftpc_ask(ftp, "EPSV", (struct span){ 0 });
        TRY(code);
        TRY(ftpc_port_of_reply(ftp, code, &port));
    }
    return connect_to(ftp, port, last, fd);
}

static int open_pasv(struct ftpc *ftp, bool last, int *fd)
{
    struct ftp_addr addr;
    int code = ftpc_ask(ftp, "PASV", (struct span){ 0 });

    TRY(code);
    if (code != 227 || ftp_addr_parse_227(ftpc_words(ftp), &addr) < 0)
        return -EACCES;
    return connect_to(ftp, addr.port, last, fd);
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

static int open_port(struct ftpc *ftp, bool last, int *fd)
{
    struct sock_addr at;

    (void)last;
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

/* ---- one of them ---- */

static const struct {
    enum ftpc_way way;
    int (*open)(struct ftpc *ftp, bool last, int *fd);
} ways[] = { { FTPC_PORT, open_port }, { FTPC_EPSV, open_epsv }, { FTPC_PASV, open_pasv }, { FTPC_PORT, open_port } };

enum { PASSIVE = 1u << FTPC_EPSV | 1u << FTPC_PASV, ACTIVE = 1u << FTPC_PORT };

/* Those that are not known to lead nowhere; all that are allowed, if that leaves none. PASV has no room for an IPv6 address. */
static unsigned ways_left(const struct ftpc *ftp)
{
    unsigned all = ftp->how.passive ? PASSIVE : PASSIVE | ACTIVE;

    if (ftp->peer.any.sa_family != AF_INET)
        all &= ~(1u << FTPC_PASV);
    return all & ~ftp->can->no_way ? all & ~ftp->can->no_way : all;
}

static bool is_next_one_worth_it(int rc)
{
    return rc == -EPIPE || rc == -EACCES || rc == -ENOENT;
}

/* A refusal for good (5xx) is remembered at once, an address that cannot be reached when another way has led there: the line may be
 * down for all. */
static int try_way(struct ftpc *ftp, unsigned n, bool last, int *fd)
{
    unsigned bit = 1u << ways[n].way;
    int rc = ways[n].open(ftp, last, fd);

    ftp->way = ways[n].way;
    if (rc == 0 || !is_next_one_worth_it(rc))
        return rc;
    if (*fd >= 0)
        rt_close(ftp->task, *fd);
    *fd = -1;
    if (rc == -EPIPE)
        ftp->failed_ways |= bit;
    else if (ftp->reply.code >= 500)
        ftp->can->no_way |= bit;
    return rc;
}

void ftpc_data_forget(struct ftpc *ftp)
{
    if (ftp->is_open && ftp->opened >= 0)
        rt_close(ftp->task, ftp->opened);
    ftp->is_open = false;
}

static int open_any(struct ftpc *ftp, int *fd)
{
    unsigned left = ways_left(ftp);

    ftp->failed_ways = 0;
    for (unsigned n = !ftp->how.active; n < sizeof ways / sizeof *ways && left; n++) {
        int rc;

        if (!(left & 1u << ways[n].way))
            continue;
        left &= ~(1u << ways[n].way);
        rc = try_way(ftp, n, !left, fd);
        if (rc == 0 || !is_next_one_worth_it(rc))
            return rc;
    }
    return -EPIPE; /* also after refusals: they are no word about the command that was to follow */
}

int ftpc_data_open(struct ftpc *ftp, int *fd)
{
    if (!ftp->is_open)
        return open_any(ftp, fd);
    *fd = ftp->opened;
    ftp->is_open = false;
    return 0;
}

int ftpc_data_take(struct ftpc *ftp, int *fd)
{
    int conn;

    if (ftp->way == FTPC_PORT) {
        conn = accept_server(ftp, *fd);
        TRY(conn);
        rt_close(ftp->task, *fd);
        *fd = conn;
    }
    ftp->can->no_way |= ftp->failed_ways;
    return 0;
}

/* Who connects to us in vain has been answered 425, or nobody came. */
void ftpc_data_doubt(struct ftpc *ftp)
{
    if (ftp->way == FTPC_PORT && !ftp->failed_ways)
        ftp->can->no_way |= ACTIVE;
}

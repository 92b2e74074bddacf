/* ftp_data: the data connection: PASV EPSV PORT EPRT (RFC 959 section 4.1.2, RFC 2428), opening it, and what happens on the
 * control connection meanwhile: ABOR, STAT and NOOP are answered at once, everything else keeps its place in the queue.
 * A data connection belongs to its session: it comes from, or goes to, the address of the control connection (RFC 2577).
 * Holds a lease of the passive pool until the connection has come, or another command arranges something else. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "proto/ftp/ftp_tls.h"
#include "sys/sock.h"
#include "wire/ftp_cmd.h"

static void give_back(struct ftp *f, bool came)
{
    passive_return(f->s->server->passive, f->s->task, &f->s->arrival->local, &f->data.lease, came);
    f->data.mode = DATA_NONE;
}

void data_forget(struct ftp *f)
{
    give_back(f, false);
}

/* The session's network as RFC 2428 numbers it: 1 IPv4, 2 IPv6. */
static int net_of(const struct ftp *f)
{
    return f->s->arrival->local.any.sa_family == AF_INET ? 1 : 2;
}

static int not_after_epsv_all(struct ftp *f)
{
    return reply(f, 501, "EPSV ALL was said: only EPSV arranges data connections now.");
}

/* ---- passive ---- */

static int listen_for_data(struct ftp *f, uint16_t *port)
{
    data_forget(f);
    TRY(passive_lease(f->s->server->passive, f->s->task, &f->s->arrival->local, &f->data.lease));
    f->data.mode = DATA_PASSIVE;
    *port = f->data.lease.port;
    return 0;
}

/* The address as the client knows it: as the operator says, or the one that it came to. */
static void announced(const struct ftp *f, unsigned char ip[4])
{
    const unsigned char *own;

    if (announce_find(f->s->server->announce, &f->s->arrival->peer, ip))
        return;
    sock_addr_bytes(&f->s->arrival->local, &own);
    memcpy(ip, own, 4);
}

int verb_pasv(struct ftp *f, struct span arg)
{
    char text[32];
    struct buf b = BUF(text);
    struct ftp_addr at = { .net = 1 };

    (void)arg;
    if (f->epsv_all)
        return not_after_epsv_all(f);
    if (net_of(f) != 1)
        return reply(f, 425, "PASV is for IPv4; use EPSV.");
    TRY(listen_for_data(f, &at.port));
    announced(f, at.ip);
    ftp_addr_print_port(&b, &at);
    return reply(f, 227, "Entering Passive Mode (%s).", buf_cstr(&b));
}

int verb_epsv(struct ftp *f, struct span arg)
{
    uint16_t port;
    uint64_t net;

    if (span_ieq(arg, SPAN("ALL"))) {
        f->epsv_all = true;
        return reply(f, 200, "Only EPSV from now on.");
    }
    if (arg.len && span_u64(arg, UINT16_MAX, &net) < 0)
        return reply(f, 501, "EPSV stands alone, or with 1, 2 or ALL.");
    if (arg.len && net != (uint64_t)net_of(f))
        return reply(f, 522, "Network protocol not supported on this connection, use (%d)", net_of(f));
    TRY(listen_for_data(f, &port));
    return reply(f, 229, "Entering Extended Passive Mode (|||%u|)", port);
}

/* ---- active ---- */

/* lftp says |2|::|port| over a connection to ::1: there, no address means the client's own. */
static bool is_own_address(const struct ftp *f, const struct ftp_addr *a)
{
    static const unsigned char none[16];
    unsigned len = a->net == 1 ? 4 : 16;
    struct sock_addr at;

    sock_addr_make(a->ip, len, a->port, &at);
    return (a->net == 2 && memcmp(a->ip, none, len) == 0) || sock_addr_same_host(&at, &f->s->arrival->peer);
}

static int connect_for_data(struct ftp *f, const struct ftp_addr *to)
{
    if (!is_own_address(f, to))
        return reply(f, 504, "Data goes to your own address only.");
    if (to->port < 1024)
        return reply(f, 504, "Data goes to ports above 1023 only.");
    data_forget(f);
    f->data.port = to->port;
    f->data.mode = DATA_ACTIVE;
    return reply(f, 200, "I will connect there.");
}

int verb_port(struct ftp *f, struct span arg)
{
    struct ftp_addr to;

    if (f->epsv_all)
        return not_after_epsv_all(f);
    if (ftp_addr_parse_port(arg, &to) < 0)
        return reply(f, 501, "PORT wants h1,h2,h3,h4,p1,p2, each 0 to 255.");
    return connect_for_data(f, &to);
}

int verb_eprt(struct ftp *f, struct span arg)
{
    struct ftp_addr to;
    int rc = ftp_addr_parse_eprt(arg, &to);

    if (f->epsv_all)
        return not_after_epsv_all(f);
    if (rc == -EAFNOSUPPORT || (rc == 0 && to.net != net_of(f)))
        return reply(f, 522, "Network protocol not supported on this connection, use (%d)", net_of(f));
    if (rc < 0)
        return reply(f, 501, "EPRT wants |net|address|port|.");
    return connect_for_data(f, &to);
}

/* ---- what is heard meanwhile ---- */

/* Only these may overtake the transfer. */
static bool is_urgent(struct span line, struct ftp_cmd *cmd)
{
    if (ftp_cmd_parse(line, cmd) < 0)
        return false;
    return !strcmp(cmd->verb, "ABOR") || !strcmp(cmd->verb, "NOOP") || (!strcmp(cmd->verb, "STAT") && !cmd->arg.len);
}

/* Looks at the next buffered line without its Telnet signals; the line stays. */
static bool next_is_urgent(struct ftp *f, char *copy, size_t cap, struct ftp_cmd *cmd)
{
    struct span line;

    if (!io_peek_line(f->s->control, &line) || line.len > cap)
        return false;
    memcpy(copy, line.at, line.len);
    return is_urgent((struct span){ copy, ftp_telnet_strip(copy, line.len) }, cmd);
}

static int answer(struct ftp *f, const struct ftp_cmd *cmd)
{
    char *line;
    size_t len;

    TRY(io_line(f->s->control, IO_LINE_MAX, &line, &len));
    if (!strcmp(cmd->verb, "ABOR")) {
        f->aborted = true;
        return fail_with(f, 426, -ECONNABORTED);
    }
    TRY(cmd->verb[0] == 'N' ? verb_noop(f, cmd->arg) : verb_stat(f, cmd->arg));
    return reply_now(f);
}

int ftp_heard(void *ctx)
{
    struct ftp *f = ctx;
    char copy[64];
    struct ftp_cmd cmd;
    int rc = io_fill_now(f->s->control);

    if (rc == -ENOBUFS)
        f->deaf = true;
    else if (rc < 0)
        return fail_with(f, 426, rc == -ENODATA ? -EPIPE : rc);
    while (next_is_urgent(f, copy, sizeof copy, &cmd))
        TRY(answer(f, &cmd));
    if (io_has_line(f->s->control))
        f->deaf = true; /* it waits for its turn, and so does all behind it */
    return f->deaf;
}

/* Commands that were sent together with the one that is running keep their order, but an ABOR means now. */
int ftp_hear(struct ftp *f)
{
    char copy[64];
    struct ftp_cmd cmd;

    f->deaf = io_has_line(f->s->control);
    if (f->deaf && next_is_urgent(f, copy, sizeof copy, &cmd) && cmd.verb[0] == 'A')
        return answer(f, &cmd);
    return 0;
}

static int hearing(const struct ftp *f)
{
    return f->deaf ? -1 : io_fd(f->s->control);
}

/* Nothing but this connection tells that a client has left that waits for no data: so what has to wait its turn is buffered;
 * when no more fits, the end of what comes is looked for behind it. */
static int fill(struct ftp *f)
{
    int rc = io_fill_now(f->s->control);

    if (rc == -ENOBUFS)
        rc = sock_peer_ended(io_fd(f->s->control)) ? -ENODATA : 0;
    return fail_with(f, 426, rc == -ENODATA ? -EPIPE : rc);
}

int ftp_turn(struct ftp *f)
{
    int rc = rt_turn(f->s->task, hearing(f));

    if (rc == -EINTR)
        rc = ftp_heard(f);
    if (rc >= 0 && f->deaf)
        rc = fill(f);
    return rc < 0 ? rc : 0;
}

/* ---- opening ---- */

/* The first connection from the client's own address; others are closed at once. */
static int accept_data(struct ftp *f, int64_t when)
{
    for (;;) {
        struct sock_addr peer;
        int fd = rt_accept(f->s->task, f->data.lease.fd, hearing(f), &peer, when);

        if (fd == -EINTR)
            TRY(ftp_heard(f));
        else if (fd < 0 && fd != -ECONNABORTED)
            return fd;
        else if (fd >= 0 && sock_addr_same_host(&peer, &f->s->arrival->peer))
            return fd;
        else if (fd >= 0)
            sock_close(fd);
    }
}

static int connect_and_hear(struct ftp *f, int fd, int64_t when)
{
    struct sock_addr to = f->s->arrival->peer; /* with its interface: without it, a link-local address means nothing */

    sock_addr_set_port(&to, f->data.port);
    for (;;) {
        int rc = rt_connect(f->s->task, fd, hearing(f), &to, sock_addr_len(&to), when);

        if (rc != -EINTR)
            return rc;
        TRY(ftp_heard(f));
    }
}

static int connect_data(struct ftp *f, int64_t when)
{
    struct sock_addr from = f->s->arrival->local;
    int fd, rc;

    sock_addr_set_port(&from, 0);
    fd = sock_stream(from.any.sa_family, &from);
    TRY(fd);
    rc = connect_and_hear(f, fd, when);
    if (rc < 0)
        rt_close(f->s->task, fd);
    return rc < 0 ? rc : fd;
}

/* A connection that has come already is taken without sending the first reply on its own: it can share a packet with the
 * last one. */
static int open_any(struct ftp *f)
{
    int64_t when = rt_after(f->s->task, f->s->server->conf->data_timeout);
    int fd = -ETIMEDOUT;

    if (f->data.mode == DATA_PASSIVE)
        fd = accept_data(f, 0);
    if (fd != -ETIMEDOUT)
        return fd;
    TRY(reply_now(f));
    return f->data.mode == DATA_PASSIVE ? accept_data(f, when) : connect_data(f, when);
}

static int open_failed(struct ftp *f, int rc)
{
    return f->fail_code || rc == -ECANCELED ? rc : fail_with(f, 425, rc);
}

int data_open(struct ftp *f, const char *first, struct io **out)
{
    CLEANUP(io_abort) struct io *data = NULL;
    int fd, rc;

    if (f->data.mode == DATA_NONE)
        return fail_with(f, 425, -ENOTCONN);
    TRY(data_level(f));
    TRY(reply(f, 150, "%s", first));
    fd = ftp_hear(f);
    if (fd == 0)
        fd = open_any(f);
    give_back(f, fd >= 0);
    if (fd < 0)
        return open_failed(f, fd);
    rc = io_socket(f->s->task, fd, &data);
    if (rc == 0)
        rc = data_protect(f, data);
    if (rc < 0)
        return open_failed(f, rc);
    *out = data;
    data = NULL;
    return 0;
}

/* ---- moving ---- */

struct xfer data_xfer(struct ftp *f, struct io *data, unsigned way)
{
    io_hear(data, f->deaf ? NULL : f->s->control);
    return (struct xfer){ .task = f->s->task, .data = data, .seat = f->s->seat,
                          .pace = session_pace(f->s, way), .stall = f->s->server->conf->data_timeout,
                          .heard = ftp_heard, .ctx = f };
}

int data_result(struct ftp *f, struct xfer *x, int rc)
{
    static const struct {
        int err, code;
    } files[] = { { ENOSPC, 452 }, { EDQUOT, 552 }, { EFBIG, 552 } };

    pace_end(&x->pace);
    if (rc >= 0 || f->fail_code || rc == -ECANCELED)
        return rc;
    if (x->failed == XFER_STREAM)
        return fail_with(f, 426, rc);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i].err == -rc)
            return fail_with(f, files[i].code, rc);
    return fail_with(f, 451, rc);
}

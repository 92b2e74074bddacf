/* doctor_data: the checks of how data connections come about: each way alone, the address that PASV tells, the range of the ports.
 * Called by doctor.c; owns nothing. RFC 959 section 3.2, RFC 2428. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/doctor_impl.h"
#include "sys/clock.h"
#include "wire/ftp_addr.h"

enum { ASKS = 6, WIDE = 2000 };

/* ---- one listing, over one way ---- */

static int read_list(struct exam *x, struct io *data, bool facts, struct listing *l)
{
    int64_t until = rt_after(&x->task, 2 * x->ftp->how.patience); /* it may come drop by drop */

    for (;;) {
        struct span line;
        int rc = rt_now(&x->task) < until ? ftpc_line(x->ftp, data, &line) : -EPIPE;

        if (rc == -ENODATA)
            return 0;
        l->odd += rc == -EMSGSIZE;
        if (rc == -EMSGSIZE)
            continue;
        TRY(rc);
        TRY(listing_add_line(l, line, facts, clock_wall()));
        TRY(rt_turn(&x->task, -1));
    }
}

static int list(struct exam *x, const char *folder, struct listing *l, struct io **data)
{
    bool facts;

    TRY(ftpc_list_begin(x->ftp, span_of(folder), &facts, data));
    TRY(read_list(x, *data, facts, l));
    io_close(data);
    return ftpc_end(x->ftp);
}

static void only(struct exam *x, unsigned way)
{
    x->ftp->how.active = way == FTPC_PORT;
    x->ftp->how.passive = way == FTPC_EPSV || way == FTPC_PASV;
    x->ftp->can->no_way = way == FTPC_WAYS ? 0 : ~(1u << way);
}

int exam_list(struct exam *x, const char *folder, unsigned way, struct listing *l)
{
    CLEANUP(io_abort) struct io *data = NULL;
    CLEANUP(listing_free) struct listing own = { .all = true };
    struct ftpc_how how = x->ftp->how;
    unsigned no_way = x->ftp->can->no_way;
    int rc;

    if (way != FTPC_WAYS)
        only(x, way);
    rc = list(x, folder, l ? l : &own, &data);
    if (rc == -EFBIG)
        rc = -EPIPE;
    if (rc < 0 && !x->task.cancelled)
        rc = ftpc_give_up(x->ftp, &data, rc);
    x->ftp->how = how;
    if (way != FTPC_WAYS)
        x->ftp->can->no_way = no_way;
    return rc;
}

/* ---- passive ---- */

#define RANGE _("open the passive ports in the firewall, the same as the server uses (vsftpd: pasv_min_port, pasv_max_port; ProFTPD: " \
                "PassivePorts; Pure-FTPd: -p; dray: --passive)")

/* What is wrong with a way: refused by a word, or not to be reached. */
static void way_failed(struct exam *x, enum verdict v, const char *refused, const char *name, int rc)
{
    bool word = ftpc_code(x->ftp) >= 400;

    exam_failed(x, v, word ? refused : NULL, name, rc);
    if (!word && rc == -EPIPE && !ftpc_lost(x->ftp))
        exam_found(x, v, RANGE, _("%s: the port that the server names cannot be reached"), name);
}

void check_epsv(struct exam *x)
{
    int rc = exam_list(x, x->home, FTPC_EPSV, NULL);

    if (rc == 0)
        exam_found(x, VERDICT_OK, NULL, _("a passive connection by EPSV works"));
    else if (rc != -ECANCELED)
        way_failed(x, x->ftp->peer.any.sa_family == AF_INET ? VERDICT_WARN : VERDICT_BAD,
                   _("allow EPSV: behind NAT it works where PASV does not, and over IPv6 there is nothing else"), "EPSV", rc);
}

static bool names_us_the_server(const struct exam *x, const struct ftp_addr *told, char text[20])
{
    const unsigned char *mine;
    unsigned len = sock_addr_bytes(&x->ftp->peer, &mine);
    static const unsigned char same[4]; /* 0.0.0.0: "the address you know" */

    snprintf(text, 20, "%u.%u.%u.%u", told->ip[0], told->ip[1], told->ip[2], told->ip[3]);
    return (len == 4 && memcmp(told->ip, mine, 4) == 0) || memcmp(told->ip, same, 4) == 0;
}

static bool is_address_wrong(struct exam *x)
{
    struct ftp_addr told;
    char text[20];
    int code = ftpc_ask(x->ftp, "PASV", (struct span){ 0 });

    if (code != 227 || ftp_addr_parse_227(ftpc_words(x->ftp), &told) < 0 || names_us_the_server(x, &told, text))
        return false;
    exam_found(x, VERDICT_BAD,
               _("tell it the address that clients see (vsftpd: pasv_address; ProFTPD: MasqueradeAddress; Pure-FTPd: -P; dray: "
                 "--passive-address)"),
               _("PASV sends clients to %s, which is not where they connected: most fail there (this one does not believe it)"), text);
    return true;
}

void check_pasv(struct exam *x)
{
    int rc;

    if (x->ftp->peer.any.sa_family != AF_INET) {
        exam_found(x, VERDICT_SKIPPED, NULL, _("PASV is for IPv4 only"));
        return;
    }
    if (is_address_wrong(x))
        return;
    rc = ftpc_lost(x->ftp) ? -ENOTCONN : exam_list(x, x->home, FTPC_PASV, NULL);
    if (rc == 0)
        exam_found(x, VERDICT_OK, NULL, _("a passive connection by PASV works, to the address that was connected to"));
    else if (rc != -ECANCELED)
        way_failed(x, VERDICT_BAD, _("allow PASV: old clients know nothing else"), "PASV", rc);
}

static int ask_port(struct exam *x, uint16_t *port)
{
    struct ftp_addr told;
    int code = ftpc_ask(x->ftp, "EPSV", (struct span){ 0 });

    TRY(code);
    if (ftpc_port_of_reply(x->ftp, code, port) == 0)
        return 0;
    code = ftpc_ask(x->ftp, "PASV", (struct span){ 0 });
    TRY(code);
    if (code != 227 || ftp_addr_parse_227(ftpc_words(x->ftp), &told) < 0)
        return -EACCES;
    *port = told.port;
    return 0;
}

void check_ports(struct exam *x)
{
    unsigned least = 65536, most = 0;

    for (unsigned i = 0; i < ASKS; i++) {
        uint16_t port = 0;
        int rc = ask_port(x, &port);

        if (rc < 0) {
            if (rc != -ECANCELED)
                exam_failed(x, VERDICT_BAD, RANGE, _("ask for a passive port"), rc);
            return;
        }
        least = port < least ? port : least;
        most = port > most ? port : most;
    }
    if (most - least > WIDE)
        exam_found(x, VERDICT_WARN,
                   _("give it a range (vsftpd: pasv_min_port, pasv_max_port; ProFTPD: PassivePorts; Pure-FTPd: -p; dray: --passive): a "
                     "firewall has to let all of it in"),
                   _("passive ports come from a wide range: %u to %u in %u tries"), least, most, (unsigned)ASKS);
    else
        exam_found(x, VERDICT_OK, NULL, _("passive ports were from %u to %u in %u tries"), least, most, (unsigned)ASKS);
}

/* ---- active ---- */

void check_active(struct exam *x)
{
    int rc = exam_list(x, x->home, FTPC_PORT, NULL);

    if (rc == 0)
        exam_found(x, VERDICT_OK, NULL, _("the server can connect to this computer (active mode)"));
    else if (rc != -ECANCELED)
        exam_failed(x, VERDICT_WARN, _("only old devices need it; a firewall or NAT on this side has the same effect"), _("active mode"), rc);
}

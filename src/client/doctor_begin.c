/* doctor_begin: the checks until a session stands, and what its TLS is like. Called by doctor.c; owns nothing. RFC 4217, 959. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "client/doctor_impl.h"

enum { SLOW_MS = 2000, SOON_DAYS = 30 };

/* ---- addresses and greeting ---- */

static int64_t ms_since(const struct exam *x, int64_t then)
{
    return (rt_now(&x->task) - then) / 1000000;
}

/* Milliseconds until the greeting, or -errno. */
static int64_t greet(struct exam *x, const struct sock_addr *at)
{
    CLEANUP(ftpc_drop) struct ftpc *ftp = NULL;
    int64_t began = rt_now(&x->task);

    TRY(ftpc_connect(&x->task, at, x->site.how, &ftp));
    if (!x->site.where.tls)
        TRY(ftpc_greeting(ftp));
    ftpc_quit(&ftp);
    return ms_since(x, began);
}

static int greet_all(struct exam *x, struct buf *b, int64_t *slowest)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < x->site.found.count && !x->task.cancelled; i++) {
        char text[64];
        struct buf at = BUF(text);
        int64_t ms = greet(x, &x->site.found.at[i]);

        sock_addr_print(&at, &x->site.found.at[i]);
        buf_printf(b, "%s%s: ", b->len ? "; " : "", buf_cstr(&at));
        if (ms < 0)
            buf_text(b, ms == -EACCES || ms == -ENOENT ? _("it sends clients away") : err_text((int)ms));
        else
            buf_printf(b, _("greeting after %lld ms"), (long long)ms);
        failed += ms < 0;
        *slowest = ms > *slowest ? ms : *slowest;
    }
    return (int)failed;
}

void check_addresses(struct exam *x)
{
    struct failure why;
    char text[600];
    struct buf b = BUF(text);
    int64_t slowest = 0;
    unsigned failed;

    if (site_resolve(&x->site, &why) < 0) {
        x->out = why.out;
        exam_found(x, VERDICT_BAD, NULL, "%s", why.text);
        return;
    }
    failed = (unsigned)greet_all(x, &b, &slowest);
    if (failed == x->site.found.count)
        x->out = OUT_CONNECT;
    if (failed)
        exam_found(x, failed == x->site.found.count ? VERDICT_BAD : VERDICT_WARN,
                   _("let the server listen on every address that its name has, and open the firewall for each; or take the address "
                     "from the name"),
                   "%s", buf_cstr(&b));
    else if (slowest > SLOW_MS)
        exam_found(x, VERDICT_WARN,
                   _("look-ups of the client's name are the usual cause (vsftpd: reverse_lookup_enable=NO; ProFTPD: UseReverseDNS off, "
                     "IdentLookups off; Pure-FTPd: -H)"),
                   "%s", buf_cstr(&b));
    else
        exam_found(x, VERDICT_OK, NULL, "%s", buf_cstr(&b));
}

/* ---- TLS ---- */

void check_tls(struct exam *x)
{
    char text[120];
    struct buf b = BUF(text);
    struct tls_peer peer;

    if (x->site.secure->mode == SECURE_OFF && !x->site.where.tls) {
        exam_found(x, VERDICT_SKIPPED, NULL, "--tls off");
        return;
    }
    if (!ftpc_is_tls(x->ftp) || ftpc_peer(x->ftp, &peer) < 0) {
        exam_found(x, VERDICT_WARN,
                   _("switch it on (vsftpd: ssl_enable=YES; ProFTPD: mod_tls, TLSEngine on; Pure-FTPd: -Y 1; dray: --tls offer)"),
                   _("not offered: passwords and files can be read on the way"));
        return;
    }
    io_tls_print(x->ftp->io, &b);
    if (peer.days < 0)
        exam_found(x, VERDICT_BAD, _("renew the certificate"), _("%s; the certificate has expired"), buf_cstr(&b));
    else if (peer.days < SOON_DAYS)
        exam_found(x, VERDICT_WARN, _("renew the certificate"), _("%s; the certificate expires in %d days"), buf_cstr(&b), peer.days);
    else if (!peer.trusted)
        exam_found(x, VERDICT_WARN, _("a certificate that an authority vouches for, with this host's name in it, spares every client the question"),
                   _("%s; the certificate: %s (%s)"), buf_cstr(&b), peer.why, *x->note ? x->note : _("believed"));
    else
        exam_found(x, VERDICT_OK, NULL, _("%s; the certificate is trusted, for %d more days"), buf_cstr(&b), peer.days);
}

void check_protected(struct exam *x)
{
    if (!ftpc_is_tls(x->ftp))
        exam_found(x, VERDICT_SKIPPED, NULL, _("no TLS"));
    else if (ftpc_is_protected(x->ftp))
        exam_found(x, VERDICT_OK, NULL, _("files travel encrypted (PROT P)"));
    else
        exam_found(x, VERDICT_BAD, _("allow PROT P (ProFTPD: TLSRequired on; dray: --tls-data)"),
                   _("passwords travel encrypted, but files in the clear: PROT P is refused"));
}

/* First as all do it, so that it is known to work at all; then with a new TLS session. */
void check_reuse(struct exam *x)
{
    int rc;

    if (!ftpc_is_protected(x->ftp)) {
        exam_found(x, VERDICT_SKIPPED, NULL, _("no TLS on data connections"));
        return;
    }
    rc = exam_list(x, x->home, FTPC_WAYS, NULL);
    if (rc < 0) {
        exam_failed(x, VERDICT_BAD, _("the data connection must take TLS with the certificate of the control connection"), "list", rc);
        return;
    }
    x->ftp->fresh_tls = true;
    rc = exam_list(x, x->home, FTPC_WAYS, NULL);
    x->ftp->fresh_tls = false;
    if (rc < 0)
        x->ftp->lost = true; /* vsftpd hangs up after it: the next check begins on a connection of its own */
    if (rc == 0)
        exam_found(x, VERDICT_OK, NULL, _("data connections may resume the TLS session, and need not"));
    else if (rc != -ECANCELED)
        exam_found(x, VERDICT_WARN,
                   _("many clients cannot (vsftpd: require_ssl_reuse=NO; ProFTPD: TLSOptions NoSessionReuseRequired; dray: --tls-data)"),
                   _("data connections must resume the TLS session of the control connection"));
}

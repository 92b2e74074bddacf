/* ftp_tls: AUTH PBSZ PROT CCC (RFC 4217, 2228), FTPS from the first byte, and what TLS means for a data connection: a handshake
 * before its first byte, and a look at how an upload ended. Nothing else of the session knows of TLS. Whoever fails at a handshake
 * of the control connection is hung up on; at one of a data connection he is told 425. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "proto/ftp/ftp.h"
#include "proto/ftp/ftp_tls.h"

static APART void log_failure(const struct ftp *f, const char *what, int rc)
{
    LOG(f->s->server->log, "tls-failed", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("connection", span_of(what)),
        LOG_TEXT("why", span_of(err_text(rc))));
}

static APART void log_success(const struct ftp *f)
{
    char text[100];
    struct buf b = BUF(text);

    io_tls_print(f->s->control, &b);
    LOG(f->s->server->log, "tls", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("agreed", buf_span(&b)));
}

/* ---- the control connection ---- */

int ftp_starttls(struct ftp *f)
{
    struct io *control = f->s->control;
    int rc;

    io_deadline(control, f->s->account ? rt_after(f->s->task, f->s->server->conf->login_timeout) : f->login_by);
    rc = io_starttls(control, f->s->server->tls, NULL, f->s->server->rules);
    if (rc == 0)
        rc = io_handshake(control);
    if (rc == 0)
        log_success(f);
    else
        log_failure(f, "control", rc);
    f->over = rc < 0;
    return rc;
}

enum { AUTH_NONE, AUTH_TLS, AUTH_TLS_AND_DATA };

/* TLS-P and SSL are words of drafts, which meant the data, too. */
static int kind_of_auth(struct span arg)
{
    static const struct {
        const char *word;
        int kind;
    } words[] = { { "TLS", AUTH_TLS }, { "TLS-C", AUTH_TLS }, { "SSL", AUTH_TLS_AND_DATA }, { "TLS-P", AUTH_TLS_AND_DATA } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_ieq(arg, span_of(words[i].word)))
            return words[i].kind;
    return AUTH_NONE;
}

/* Who has logged in in the clear has to do so again (RFC 4217 section 4). */
int verb_auth(struct ftp *f, struct span arg)
{
    int kind = kind_of_auth(arg);

    if (io_is_tls(f->s->control))
        return reply(f, 503, "This connection is encrypted already.");
    if (!f->s->server->tls)
        return reply(f, 534, "The operator has switched TLS off.");
    if (kind == AUTH_NONE)
        return reply(f, 504, "Only TLS (or its older names TLS-C, TLS-P and SSL) is understood.");
    TRY(reply(f, 234, "Ready for TLS."));
    TRY(reply_now(f));
    TRY(ftp_starttls(f));
    session_login(f->s, NULL);
    data_forget(f);
    f->user_given = false;
    f->buffer_size_given = f->protect = kind == AUTH_TLS_AND_DATA;
    return 0;
}

int verb_pbsz(struct ftp *f, struct span arg)
{
    (void)arg; /* TLS has records of its own: any size is answered with 0 */
    if (!io_is_tls(f->s->control))
        return reply(f, 503, "Say AUTH TLS first.");
    f->buffer_size_given = true;
    return reply(f, 200, "PBSZ=0");
}

static int set_protection(struct ftp *f, bool on)
{
    if (!on && f->s->server->rules.data)
        return reply(f, 534, "Data travels encrypted here; PROT P.");
    f->protect = on;
    return reply(f, 200, on ? "Data travels encrypted from now on." : "Data travels in the clear from now on.");
}

int verb_prot(struct ftp *f, struct span arg)
{
    if (!io_is_tls(f->s->control))
        return reply(f, 503, "Say AUTH TLS first, then PBSZ 0.");
    if (!f->buffer_size_given)
        return reply(f, 503, "Say PBSZ 0 first.");
    if (span_ieq(arg, SPAN("P")) || span_ieq(arg, SPAN("C")))
        return set_protection(f, span_ieq(arg, SPAN("P")));
    if (span_ieq(arg, SPAN("S")) || span_ieq(arg, SPAN("E")))
        return reply(f, 536, "TLS knows only C and P.");
    return reply(f, 504, "PROT wants P (encrypted) or C (in the clear).");
}

int verb_ccc(struct ftp *f, struct span arg)
{
    (void)arg;
    if (!io_is_tls(f->s->control))
        return reply(f, 533, "This connection is not encrypted.");
    return reply(f, 533, "A connection that is encrypted stays so.");
}

/* ---- data connections ---- */

int data_level(struct ftp *f)
{
    return f->s->server->rules.data && !f->protect ? fail_with(f, 521, -ENOKEY) : 0;
}

static int shake_hands(struct ftp *f, struct io *data)
{
    int rc;

    io_deadline(data, rt_after(f->s->task, f->s->server->conf->data_timeout));
    for (;;) {
        io_hear(data, f->deaf ? NULL : f->s->control);
        rc = io_handshake(data);
        if (rc != -EINTR)
            return rc;
        TRY(ftp_heard(f));
    }
}

/* Clients wait for the first reply before they begin TLS. */
int data_protect(struct ftp *f, struct io *data)
{
    int rc;

    if (!f->protect)
        return 0;
    TRY(reply_now(f));
    TRY(io_starttls(data, f->s->server->tls, f->s->control, f->s->server->rules));
    rc = shake_hands(f, data);
    if (rc < 0 && !f->fail_code)
        log_failure(f, "data", rc);
    return rc;
}

/* ALLO in TYPE I said how much would come (behind REST: of all, or of the rest). Nothing else tells the end of a plain file from the
 * end of a client that was killed; over TLS, close_notify says more. */
int data_whole(struct ftp *f, const struct io *data, int64_t bytes)
{
    bool asked = !f->ascii && f->allo;
    bool agrees = !asked || bytes == f->allo || bytes + f->restart == f->allo;

    if (!io_truncated(data))
        return asked && !io_is_tls(data) && bytes + f->restart < f->allo ? -EPIPE : 0;
    LOG(f->s->server->log, "no-close-notify", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("path", span_of(f->path)),
        LOG_NUMBER("bytes", bytes), LOG_TEXT("taken", agrees ? SPAN("yes") : SPAN("no")));
    return agrees ? 0 : -ENETRESET;
}

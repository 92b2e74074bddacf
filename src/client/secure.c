/* secure: see secure.h. Called at the beginning of each connection, by the menu and by the verbs' workers; owns what all TLS
 * streams share, and the file of servers that were seen before (state folder, "known_servers": a line "host:port fingerprint" for
 * each; the last one counts). Only a certificate that is signed by nobody but itself is believed at first sight, and noted: one
 * that claims an authority and is not vouched for is refused, as is any other than the noted one. Fails with OUT_TLS. */
#include "client/secure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "client/remember.h"
#include "client/ui.h"

static const char SEEN[] = "known_servers";

__attribute__((format(printf, 3, 4))) APART static int refuse(struct failure *why, const struct target *t, const char *fmt, ...)
{
    char text[500], name[280];
    struct buf b = BUF(name);
    struct shown safe;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    remember_name(t, &b);
    failure_set(why, OUT_TLS, "%s: %s", shown(&safe, buf_span(&b)), text);
    return -EKEYREJECTED;
}

/* ---- whom to believe ---- */

static int judge_pinned(const struct secure *s, const struct target *t, const struct tls_peer *peer, struct failure *why)
{
    char known[100];
    struct buf b = BUF(known);

    if (!span_ieq(span_of(s->pin), span_of(peer->fingerprint)))
        return refuse(why, t, _("its certificate is not the one of --pin, but SHA-256 %s"), peer->fingerprint);
    remember_look(SEEN, t, &b);
    if (!span_eq(buf_span(&b), span_of(peer->fingerprint)))
        remember_note(SEEN, t, peer->fingerprint);
    return 0;
}

static int judge_first(const struct secure *s, const struct target *t, const struct tls_peer *peer, struct buf *note,
                       struct failure *why)
{
    int rc;

    if (!peer->self_signed || s->cacert)
        return refuse(why, t, _("its certificate is not to be trusted: %s (--cacert FILE names who vouches for it; --pin %s believes it)"),
                      peer->why, peer->fingerprint);
    rc = remember_note(SEEN, t, peer->fingerprint);
    buf_printf(note, _("seen for the first time; its certificate vouches for itself, and is %s: SHA-256 %s"),
               rc < 0 ? _("believed without being noted") : _("noted"), peer->fingerprint);
    return 0;
}

static int judge_known(const struct secure *s, const struct target *t, const struct tls_peer *peer, struct buf *note,
                       struct failure *why)
{
    char known[100];
    struct buf b = BUF(known);

    remember_look(SEEN, t, &b);
    if (!b.len)
        return judge_first(s, t, peer, note, why);
    if (span_eq(buf_span(&b), span_of(peer->fingerprint)))
        return 0;
    return refuse(why, t,
                  _("ITS CERTIFICATE HAS CHANGED. Somebody may be between you and the server. It is SHA-256 %s, and was %s. If the "
                  "change is right: --pin %s"),
                  peer->fingerprint, buf_cstr(&b), peer->fingerprint);
}

static int judge(const struct secure *s, struct ftpc *ftp, const struct target *t, struct buf *note, struct failure *why)
{
    struct tls_peer peer;

    if (s->insecure)
        return 0;
    if (ftpc_peer(ftp, &peer) < 0)
        return refuse(why, t, _("it shows no certificate"));
    if (s->pin)
        return judge_pinned(s, t, &peer, why);
    return peer.trusted ? 0 : judge_known(s, t, &peer, note, why);
}

/* ---- the beginning ---- */

APART static int make(struct secure *s, const struct target *t, struct failure *why)
{
    char text[200];
    struct buf err = BUF(text);

    if (s->tls || tls_client_new(s->cacert, &s->tls, &err) == 0)
        return 0;
    return refuse(why, t, "TLS: %s", buf_cstr(&err));
}

/* Asked for and not had: only who wants no more than to prefer it goes on. */
static int not_offered(const struct secure *s, struct ftpc *ftp, const struct target *t, int rc, struct failure *why)
{
    if (rc != -EACCES) {
        failure_there(why, ftp, _("ask for"), SPAN("TLS"), rc);
        return rc;
    }
    if (s->mode == SECURE_PREFER)
        return 0;
    return refuse(why, t, _("the server offers no TLS (AUTH TLS: %d), and --tls require wants it"), ftpc_code(ftp));
}

int secure_begin(struct secure *s, struct ftpc *ftp, const struct target *t, struct buf *note, struct failure *why)
{
    int rc;

    if (s->mode == SECURE_OFF && !t->tls)
        return 0;
    TRY(make(s, t, why));
    rc = t->tls ? 0 : ftpc_auth(ftp);
    if (rc < 0)
        return not_offered(s, ftp, t, rc, why);
    rc = ftpc_starttls(ftp, s->tls, t->host);
    if (rc == -ECANCELED) {
        failure_there(why, ftp, _("begin"), SPAN("TLS"), rc);
        return rc;
    }
    if (rc < 0)
        return refuse(why, t, _("TLS failed: %s"), _(err_text(rc)));
    return judge(s, ftp, t, note, why);
}

/* Who wrote ftps wants it, too. */
int secure_check(const struct secure *s, const struct ftpc *ftp, const struct target *t, struct buf *note, struct failure *why)
{
    if (ftpc_is_protected(ftp))
        return 0;
    if (s->mode == SECURE_REQUIRE || t->tls) {
        failure_set(why, OUT_TLS, _("the server wants data in the clear (PROT P refused), and %s wants it encrypted"),
                    t->tls ? "ftps" : "--tls require");
        return -EACCES;
    }
    if (ftpc_is_tls(ftp))
        buf_text(note, _("passwords travel encrypted, but files in the clear: the server refuses PROT P (--tls require would end here)"));
    return 0;
}

void secure_free(struct secure *s)
{
    tls_client_free(&s->tls);
}

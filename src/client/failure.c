/* failure: the words for everything that can go wrong in a conversation with a server, once for the menu and the verbs. Called
 * by both; owns nothing. Cannot fail: what is too long is cut. */
#include "client/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/say.h"
#include "client/ui.h"

const char *outcome_word(enum outcome out)
{
    static const struct {
        enum outcome out;
        const char *word;
    } words[] = {
        { OUT_DONE, "done" },           { OUT_USAGE, "usage" },           { OUT_CONNECT, "connect" },
        { OUT_LOGIN, "login" },         { OUT_NOT_FOUND, "not-found" },   { OUT_REFUSED, "refused" },
        { OUT_LOCAL, "local" },         { OUT_TLS, "tls" },               { OUT_INCOMPLETE, "incomplete" },
        { OUT_UNVERIFIED, "unverified" }, { OUT_INTERRUPTED, "interrupted" },
        { OUT_FAULTY, "faulty" },
    };

    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].out == out)
            return words[i].word;
    return "unknown";
}

void failure_set(struct failure *f, enum outcome out, const char *fmt, ...)
{
    va_list args;

    f->out = out;
    f->reply = 0;
    f->full = false;
    va_start(args, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, args);
    va_end(args);
}

static const char *server_words(struct shown *room, const struct ftpc *ftp)
{
    struct span text = ftpc_words(ftp);

    return shown(room, span_cut(&text, '\n'));
}

static void refused(struct failure *f, const struct ftpc *ftp, enum outcome out, const char *what)
{
    struct shown words;

    failure_set(f, out, _("%s: the server says: %s (%d)"), what, server_words(&words, ftp), ftpc_code(ftp));
    f->reply = ftpc_code(ftp);
}

static void lost(struct failure *f, const struct ftpc *ftp)
{
    struct shown words;
    int cause = ftpc_cause(ftp);

    if (cause == 0)
        failure_set(f, OUT_INCOMPLETE, _("the server ended the connection: %s (421)"), server_words(&words, ftp));
    else
        failure_set(f, OUT_INCOMPLETE, _("the connection is lost: %s"),
                    cause == -ENODATA ? _("the server closed it") : _(err_text(cause)));
    f->reply = cause == 0 ? 421 : 0;
}

/* What is left when neither the server's words nor the end of the connection tell it. */
static void plain(struct failure *f, const char *what, int rc)
{
    if (rc == -EPIPE)
        failure_set(f, OUT_INCOMPLETE, _("%s: the data connection failed before the end"), what);
    else if (rc == -EPROTO)
        failure_set(f, OUT_TLS, _("%s: the data connection is not encrypted by the same server"), what);
    else if (rc == -ECANCELED)
        failure_set(f, OUT_INTERRUPTED, _("%s: stopped"), what);
    else
        failure_set(f, rc == -EINVAL ? OUT_USAGE : OUT_LOCAL, "%s: %s", what, _(err_text(rc)));
}

void failure_there(struct failure *f, const struct ftpc *ftp, const char *doing, struct span name, int rc)
{
    struct shown safe;
    char what[sizeof safe.at + 32];

    snprintf(what, sizeof what, "%s%s%s", doing, name.len ? " " : "", shown(&safe, name));
    if (rc == -ENOENT || rc == -EACCES)
        refused(f, ftp, rc == -ENOENT ? OUT_NOT_FOUND : OUT_REFUSED, what);
    else if (rc != -ECANCELED && rc != -EPROTO && ftpc_lost(ftp))
        lost(f, ftp);
    else if (rc == -EPIPE && ftpc_code(ftp) >= 400)
        refused(f, ftp, OUT_INCOMPLETE, what);
    else
        plain(f, what, rc);
}

void failure_here(struct failure *f, struct span name, int rc)
{
    struct shown what;

    failure_set(f, OUT_LOCAL, _("%s: %s (on this computer)"), shown(&what, name), _(err_text(rc)));
}

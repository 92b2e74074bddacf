/* client: outcomes and their words. Every failure of a conversation with the server ends here, once, in one line on
 * the error stream and one exit code. Called by the menu, the listing and the transfers; owns nothing. Cannot fail. */
#include "client/client.h"

#include <errno.h>

#include "base/err.h"
#include "sys/interrupt.h"

int client_check(struct client *cl)
{
    /* a deadline long past: looks at the stop descriptors and returns */
    int rc = rt_wait(&cl->task, NULL, 0, 0);

    return rc == -ETIMEDOUT ? 0 : rc;
}

void client_calm(struct client *cl)
{
    int sig = interrupt_take(cl->interrupt);

    cl->task.cancelled = false;
    /* 2 is SIGINT everywhere; what else is held back means that the session is over */
    if (sig > 2 || sig == 1)
        cl->ending = true;
}

static struct span first_line(struct span text)
{
    return span_cut(&text, '\n');
}

void client_note(struct client *cl)
{
    struct shown words;

    ui_note(&cl->ui, "server: %s (%d)", shown(&words, first_line(ftpc_words(cl->ftp))), ftpc_code(cl->ftp));
}

static enum outcome refused(struct client *cl, enum outcome out, const char *doing, struct span name)
{
    struct shown what, words;

    ui_fail(&cl->ui, "%s %s: the server says: %s (%d)", doing, shown(&what, name),
            shown(&words, first_line(ftpc_words(cl->ftp))), ftpc_code(cl->ftp));
    return out;
}

static enum outcome lost(struct client *cl)
{
    struct shown words;
    int cause = ftpc_cause(cl->ftp);

    if (cause == 0)
        ui_fail(&cl->ui, "the server ended the connection: %s (421)", shown(&words, first_line(ftpc_words(cl->ftp))));
    else
        ui_fail(&cl->ui, "the connection is lost: %s", cause == -ENODATA ? "the server closed it" : err_text(cause));
    return OUT_INCOMPLETE;
}

enum outcome client_failed(struct client *cl, const char *doing, struct span name, int rc)
{
    struct shown what;

    if (rc == -ENOENT)
        return refused(cl, OUT_NOT_FOUND, doing, name);
    if (rc == -EACCES)
        return refused(cl, OUT_REFUSED, doing, name);
    if (rc != -ECANCELED && ftpc_lost(cl->ftp))
        return lost(cl);
    if (rc == -EPIPE && (ftpc_code(cl->ftp) == 425 || ftpc_code(cl->ftp) == 426))
        return refused(cl, OUT_INCOMPLETE, doing, name);
    if (rc == -EPIPE)
        ui_fail(&cl->ui, "%s %s: the data connection failed before the end", doing, shown(&what, name));
    else if (rc == -ECANCELED)
        ui_fail(&cl->ui, "%s %s: stopped", doing, shown(&what, name));
    else
        ui_fail(&cl->ui, "%s %s: %s", doing, shown(&what, name), err_text(rc));
    return rc == -EPIPE ? OUT_INCOMPLETE : rc == -ECANCELED ? OUT_INTERRUPTED : rc == -EINVAL ? OUT_USAGE : OUT_LOCAL;
}

enum outcome client_failed_here(struct client *cl, struct span name, int rc)
{
    struct shown what;

    ui_fail(&cl->ui, "%s: %s (on this computer)", shown(&what, name), err_text(rc));
    return OUT_LOCAL;
}

int client_give_up(struct client *cl, struct io **data, int rc)
{
    if (rc == -ECANCELED)
        client_calm(cl);
    return ftpc_give_up(cl->ftp, data, rc);
}

/* client: what the menu does with a failure: one line on the error stream and one outcome; and with Ctrl-C. Called by the
 * menu, the listing and the transfers; owns nothing. Cannot fail. */
#include "client/client.h"

#include <errno.h>

#include "base/say.h"
#include "sys/interrupt.h"

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

    ui_note(&cl->ui, _("server: %s (%d)"), shown(&words, first_line(ftpc_words(cl->ftp))), ftpc_code(cl->ftp));
}

enum outcome client_failed(struct client *cl, const char *doing, struct span name, int rc)
{
    struct failure f;

    failure_there(&f, cl->ftp, doing, name, rc);
    ui_fail(&cl->ui, "%s", f.text);
    return f.out;
}

enum outcome client_failed_here(struct client *cl, struct span name, int rc)
{
    struct failure f;

    failure_here(&f, name, rc);
    ui_fail(&cl->ui, "%s", f.text);
    return f.out;
}

int client_give_up(struct client *cl, struct io **data, int rc)
{
    if (rc == -ECANCELED)
        client_calm(cl);
    return ftpc_give_up(cl->ftp, data, rc);
}

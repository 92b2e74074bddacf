/* open: connection and login of the menu client; then client/menu takes over. Called by main; owns the descriptor for
 * Ctrl-C and the session. Failures are told in one line on the error stream and by the exit code (open.h). A password
 * is asked for only when the server wants one, and kept until the end: a connection that is lost is made anew. */
#include "cmd/open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "client/input.h"
#include "client/menu.h"
#include "client/order.h"
#include "cmd/open_args.h"
#include "sys/interrupt.h"

static int cannot_connect(struct open *o, int rc)
{
    struct shown host;

    ui_fail(&o->client.ui, _("cannot connect to %s port %u: %s"), shown(&host, span_of(o->site.where.host)), o->site.where.port,
            rc == -ENOENT ? _("there is no such host") : _(err_text(rc)));
    return rc == -ECANCELED ? OUT_INTERRUPTED : OUT_CONNECT;
}

static int secure(struct open *o)
{
    struct client *cl = &o->client;
    char text[400];
    struct buf note = BUF(text);
    struct failure why;
    int rc = secure_begin(&o->asked.secure, cl->ftp, &o->site.where, &note, &why);

    if (note.len)
        ui_note(&cl->ui, "%s", buf_cstr(&note));
    if (rc < 0)
        ui_fail(&cl->ui, "%s", why.text);
    return rc < 0 ? (int)why.out : ARGS_GO;
}

static int hear_greeting(struct open *o)
{
    struct client *cl = &o->client;
    struct shown host;
    int rc = ftpc_greeting(cl->ftp);

    if (rc < 0) {
        client_failed(cl, "open", span_of(o->site.where.host), rc);
        return rc == -ECANCELED ? OUT_INTERRUPTED : OUT_CONNECT;
    }
    ui_note(&cl->ui, _("Connected to %s port %u."), shown(&host, span_of(o->site.where.host)), o->site.where.port);
    client_note(cl);
    return ARGS_GO;
}

/* TLS comes before the greeting (ftps) or after it. */
static int greet(struct open *o)
{
    int rc = o->site.where.tls ? secure(o) : ARGS_GO;

    if (rc == ARGS_GO)
        rc = hear_greeting(o);
    return rc == ARGS_GO && !o->site.where.tls ? secure(o) : rc;
}

/* The addresses of the host in turn; the last failure is the one told. */
static int connect_any(struct open *o)
{
    struct client *cl = &o->client;
    int rc = -EHOSTUNREACH;

    for (unsigned i = 0; i < o->site.found.count && rc != -ECANCELED; i++) {
        rc = ftpc_connect(&cl->task, &o->site.found.at[i], o->site.how, &cl->ftp);
        if (rc == 0)
            return greet(o);
    }
    return cannot_connect(o, rc);
}

/* Asks a person where no password was given. Without one there is nobody to ask: an error of usage. */
static int get_password(struct open *o)
{
    struct target *t = &o->site.where;
    CLEANUP(input_close) struct input *in = NULL;
    int rc;

    if (!t->has_user)
        strcpy(t->password, "anonymous@");
    if (!t->has_user || t->has_password)
        return ARGS_GO;
    if (!o->client.ui.terminal || input_open(&o->client.task, false, NULL, NULL, &in) < 0) {
        ui_fail(&o->client.ui, _("the server wants a password: use --password-file FILE"));
        return OUT_USAGE;
    }
    rc = input_secret(in, _("Password: "), t->password, sizeof t->password);
    t->has_password = rc >= 0;
    return rc >= 0 ? ARGS_GO : rc == -ECANCELED ? OUT_INTERRUPTED : OUT_USAGE;
}

static int login_failed(struct open *o, const char *user, int rc)
{
    enum outcome out = client_failed(&o->client, _("log in as"), span_of(user), rc);

    return rc == -EACCES || rc == -ENOENT ? OUT_LOGIN : out;
}

static int prepare(struct open *o)
{
    struct client *cl = &o->client;
    char text[200];
    struct buf note = BUF(text);
    struct failure why;
    int rc = ftpc_prepare(cl->ftp, NULL);

    if (rc < 0)
        return client_failed(cl, _("prepare"), span_of(_("transfers")), rc);
    rc = secure_check(&o->asked.secure, cl->ftp, &o->site.where, &note, &why);
    if (note.len)
        ui_note(&cl->ui, "%s", buf_cstr(&note));
    if (rc < 0) {
        ui_fail(&cl->ui, "%s", why.text);
        return why.out;
    }
    o->site.can = *ftpc_skills(cl->ftp);
    o->site.known = true;
    o->site.open = 1;
    return ARGS_GO;
}

static int login(struct open *o)
{
    struct client *cl = &o->client;
    const char *user = o->site.where.has_user ? o->site.where.user : "anonymous";
    struct shown safe;
    int rc = ftpc_user(cl->ftp, span_of(user)), got = ARGS_GO;

    if (rc == 1) {
        got = get_password(o);
        if (got == ARGS_GO)
            rc = ftpc_password(cl->ftp, span_of(o->site.where.password));
    }
    if (got != ARGS_GO)
        return got;
    if (rc < 0)
        return login_failed(o, user, rc);
    ui_note(&cl->ui, _("Logged in as %s."), shown(&safe, span_of(user)));
    return prepare(o);
}

static int enter_folder(struct open *o)
{
    struct span path = span_of(o->site.where.path);
    int rc = path.len ? ftpc_cwd(o->client.ftp, path) : 0;

    return rc < 0 ? (int)client_failed(&o->client, "cd", path, rc) : ARGS_GO;
}

/* Steps until one has an exit code. */
static int session(struct open *o)
{
    int rc = connect_any(o);

    if (rc == ARGS_GO)
        rc = login(o);
    if (rc == ARGS_GO)
        rc = enter_folder(o);
    if (rc == ARGS_GO)
        rc = menu_run(&o->client);
    ftpc_quit(&o->client.ftp);
    return rc;
}

static void tell(void *arg, struct span host, const char *note)
{
    (void)host;
    ui_note(arg, "%s", note);
}

/* The system's resolver cannot be interrupted by a descriptor, so Ctrl-C is taken over after it. */
static int run(struct open *o)
{
    CLEANUP(close_fd) int interrupt = -1;
    int rc;

    o->site.how = o->asked.how;
    o->site.secure = &o->asked.secure;
    o->site.tell = tell;
    o->site.tell_arg = &o->client.ui;
    o->client.site = &o->site;
    rc = resolve_host(o->site.where.host, o->site.where.port, &o->site.found);

    if (rc < 0)
        return cannot_connect(o, rc);
    interrupt = interrupt_open();
    if (interrupt < 0)
        return client_failed_here(&o->client, span_of(_("signals")), interrupt);
    o->client.interrupt = interrupt;
    o->client.task = rt_block_task((struct rt_stop){ .drain = -1, .now = interrupt });
    return session(o);
}

static void open_free(struct open **o)
{
    if (*o) {
        secure_free(&(*o)->asked.secure);
        explicit_bzero(*o, sizeof **o);
    }
    free(*o);
    *o = NULL;
}

int cmd_open(int argc, char **argv)
{
    CLEANUP(open_free) struct open *o = calloc(1, sizeof *o);
    int rc;

    if (!o)
        return OUT_LOCAL;
    o->asked.how.patience = ASKED_PATIENCE;
    o->client.retries = ORDER_RETRIES;
    rc = open_parse(o, argc, argv);
    return rc == ARGS_GO ? run(o) : rc;
}

/* serve: the front door of the server: reads what the operator wants, opens everything that can fail (folder, accounts,
 * ports, log) before the first client, says in words who may do what, and hands over to the model. Called by main. Owns it
 * all for the life of the process. Fails with a sentence on standard error and exit code 2 for what the operator can mend. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "cmd/cmd.h"
#include "cmd/serve_impl.h"
#include "model/model.h"
#include "obs/board_file.h"
#include "proto/session.h"
#include "store/partials.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/proc.h"
#include "sys/resolve.h"
#include "sys/sock.h"

enum { MOST_SESSIONS = 65536, STDERR = 2, HELP_MAX = 16000 };

struct serve {
    struct conf conf;
    struct auth auth;
    struct rates rates;
    struct storage storage;
    struct serve_tls tls;
    struct serve_sandbox sandbox;
    struct listeners listeners;
    struct announce *announce;
    struct log log;
    struct server server;
    struct model_env env;
    const struct model *model;
    bool chosen; /* by us, not by the operator */
    struct board_file board;
    char names[2048]; /* of this machine */
};

/* ---- help ---- */

static int help(void)
{
    CLEANUP(free_text) char *text = malloc(HELP_MAX);
    struct buf b = { .at = text, .cap = HELP_MAX };

    if (!text)
        return SERVE_FAILED;
    buf_text(&b, _("dray serve [OPTIONS] [FOLDER]: serve a folder (default: the current one) over FTP and HTTP\n\n"));
    conf_print_help(&b);
    buf_text(&b, _("\nModels:"));
    for (const struct model *const *m = models; *m; m++)
        buf_printf(&b, "%s %s: %s", m == models ? "" : "\n       ", (*m)->name, _((*m)->about));
    buf_text(&b, _("\nRights: read < add (new files and folders) < write (overwrite, rename, delete); also none, and drop: add, but see nothing.\n"
                   "Folders may have others: read,/in=add,/secret=none. `dray user` keeps the accounts file.\n"
                   "Each option is also an environment variable: --max-sessions is DRAY_MAX_SESSIONS.\n"
                   "The first Ctrl-C lets transfers finish, the second ends at once. Exit: 0, or 2 for what you can mend.\n"));
    fputs(buf_cstr(&b), stdout);
    return SERVE_OK;
}

/* ---- opening ---- */

/* No session more than descriptors, so that a full house is a polite refusal: each may need a few (control, data, a passive
 * listener, a file, a folder), in models where one process holds them all. */
static unsigned seats(const struct serve *s)
{
    unsigned long files = proc_raise_files();

    if (s->conf.max_sessions)
        return s->conf.max_sessions < MOST_SESSIONS ? s->conf.max_sessions : MOST_SESSIONS;
    return files < MOST_SESSIONS ? (unsigned)files : MOST_SESSIONS;
}

static int choose_model(struct serve *s)
{
    const char *name = s->conf.model ? s->conf.model : "auto";

    s->chosen = strcmp(name, "auto") == 0;
    s->model = s->chosen ? s->conf.pam ? model_find("fork") : models[0] : model_find(name);
    if (!s->model)
        return serve_complain(_("there is no model `%s`; `dray serve --help` lists them"), name);
    s->env.workers = s->conf.workers ? s->conf.workers : s->model->workers == MODEL_A_CORE ? proc_cpus() : s->model->workers;
    return 0;
}

static int open_log(struct serve *s)
{
    const char *format = s->conf.log_format ? s->conf.log_format : "text";

    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return serve_complain(_("--log-format: \"%s\" is neither text nor json"), format);
    s->log = (struct log){ .fd = s->conf.quiet ? -1 : STDERR, .json = strcmp(format, "json") == 0 };
    if (!s->conf.log)
        return 0;
    s->log.fd = fs_open_log(s->conf.log);
    return s->log.fd < 0 ? serve_complain(_("cannot write the log %s: %s"), s->conf.log, _(err_text(s->log.fd))) : 0;
}

/* How many share the passive range; 0: no telling. */
static unsigned processes(const struct serve *s)
{
    return s->model->one_process ? 1 : s->model->workers ? s->env.workers : 0;
}

static int make_passive(struct serve *s)
{
    const struct conf_range *range = &s->conf.passive;

    s->server.announce = s->announce;
    s->server.passive = passive_new(range->min, range->max, processes(s));
    if (!s->server.passive || announce_watch(s->announce, s->env.stop, &s->listeners, &s->log) < 0)
        return serve_complain(_("not enough memory or processes to begin with"));
    return 0;
}

/* Without a file that others can read, the server runs all the same. */
static struct board *open_board(struct serve *s)
{
    CLEANUP(free_text) char *name = serve_name(&s->conf);
    struct board_about about = { .pid = proc_pid(), .since = clock_mono() };
    struct board *board;
    int rc;

    strncpy(about.folder, name ? name : "", sizeof about.folder - 1);
    strncpy(about.model, s->model->name, sizeof about.model - 1);
    rc = board_publish(seats(s), &about, &s->board, &board);
    if (rc == 0)
        return board;
    LOG(&s->log, "no-status", LOG_TEXT("why", span_of(err_text(rc))));
    return board_new(seats(s));
}

static unsigned turns(const struct serve *s)
{
    return !s->model->in_turn ? 0 : s->model->workers ? s->env.workers : 1;
}

static int make_env(struct serve *s)
{
    static const struct service *const services[] = { [SERVICE_FTP] = &ftp_service, [SERVICE_FTPS] = &ftps_service,
                                                     [SERVICE_HTTP] = &http_service };
    struct rt_stop stop = { .drain = proc_event(), .now = proc_event() };
    int children = proc_event();
    struct buf names = BUF(s->names);

    if (stop.drain < 0 || stop.now < 0 || children < 0 || !s->env.board)
        return serve_complain(_("not enough memory or descriptors to begin with"));
    s->server = (struct server){ .conf = &s->conf, .auth = &s->auth, .rates = &s->rates, .storage = &s->storage,
                                 .board = s->env.board,
                                 .log = &s->log, .services = services, .tls = s->tls.tls, .rules = s->tls.rules,
                                 .names = s->names, .turns = turns(s) };
    resolve_own_names(&names);
    buf_cstr(&names);
    http_cookie_key();
    s->env.listeners = &s->listeners;
    s->env.stop = stop;
    s->env.children = children;
    s->env.log = &s->log;
    s->env.entry = session_main;
    s->env.chores = session_chores;
    s->env.spent = s->conf.pam ? session_spent : NULL;
    s->env.ctx = &s->server;
    for (unsigned i = 0; i < s->listeners.n; i++)
        proc_shut_on_stop(s->listeners.l[i].fd);
    TRY(make_passive(s));
    return proc_catch_stop(stop.drain, stop.now, s->conf.drain_timeout);
}

/* When everything is open; it is entered when everything is said. */
static int make_sandbox(struct serve *s)
{
    struct serve_ground ground = { .conf = &s->conf, .auth = &s->auth, .storage = &s->storage, .log = &s->log, .tls = s->tls.tls,
                                   .board = s->board.dir, .needs = s->model->needs | (s->conf.pam ? SANDBOX_USERS : 0) };

    return serve_sandbox(&ground, &s->sandbox);
}

/* ---- what is printed ---- */

struct place {
    const char *scheme;
    uint16_t port;
};

static void print_url(void *arg, const char *host)
{
    const struct place *p = arg;

    printf(strchr(host, ':') ? "  %s://[%s]:%u/\n" : "  %s://%s:%u/\n", p->scheme, host, p->port);
}

static void print_urls(const struct serve *s)
{
    for (unsigned i = 0; i < s->listeners.n; i++) {
        const struct sock_addr *at = &s->listeners.l[i].at;
        const unsigned char *bytes;
        unsigned len = sock_addr_bytes(at, &bytes), any = 0;
        struct place place = { s->server.services[s->listeners.l[i].service]->name, sock_addr_port(at) };
        char host[64];
        struct buf b = BUF(host);

        for (unsigned k = 0; k < len; k++)
            any |= bytes[k];
        sock_addr_print(&b, at);
        if (any)
            print_url(&place, buf_cstr(&b));
        else
            sock_each_local(at->any.sa_family, print_url, &place);
    }
}

static void print_greeting(const struct serve *s)
{
    CLEANUP(free_text) char *name = serve_name(&s->conf);

    if (!s->conf.quiet)
        printf(_("dray serves %s at\n"), name ? name : "");
    print_urls(s);
    serve_qr_print(&s->conf, &s->listeners);
    if (!s->conf.quiet) {
        serve_people_print(&s->auth);
        if (s->conf.memory)
            printf(_("It is empty, and everything in it is gone when the server ends.\n"));
        serve_tls_print(&s->tls, &s->listeners);
        serve_sandbox_print(&s->sandbox);
        printf(_("Model %s%s: %s. Ctrl-C ends.\n"), s->model->name,
               !s->chosen ? "" : s->conf.pam ? _(" (auto: a process can be one user)") : _(" (auto: the most clients in the least memory)"),
               _(s->model->about));
    }
    if (fflush(stdout) != 0)
        clearerr(stdout); /* nobody reads it: no reason not to serve */
}

/* ---- the command ---- */

static int prepare(struct serve *s, int argc, char **argv)
{
    char text[300];
    struct buf err = BUF(text);
    int rc = conf_init(&s->conf, &err);

    if (rc == 0)
        rc = conf_args(&s->conf, argc, argv, &err);
    if (rc == 0)
        rc = auth_init(&s->auth, &s->conf, &err);
    if (rc == 0)
        rc = rates_init(&s->rates, &s->conf, &err);
    if (rc == 0)
        rc = announce_open(&s->conf.passive_address, &s->announce, &err);
    if (rc < 0)
        return serve_complain("%s", buf_cstr(&err));
    if (rc > 0)
        return rc;
    TRY(choose_model(s));
    TRY(serve_ports_check(&s->conf));
    TRY(serve_qr_check(&s->conf));
    TRY(serve_tls(&s->conf, &s->log, &s->tls));
    TRY(open_log(s));
    TRY(serve_people(&s->conf, &s->log, &s->auth));
    TRY(serve_ports(&s->conf, &s->listeners));
    s->env.board = open_board(s); /* root's own, if it is he who asks for the status */
    TRY(serve_pam(&s->conf, s->model->own_process, &s->auth.priv)); /* the last that needs root */
    TRY(serve_user(&s->conf, s->model->needs, &s->sandbox));
    TRY(serve_storage(&s->conf, seats(s), &s->storage));
    TRY(make_env(s));
    return make_sandbox(s);
}

/* To the last client; the exit code. */
static int run(struct serve *s)
{
    int rc;

    print_greeting(s);
    if (serve_sandbox_enter(&s->sandbox, s->auth.priv) < 0)
        return SERVE_FAILED;
    auth_users_look(&s->auth);
    rc = s->model->serve(&s->env);
    partials_end(&s->storage);
    if (rc < 0)
        serve_complain(_("the %s model cannot run here: %s (the kernel or a container may forbid what it needs); "
                 "--model %s works everywhere"), s->model->name, _(err_text(rc)), models[0]->name);
    return rc < 0 ? SERVE_FAILED : SERVE_OK;
}

int cmd_serve(int argc, char **argv)
{
    struct serve *s = calloc(1, sizeof *s);
    int rc = -ENOMEM;

    if (s) {
        s->board.dir = -1;
        rc = prepare(s, argc, argv);
    }
    if (rc > 0)
        rc = help();
    else if (rc < 0)
        rc = SERVE_USAGE;
    else
        rc = run(s);
    if (s) {
        board_withdraw(&s->board);
        serve_sandbox_free(&s->sandbox);
        priv_end(&s->auth.priv);
        auth_free(&s->auth);
        conf_free(&s->conf);
        passive_free(&s->server.passive);
        announce_close(&s->announce);
        tls_free(&s->tls.tls);
    }
    free(s);
    return rc;
}

/* doctor: see doctor.h. Called by cmd/doctor.c; owns the connection, and the folder that it made at the server. The checks are rows;
 * each leaves one finding. A connection that a check has cost is made again for the next one. A server that lets us wait again and
 * again is not asked to the end: no step is longer than its deadline, and none begins after that of the whole. Ctrl-C ends the
 * check that runs, and the rest; the folder is removed all the same. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/doctor_impl.h"
#include "client/ui.h"
#include "sys/clock.h"

enum { ALL_SECONDS = 240, HUNG_MOST = 2, CLEAN_SECONDS = 5 };
enum { NOTHING = 0, LOGIN = 1, WRITE = 2, SAMPLE = 4 }; /* what a check needs */

static const struct check {
    const char *name;
    void (*run)(struct exam *x);
    unsigned needs;
} checks[] = {
    { "addresses", check_addresses, NOTHING },
    { "login", check_login, NOTHING },
    { "tls", check_tls, LOGIN },
    { "data-tls", check_protected, LOGIN },
    { "tls-reuse", check_reuse, LOGIN },
    { "epsv", check_epsv, LOGIN },
    { "pasv", check_pasv, LOGIN },
    { "ports", check_ports, LOGIN },
    { "active", check_active, LOGIN },
    { "names", check_names, LOGIN },
    { "listing", check_listing, LOGIN },
    { "upload", check_upload, LOGIN | WRITE },
    { "clock", check_clock, LOGIN | SAMPLE },
    { "download", check_download, LOGIN | SAMPLE },
    { "size", check_size, LOGIN | SAMPLE },
    { "resume", check_resume, LOGIN | SAMPLE },
    { "checksum", check_sums, LOGIN | SAMPLE },
    { "times", check_times, LOGIN | SAMPLE },
    { "broken-upload", check_broken, LOGIN | WRITE },
    { "idle", check_idle, LOGIN },
};

/* ---- findings ---- */

void exam_found(struct exam *x, enum verdict v, const char *fix, const char *fmt, ...)
{
    va_list args;

    x->now.verdict = v;
    x->now.fix = fix;
    va_start(args, fmt);
    vsnprintf(x->now.what, sizeof x->now.what, fmt, args);
    va_end(args);
}

void exam_failed(struct exam *x, enum verdict v, const char *fix, const char *doing, int rc)
{
    struct failure why;
    struct io *none = NULL;

    if (!x->task.cancelled && !ftpc_lost(x->ftp))
        rc = ftpc_give_up(x->ftp, &none, rc);
    failure_there(&why, x->ftp, doing, (struct span){ 0 }, rc);
    exam_found(x, v, fix, "%s", why.text);
}

/* ---- the connection ---- */

static void note(void *arg, struct span host, const char *text)
{
    struct exam *x = arg;

    (void)host;
    snprintf(x->note, sizeof x->note, "%s", text);
}

static void leave(struct exam *x)
{
    if (!x->ftp)
        return;
    x->hung += ftpc_lost(x->ftp) && ftpc_cause(x->ftp) == -ETIMEDOUT;
    site_leave(&x->site, &x->task, &x->ftp);
}

void check_login(struct exam *x)
{
    struct failure why;
    bool full;

    if (site_connect(&x->site, &x->task, &x->ftp, &full, &why) < 0) {
        x->out = why.out;
        exam_found(x, VERDICT_BAD, NULL, "%s", why.text);
        return;
    }
    x->promised_mlst = x->site.can.mlst;
    if (site_path(&x->site, span_of(x->site.where.path), x->home, sizeof x->home) < 0)
        snprintf(x->home, sizeof x->home, "/");
    exam_found(x, VERDICT_OK, NULL, _("as %s"), x->site.where.has_user ? x->site.where.user : "anonymous");
}

/* After a check that cost the connection. What was learnt of the server stays. */
static bool is_connected(struct exam *x)
{
    struct failure why;
    bool full;

    if (x->ftp && ftpc_lost(x->ftp))
        leave(x);
    if (x->ftp || !x->site.known || x->hung >= HUNG_MOST)
        return x->ftp;
    return site_connect(&x->site, &x->task, &x->ftp, &full, &why) == 0;
}

/* ---- our folder ---- */

struct span exam_path(struct exam *x, const char *leaf)
{
    struct buf b = BUF(x->path);

    buf_text(&b, x->folder);
    buf_putc(&b, '/');
    buf_text(&b, leaf);
    return span_of(buf_cstr(&b));
}

static void make_folder(struct exam *x)
{
    struct buf b = { .at = x->folder, .cap = sizeof x->folder - 300 }; /* room for what will be in it */

    buf_text(&b, strcmp(x->home, "/") == 0 ? "" : x->home);
    buf_printf(&b, "/dray-doctor-%llx", (unsigned long long)clock_wall_ns());
    buf_cstr(&b);
    if (b.over || ftpc_mkdir(x->ftp, span_of(x->folder)) < 0)
        *x->folder = '\0';
}

static void remove_one(struct exam *x, const struct listing_entry *e)
{
    char leaf[256];
    struct buf b = BUF(leaf);

    buf_put(&b, e->name);
    if (!e->folder)
        ftpc_delete(x->ftp, exam_path(x, buf_cstr(&b)));
}

/* Also after Ctrl-C, and on a new connection if the old one is gone. */
static void remove_folder(struct exam *x)
{
    CLEANUP(listing_free) struct listing l = { .all = true };

    if (!*x->folder)
        return;
    x->task = rt_block_task((struct rt_stop){ -1, -1 });
    x->site.how.patience = CLEAN_SECONDS;
    if (x->ftp)
        site_leave(&x->site, &x->task, &x->ftp);
    x->hung = 0;
    if (is_connected(x) && exam_list(x, x->folder, FTPC_WAYS, &l) == 0)
        for (unsigned i = 0; i < l.count; i++)
            remove_one(x, &l.at[i]);
    if (x->ftp && ftpc_rmdir(x->ftp, span_of(x->folder)) == 0)
        return;
    exam_found(x, VERDICT_WARN, _("remove it by hand"), _("the folder %s could not be removed"), x->folder);
    x->count[VERDICT_WARN]++;
    tell_check(x, "clean-up");
}

/* ---- the run ---- */

static const char *missing(struct exam *x, unsigned needs)
{
    if (needs & WRITE && !x->d->write)
        return _("only with --write");
    if (rt_now(&x->task) > x->end)
        return _("no time left: the server lets one wait too long");
    if (needs & LOGIN && !is_connected(x))
        return _("no connection");
    if (needs & WRITE && !*x->folder)
        return _("no folder of our own could be made there");
    if (needs & SAMPLE && !*x->sample)
        return _("no file to read there: name a folder that has one, or use --write");
    return NULL;
}

static void run_check(struct exam *x, const struct check *c)
{
    const char *why = missing(x, c->needs);

    x->now = (struct finding){ .verdict = VERDICT_SKIPPED };
    if (why)
        exam_found(x, VERDICT_SKIPPED, NULL, "%s", why);
    else
        c->run(x);
    if (x->task.cancelled)
        return;
    x->count[x->now.verdict]++;
    tell_check(x, c->name);
}

static enum outcome outcome_of(const struct exam *x)
{
    if (x->task.cancelled)
        return OUT_INTERRUPTED;
    if (x->out != OUT_DONE)
        return x->out;
    return x->count[VERDICT_BAD] ? OUT_FAULTY : OUT_DONE;
}

static void examine(struct exam *x)
{
    for (unsigned i = 0; i < sizeof checks / sizeof *checks && !x->task.cancelled; i++) {
        run_check(x, &checks[i]);
        if (x->out != OUT_DONE)
            break;
        if (checks[i].run == check_login && x->d->write)
            make_folder(x);
    }
}

static void free_exam(struct exam **x)
{
    if (*x) {
        leave(*x);
        explicit_bzero(&(*x)->site.where, sizeof (*x)->site.where);
    }
    free(*x);
    *x = NULL;
}

enum outcome doctor_run(const struct doctor *d)
{
    CLEANUP(free_exam) struct exam *x = calloc(1, sizeof *x);

    if (!x)
        return OUT_LOCAL;
    x->d = d;
    x->site = d->site;
    x->site.tell = note;
    x->site.tell_arg = x;
    x->site.how.talk = d->debug ? tell_talk : NULL;
    x->site.how.talk_arg = x;
    x->got = -1;
    x->sum = SUMS;
    x->task = rt_block_task((struct rt_stop){ .drain = -1, .now = d->interrupt });
    x->end = rt_after(&x->task, ALL_SECONDS);
    examine(x);
    x->out = outcome_of(x);
    remove_folder(x);
    tell_end(x);
    return x->out;
}

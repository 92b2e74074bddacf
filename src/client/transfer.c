/* transfer: see transfer.h. Called by the menu's get and put; owns, while it runs, a crew of one: the worker is the menu's own task
 * and has the menu's connection, so that there is no loop and no second login. A connection that is lost is made anew, and the
 * menu goes on with that one, in the same folder. Failures are told by the report (report_menu.c). */
#include "client/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/fetch.h"
#include "client/ftpc_file.h"
#include "client/send.h"
#include "sys/local.h"

struct transfer {
    struct client *cl;
    struct order order;
    struct crew crew;
    struct worker worker;
};

int transfer_leaf(struct span path, char leaf[256])
{
    struct span name = span_from(path, (size_t)(span_rfind(path, '/') + 1));

    if (!fetch_name_is_safe(name))
        return -EINVAL;
    memcpy(leaf, name.at, name.len);
    leaf[name.len] = '\0';
    return 0;
}

/* ---- the jobs: names are as the person gave them, and so belong to the menu's folder ---- */

static int enter(struct worker *w)
{
    struct client *cl = w->crew->report.face;
    struct span folder = span_of(cl->site->home);
    int rc = w->fresh ? ftpc_cwd(w->ftp, folder) : 0;

    cl->renewed |= w->fresh;
    cl->ftp = w->ftp;
    w->fresh = false;
    return rc < 0 ? worker_failed(w, "cd", folder, rc) : 0;
}

static int run_get(struct worker *w, struct job *job)
{
    struct ftpc_facts facts;
    int rc;

    TRY(enter(w));
    rc = ftpc_file_facts(w->ftp, span_of(job->there), &facts);
    if (rc < 0)
        return worker_failed(w, "get", span_of(job->there), rc);
    if (facts.folder || facts.partial) {
        struct shown name;

        failure_set(&w->why, facts.folder ? OUT_REFUSED : OUT_INCOMPLETE, "get %s: %s", shown(&name, span_of(job->there)),
                    facts.folder ? _("is a folder (dray get -r fetches all in it)")
                                 : _("is not whole yet: an upload broke off, or is under way"));
        return -EISDIR;
    }
    job->size = facts.size;
    job->mtime = facts.mtime;
    return fetch_file.run(w, job);
}

static int run_put(struct worker *w, struct job *job)
{
    TRY(enter(w));
    return send_file.run(w, job);
}

static const struct job_kind menu_get = { "get", false, run_get }, menu_put = { "put", false, run_put };

/* ---- a crew of one ---- */

static void transfer_free(struct transfer **t)
{
    if (*t)
        report_close(&(*t)->crew.report);
    free(*t);
    *t = NULL;
}

static void prepare(struct transfer *t, struct client *cl, bool replace)
{
    t->cl = cl;
    t->order = (struct order){ .force = replace, .resume = true, .jobs = 1, .to = "." };
    /* where the folder has no name, nobody finds the way back to it */
    t->order.retries = *cl->site->home ? cl->retries : 0;
    t->crew.order = &t->order;
    t->crew.most = t->crew.count = 1;
    report_for_menu(&t->crew.report, cl);
    t->worker = (struct worker){ .crew = &t->crew, .task = &cl->task, .site = cl->site, .ftp = cl->ftp };
}

/* After Ctrl-C the session goes on: what the server still has to say is read. */
static void settle(struct transfer *t)
{
    struct client *cl = t->cl;
    struct io *none = NULL;

    cl->ftp = t->worker.ftp;
    if (!cl->task.cancelled)
        return;
    if (ftpc_lost(cl->ftp))
        client_calm(cl);
    else
        client_give_up(cl, &none, -ECANCELED);
}

static enum outcome transfer(struct client *cl, const struct job_kind *kind, struct span there, struct span here, bool replace)
{
    CLEANUP(transfer_free) struct transfer *t = calloc(1, sizeof *t);
    struct job like = { .size = -1, .mtime = INT64_MIN, .site = cl->site };

    if (!t)
        return client_failed_here(cl, here, -ENOMEM);
    prepare(t, cl, replace);
    if (crew_do(&t->worker, &like, kind, there, here) < 0)
        return client_failed_here(cl, here, -ENOMEM);
    settle(t);
    return t->crew.outcome;
}

enum outcome transfer_get(struct client *cl, struct span name, bool replace)
{
    char leaf[256];
    struct shown safe;

    if (transfer_leaf(name, leaf) < 0)
        return client_failed(cl, "get", name, -EINVAL);
    if (!replace && local_exists(leaf)) {
        ui_fail(&cl->ui, _("get %s: there is a file of this name here (--force replaces it)"), shown(&safe, name));
        return OUT_LOCAL;
    }
    return transfer(cl, &menu_get, name, span_of(leaf), replace);
}

enum outcome transfer_put(struct client *cl, const char *path)
{
    CLEANUP(close_fd) int file = -1;
    char leaf[256];
    int64_t size;
    int rc = local_open(path, &file, &size);

    if (rc < 0)
        return client_failed_here(cl, span_of(path), rc);
    if (transfer_leaf(span_of(path), leaf) < 0)
        return client_failed(cl, "put", span_of(path), -EINVAL);
    return transfer(cl, &menu_put, span_of(leaf), span_of(path), true);
}

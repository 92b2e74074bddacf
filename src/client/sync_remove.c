/* sync_remove: what the destination has and the source has not. Run by the crew's workers; owns a listing for each folder that it
 * stands in. What the order leaves out stays, and so do the folders it is in. Here nothing is removed through a link (sys/mirror.h).
 * Failures are told by w->why. RFC 959 section 4.1.3. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/sync_impl.h"
#include "sys/mirror.h"

struct remover {
    struct worker *w;
    const struct job *job;
    struct buf path; /* at the server, or relative to the root here */
    size_t root;     /* bytes of it before the part that patterns are of */
};

static void tell(struct remover *r, struct span there, struct span here)
{
    report_deed(&r->w->crew->report,
                &(struct deed){ .verb = "delete", .there = there, .here = here, .size = -1, .dry = r->w->crew->order->dry });
}

/* ---- here ---- */

static bool keep_here(void *arg, const char *path, bool folder)
{
    const struct remover *r = arg;

    return side_excluded(r->w->crew->order, span_of(path), folder);
}

static void gone_here(void *arg, const char *path, bool folder)
{
    struct remover *r = arg;

    (void)folder;
    snprintf(r->w->other, sizeof r->w->other, "%.*s%s", (int)r->root, r->job->here, path);
    tell(r, SPAN(""), span_of(r->w->other));
}

static int remove_here(struct worker *w, const struct job *job)
{
    struct span relative = side_relative(job->here, job->depth);
    struct remover r = { .w = w, .job = job, .root = (size_t)(relative.at - job->here) };
    const struct mirror_hand hand = { .dry = w->crew->order->dry, .keep = keep_here, .gone = gone_here, .arg = &r };
    CLEANUP(free_text) char *root = strndup(job->here, r.root), *path = malloc(PATH_CAP);
    int rc = -ENOMEM;

    if (root && path) {
        memcpy(path, relative.at, relative.len + 1);
        rc = mirror_remove(root, path, PATH_CAP, &hand);
    }
    return rc < 0 ? worker_failed_here(w, rc == -ENOMEM ? span_of(job->here) : span_of(path), rc) : rc;
}

/* ---- there ---- */

static int remove_there(struct remover *r, bool folder, unsigned depth);

APART static int fail(struct remover *r, const char *doing, int rc)
{
    struct shown name;

    if (rc != -ELOOP && rc != -EPROTO)
        return worker_failed(r->w, doing, buf_span(&r->path), rc);
    failure_set(&r->w->why, OUT_REFUSED, "delete %s: %s", shown(&name, buf_span(&r->path)),
                rc == -ELOOP ? _("folders within folders without end") : _("it holds names that are not understood, or not safe"));
    return rc;
}

/* The frames of this and the next lie on the stack once for each folder. 1: something stays. */
static int empty_there(struct remover *r, unsigned depth)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    size_t len = r->path.len;
    int kept = 0, rc = depth > ORDER_DEPTH ? -ELOOP : listing_load(r->w->ftp, r->w->task, buf_span(&r->path), &l);

    if (rc < 0)
        return fail(r, "list", rc);
    for (unsigned i = 0; i < l.count; i++) {
        buf_putc(&r->path, '/');
        buf_put(&r->path, l.at[i].name);
        rc = r->path.over ? fail(r, "delete", -ENAMETOOLONG) : remove_there(r, l.at[i].folder, depth + 1);
        TRY(rc);
        kept |= rc;
        r->path.len = len;
    }
    return l.odd || l.cut ? fail(r, "delete", -EPROTO) : kept;
}

static int remove_there(struct remover *r, bool folder, unsigned depth)
{
    const struct order *o = r->w->crew->order;
    int rc;

    if (side_excluded(o, span_from(buf_span(&r->path), r->root), folder))
        return 1;
    if (folder) {
        rc = empty_there(r, depth);
        if (rc != 0)
            return rc;
    }
    rc = o->dry ? 0 : folder ? ftpc_rmdir(r->w->ftp, buf_span(&r->path)) : ftpc_delete(r->w->ftp, buf_span(&r->path));
    if (rc < 0)
        return fail(r, "delete", rc);
    tell(r, buf_span(&r->path), SPAN(""));
    return 0;
}

int remove_dest(struct worker *w, const struct job *job, bool folder)
{
    CLEANUP(free_text) char *path = malloc(PATH_CAP);
    struct span there = span_of(job->there);
    struct remover r = { .w = w, .job = job, .path = { .at = path, .cap = PATH_CAP } };

    if (!w->crew->order->up)
        return remove_here(w, job);
    if (!path)
        return worker_failed_here(w, there, -ENOMEM);
    buf_put(&r.path, there);
    r.root = (size_t)(side_relative(job->there, job->depth).at - job->there);
    return remove_there(&r, folder, 0);
}

/* What stays because it is left out is no failure. */
static int run_remove(struct worker *w, struct job *job)
{
    int rc = remove_dest(w, job, job->how & SYNC_FOLDER);

    return rc < 0 ? rc : 0;
}

const struct job_kind sync_remove = { "delete", false, run_remove };

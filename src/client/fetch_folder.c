/* fetch_folder: get of a folder: it is made here, and all that the server lists in it become jobs (fetch.c brings the files). Run by the
 * crew's workers; owns the listing while it runs. Failures are told by w->why. RFC 3659 section 7. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/fetch.h"
#include "client/listing.h"
#include "client/ui.h"
#include "sys/save.h"
#include "wire/text.h"

bool fetch_name_is_safe(struct span leaf)
{
    return leaf.len && leaf.len <= 255 && span_find(leaf, '/') < 0 && !text_has_control(leaf) && !span_eq(leaf, SPAN(".")) &&
           !span_eq(leaf, SPAN(".."));
}

static int join(const char *folder, struct span leaf, char *out, size_t cap)
{
    struct buf b = { .at = out, .cap = cap - 1 };

    buf_text(&b, folder);
    if (b.len && out[b.len - 1] != '/')
        buf_putc(&b, '/');
    buf_put(&b, leaf);
    out[b.len] = '\0';
    return b.over ? -ENAMETOOLONG : 0;
}

static int add_entry(struct worker *w, const struct job *job, const struct listing_entry *e, const struct left *left)
{
    struct job like = *job;

    if (e->other) {
        report_note(&w->crew->report, "get", e->name, _("neither a file nor a folder: left out"));
        return 0;
    }
    TRY(join(job->there, e->name, w->path, sizeof w->path));
    TRY(join(job->here, e->name, w->other, sizeof w->other));
    like.depth = job->depth + 1;
    like.size = e->size;
    like.mtime = e->mtime;
    like.vague = e->vague;
    like.clean = !left_for(left, e->name);
    return crew_add(w->crew, &like, e->folder ? &fetch_folder : &fetch_file, span_of(w->path), span_of(w->other));
}

/* What is left of earlier runs is looked for in a folder once, and where it cannot be, once for each file. */
static int add_all(struct worker *w, const struct job *job, const struct listing *l)
{
    CLEANUP(left_free) struct left left = { 0 };

    if (w->crew->order->resume)
        left_look(&left, job->here);
    for (unsigned i = 0; i < l->count; i++) {
        int rc = add_entry(w, job, &l->at[i], &left);

        if (rc < 0)
            return worker_failed_here(w, l->at[i].name, rc);
    }
    return 0;
}

static int run_folder(struct worker *w, struct job *job)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    struct shown name;
    int rc = save_folder(job->here);

    if (rc < 0)
        return worker_failed_here(w, span_of(job->here), rc);
    if (job->depth > ORDER_DEPTH) {
        failure_set(&w->why, OUT_REFUSED, _("get %s: folders within folders without end"), shown(&name, span_of(job->there)));
        return -ELOOP;
    }
    ftpc_ahead(w->ftp, SUMS, true);
    rc = listing_load(w->ftp, w->task, span_of(job->there), &l);
    if (rc < 0)
        return worker_failed(w, "list", span_of(job->there), rc);
    TRY(add_all(w, job, &l));
    if (!l.odd && !l.cut)
        return 0;
    /* not OUT_INCOMPLETE: to ask once more would bring the same */
    failure_set(&w->why, OUT_REFUSED, _("get %s: %u names left out: not understood, or not safe%s"), shown(&name, span_of(job->there)),
                l.odd, l.cut ? _("; and the listing is too long to be read to its end") : "");
    return -EPROTO;
}

const struct job_kind fetch_folder = { "get", true, run_folder };

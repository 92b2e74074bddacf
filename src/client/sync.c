/* sync: the walk. Run by the crew's workers, a job for each folder; a job owns what both sides list of it while it compares them. It
 * reads the source first, and whatever cannot be read to its end deletes nothing. Each difference becomes a job (sync_file.c,
 * sync_remove.c, sync_verify.c), and never many of them wait: the walk lends a hand. Failures are told by w->why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/sync_impl.h"
#include "client/wish.h"
#include "sys/save.h"

struct walk {
    struct worker *w;
    struct job *job;
    struct side source, dest;
    unsigned unnamed; /* entries whose path would be too long */
    unsigned held;    /* what is too much, and stays because the source's listing is not whole */
};

static void walk_end(struct walk *k)
{
    side_free(&k->source);
    side_free(&k->dest);
}

APART static int refuse(struct worker *w, const char *verb, struct span path, enum outcome out, const char *text)
{
    struct shown name;

    failure_set(&w->why, out, "%s %s: %s", verb, shown(&name, path), text);
    return -EISDIR;
}

static const char *verb_of(const struct worker *w)
{
    return w->crew->order->sync ? "sync" : "verify";
}

/* ---- jobs ---- */

/* One for an entry of either side, as the listing of its side knows it. */
static int add(struct walk *k, const struct listing_entry *e, const struct job_kind *kind, unsigned how, const char *why)
{
    struct worker *w = k->w;
    struct job like = *k->job;

    if (wish_join(span_of(k->job->there), e->name, w->path, sizeof w->path) < 0 ||
        wish_join(span_of(k->job->here), e->name, w->other, sizeof w->other) < 0) {
        k->unnamed++;
        return 0;
    }
    like.depth = k->job->depth + 1;
    like.size = e->size;
    like.mtime = e->mtime;
    like.how = how;
    like.why = why;
    like.clean = k->dest.here && !side_has_temp(&k->dest, e->name);
    if (crew_add(w->crew, &like, kind, span_of(w->path), span_of(w->other)) < 0)
        return worker_failed_here(w, e->name, -ENOMEM);
    crew_help(w, SYNC_QUEUE);
    return w->task->cancelled ? worker_failed(w, verb_of(w), e->name, -ECANCELED) : 0; /* perhaps without a connection now */
}

static int add_taken(struct walk *k, const struct listing_entry *from, const struct listing_entry *to)
{
    bool clear = k->w->crew->order->remove && k->source.whole;
    unsigned how = (to->folder ? SYNC_FOLDER : 0) | (clear ? SYNC_CLEAR : SYNC_TAKEN);

    if (from->folder && clear)
        return add(k, from, &sync_folder, how | SYNC_FRESH, NULL);
    return add(k, from, &sync_file, how, "new");
}

static int leave_out(struct walk *k, const struct listing_entry *e)
{
    report_note(&k->w->crew->report, verb_of(k->w), e->name,
                _("a link to a folder or to nothing, or neither file nor folder: left out"));
    return 0;
}

/* ---- sync: three cases ---- */

/* An old listing knows neither the seconds nor the zone of its times, and keeps hidden names to itself: such a server is asked. */
static bool must_ask(const struct walk *k, const struct listing_entry *to)
{
    return !k->w->site->can.mlst && (!k->w->crew->order->up || to);
}

static int sync_new(struct walk *k, const struct listing_entry *from)
{
    bool hidden = k->dest.hides && !k->w->site->can.mlst && span_starts(from->name, SPAN("."));

    if (from->other)
        return leave_out(k, from);
    if (from->folder)
        return add(k, from, &sync_folder, hidden ? SYNC_ASK : SYNC_FRESH, NULL);
    return add(k, from, &sync_file, must_ask(k, NULL) || hidden ? SYNC_ASK : 0, "new");
}

static int sync_extra(struct walk *k, const struct listing_entry *to)
{
    if (!k->w->crew->order->remove || side_is_unfinished(k->w, &k->source, k->dest.here, to->name))
        return 0;
    if (k->source.hides && span_starts(to->name, SPAN("."))) {
        sync_say_once(k->w, k->job, SYNC_HIDES, _("the server lists no names that begin with a dot: those that are here stay"));
        return 0;
    }
    if (!k->source.whole) {
        k->held++;
        return 0;
    }
    return add(k, to, &sync_remove, to->folder ? SYNC_FOLDER : 0, NULL);
}

static int sync_pair(struct walk *k, const struct listing_entry *from, const struct listing_entry *to)
{
    const char *why;

    if (from->other)
        return sync_new(k, from);
    if (from->folder && to->folder)
        return add(k, from, &sync_folder, 0, NULL);
    if (from->folder || to->folder || to->other)
        return add_taken(k, from, to);
    if (must_ask(k, to))
        return add(k, from, &sync_file, SYNC_ASK, NULL);
    why = sync_judge(k->w, (struct sync_facts){ from->size, from->mtime }, (struct sync_facts){ to->size, to->mtime });
    if (!why) {
        report_same(&k->w->crew->report);
        return 0;
    }
    return add(k, from, &sync_file, why == sync_unknown ? SYNC_ASK : 0, why == sync_unknown ? NULL : why);
}

/* ---- verify: here is the source, the server the destination ---- */

static int verify_lone(struct walk *k, const struct listing_entry *e, unsigned how)
{
    return e->other ? leave_out(k, e) : add(k, e, &sync_compare, how | (e->folder ? SYNC_FOLDER : 0), NULL);
}

static int verify_pair(struct walk *k, const struct listing_entry *here, const struct listing_entry *there)
{
    if (here->other || there->other)
        return leave_out(k, here);
    if (here->folder && there->folder)
        return add(k, here, &sync_folder, 0, NULL);
    if (here->folder != there->folder)
        return add(k, here, &sync_compare, SYNC_TAKEN, NULL);
    return add(k, there, &sync_compare, 0, NULL);
}

/* ---- the merge ---- */

static int take(struct walk *k, const struct listing_entry *from, const struct listing_entry *to)
{
    bool sync = k->w->crew->order->sync;

    if (from && to)
        return sync ? sync_pair(k, from, to) : verify_pair(k, from, to);
    if (from)
        return sync ? sync_new(k, from) : verify_lone(k, from, SYNC_HERE);
    return sync ? sync_extra(k, to) : verify_lone(k, to, SYNC_THERE);
}

static const struct listing_entry *entry(const struct side *side, unsigned i)
{
    return i < side->list.count ? &side->list.at[i] : NULL;
}

static int merge(struct walk *k)
{
    const struct listing_entry *from, *to;

    for (unsigned i = 0, j = 0; from = entry(&k->source, i), to = entry(&k->dest, j), from || to;) {
        int order = !from ? 1 : !to ? -1 : strcmp(from->name.at, to->name.at);

        TRY(take(k, order <= 0 ? from : NULL, order >= 0 ? to : NULL));
        i += order <= 0;
        j += order >= 0;
    }
    return 0;
}

/* ---- a folder ---- */

/* Those above it, as far as they are missing; that one is there already is no failure. */
static int make_above(struct worker *w, struct span path)
{
    for (size_t at = 1; at < path.len; at++) {
        int rc = path.at[at] == '/' ? ftpc_mkdir(w->ftp, (struct span){ path.at, at }) : 0;

        if (rc < 0 && rc != -EACCES && rc != -ENOENT)
            return rc;
    }
    return 0;
}

static int make_there(struct worker *w, struct span path, bool root)
{
    struct ftpc_facts facts;
    int rc = ftpc_mkdir(w->ftp, path);

    if (root && (rc == -EACCES || rc == -ENOENT)) {
        rc = make_above(w, path);
        if (rc == 0)
            rc = ftpc_mkdir(w->ftp, path);
    }
    if (rc == 0)
        return 0;
    rc = worker_failed(w, "mkdir", path, rc);
    return (rc == -EACCES || rc == -ENOENT) && ftpc_facts(w->ftp, path, &facts) == 0 && facts.folder ? 0 : rc;
}

static int make(struct worker *w, const struct job *job)
{
    const struct order *o = w->crew->order;
    struct span path = span_of(o->up ? job->there : job->here), none = { 0 };
    int rc = 0;

    if (!o->dry && o->up)
        TRY(make_there(w, path, !job->depth));
    else if (!o->dry)
        rc = save_folder(job->here);
    if (rc < 0)
        return worker_failed_here(w, path, rc);
    report_deed(&w->crew->report,
                &(struct deed){ .verb = "mkdir", .there = o->up ? path : none, .here = o->up ? none : path, .size = -1,
                                .dry = o->dry });
    return 0;
}

static int clear_and_make(struct worker *w, struct job *job)
{
    int rc = job->how & SYNC_CLEAR ? remove_dest(w, job, job->how & SYNC_FOLDER) : 0;

    TRY(rc);
    if (rc > 0)
        return refuse(w, "sync", span_of(job->there), OUT_REFUSED,
                      _("what has its name at the destination holds what is left out"));
    job->how &= ~(unsigned)SYNC_CLEAR;
    return make(w, job);
}

/* What was not looked at is a failure. It is not one that another try would mend. */
static int tell_what_is_missing(struct walk *k)
{
    unsigned odd = k->source.list.odd + k->unnamed + (k->w->crew->order->sync ? 0 : k->dest.list.odd);
    bool cut = k->source.list.cut || k->dest.list.cut;
    struct shown name;

    if (!odd && !cut)
        return 0;
    failure_set(&k->w->why, OUT_REFUSED, _("%s %s: %u names left out: not understood, or not safe%s%s"), verb_of(k->w),
                shown(&name, span_of(k->job->there)), odd,
                cut ? _("; and the listing is too long to be read to its end") : "",
                k->held ? _("; so nothing was deleted there") : "");
    return -EPROTO;
}

/* A folder that an old listing does not show may be there all the same. */
static void look_for_hidden(struct worker *w, struct job *job)
{
    struct ftpc_facts facts;

    if (job->how & SYNC_ASK && (ftpc_facts(w->ftp, span_of(job->there), &facts) < 0 || !facts.folder))
        job->how |= SYNC_FRESH;
}

static int walk_folder(struct walk *k)
{
    struct worker *w = k->w;
    struct job *job = k->job;

    if (job->depth > ORDER_DEPTH)
        return refuse(w, verb_of(w), span_of(job->there), OUT_REFUSED, _("folders within folders without end"));
    TRY(side_load(w, job, &k->source));
    look_for_hidden(w, job);
    if (job->how & SYNC_FRESH)
        TRY(clear_and_make(w, job));
    else
        TRY(side_load(w, job, &k->dest));
    if (k->dest.list.cut && w->crew->order->sync)
        return refuse(w, "sync", span_of(job->there), OUT_REFUSED,
                      _("the destination's listing is too long to be read to its end"));
    job->seen = ~0U; /* not once more: it would add the same jobs again */
    TRY(merge(k));
    return tell_what_is_missing(k);
}

static int run_folder(struct worker *w, struct job *job)
{
    const struct order *o = w->crew->order;
    CLEANUP(walk_end) struct walk k = { .w = w, .job = job, .source.here = o->up, .dest.here = !o->up };

    return walk_folder(&k);
}

const struct job_kind sync_folder = { "sync", true, run_folder };

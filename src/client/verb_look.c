/* verb_look: ls and find: what is at the server, shown entry by entry. Run by the crew's worker; owns the listing of each folder it
 * stands in. A listing that cannot be read to its end, or with lines that make no sense, is a failure: what was shown is not all.
 * RFC 3659 section 7. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/ftpc_file.h"
#include "client/wish.h"
#include "wire/match.h"
#include "wire/path.h"

/* Apart from those that go down: their frames lie on the stack once for each folder. */
APART static int not_all(struct worker *w, const char *verb, struct span folder, const struct listing *l)
{
    struct shown name;

    if (!l->odd && !l->cut)
        return 0;
    failure_set(&w->why, OUT_REFUSED, _("%s %s: %u lines left out: not understood, or no safe name%s"), verb, shown(&name, folder),
                l->odd, l->cut ? _("; and the listing is too long to be read to its end") : "");
    return -EPROTO;
}

/* ---- ls ---- */

static bool is_shown(const struct worker *w, const struct listing_entry *e)
{
    return w->crew->order->all || !span_starts(e->name, SPAN("."));
}

static int list_folder(struct worker *w, struct span path)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    int rc = listing_load(w->ftp, w->task, path, &l);

    if (rc < 0)
        return worker_failed(w, "ls", path, rc);
    for (unsigned i = 0; i < l.count; i++)
        if (is_shown(w, &l.at[i]))
            report_entry(&w->crew->report, path, &l.at[i]);
    return not_all(w, "ls", path, &l);
}

/* A folder's content; a file that is named, or what matches a pattern, itself. */
static int take_ls(struct worker *w, struct job *wish, struct span path, const struct listing_entry *known)
{
    struct ftpc_facts facts;
    int rc;

    (void)wish;
    if (known) {
        report_entry(&w->crew->report, path_parent(path), known);
        return 0;
    }
    rc = ftpc_facts(w->ftp, path, &facts);
    if (rc < 0)
        return worker_failed(w, "ls", path, rc);
    if (facts.folder)
        return list_folder(w, path);
    report_entry(&w->crew->report, path_parent(path),
                 &(struct listing_entry){ .name = path_leaf(path), .size = facts.size, .mtime = facts.mtime });
    return 0;
}

static int run_ls(struct worker *w, struct job *job)
{
    return wish_run(w, job, take_ls);
}

const struct job_kind verb_ls = { "ls", true, run_ls };

/* ---- find ---- */

static bool wanted(const struct order *o, const struct listing_entry *e)
{
    if (o->name && !match(span_of(o->name), e->name))
        return false;
    if ((o->type == 'd' && !e->folder) || (o->type == 'f' && (e->folder || e->other)))
        return false;
    if ((o->least >= 0 || o->most >= 0) && (e->folder || e->size < 0))
        return false;
    if ((o->least >= 0 && e->size < o->least) || (o->most >= 0 && e->size > o->most))
        return false;
    return o->newer == INT64_MIN || (e->mtime != INT64_MIN && e->mtime > o->newer);
}

APART static int too_deep(struct worker *w, struct span folder)
{
    struct shown name;

    failure_set(&w->why, OUT_REFUSED, _("find %s: folders within folders without end"), shown(&name, folder));
    return -ELOOP;
}

static int find_in(struct worker *w, struct span folder, unsigned depth);

static int find_below(struct worker *w, struct span folder, const struct listing_entry *e, unsigned depth)
{
    CLEANUP(free_text) char *path = malloc(PATH_CAP);
    int rc = path ? wish_join(folder, e->name, path, PATH_CAP) : -ENOMEM;

    return rc < 0 ? worker_failed_here(w, e->name, rc) : find_in(w, span_of(path), depth + 1);
}

static int find_in(struct worker *w, struct span folder, unsigned depth)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    int rc;

    if (depth > ORDER_DEPTH)
        return too_deep(w, folder);
    rc = listing_load(w->ftp, w->task, folder, &l);
    if (rc < 0)
        return worker_failed(w, "find", folder, rc);
    for (unsigned i = 0; i < l.count; i++) {
        if (wanted(w->crew->order, &l.at[i]))
            report_entry(&w->crew->report, folder, &l.at[i]);
        if (l.at[i].folder)
            TRY(find_below(w, folder, &l.at[i], depth));
    }
    return not_all(w, "find", folder, &l);
}

/* Half of it is out already when the connection breaks: not once more. */
static int take_find(struct worker *w, struct job *wish, struct span path, const struct listing_entry *known)
{
    if (known && !known->folder) {
        if (wanted(w->crew->order, known))
            report_entry(&w->crew->report, path_parent(path), known);
        return 0;
    }
    wish->seen = ~0U;
    return find_in(w, path, 0);
}

static int run_find(struct worker *w, struct job *job)
{
    return wish_run(w, job, take_find);
}

const struct job_kind verb_find = { "find", true, run_find };

/* wish: see wish.h. Run by the crew's workers; owns the listings of the folders that patterns lead through, one for each level.
 * A pattern matches what the server lists, by our own matcher: what a server makes of a star is anybody's guess. */
#include "client/wish.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "wire/match.h"

/* Folders in a pattern, from its first star on: each lies on the stack three times. */
enum { PATTERN_DEPTH = 24 };

struct expansion {
    struct worker *w;
    struct job *job;
    wish_take *take;
    unsigned found, depth;
    int rc; /* of the first that could not be taken */
    struct failure first;
};

int wish_join(struct span folder, struct span leaf, char *out, size_t cap)
{
    struct buf b = { .at = out, .cap = cap - 1 };

    buf_put(&b, folder);
    if (folder.len && folder.at[folder.len - 1] != '/' && leaf.len)
        buf_putc(&b, '/');
    buf_put(&b, leaf);
    out[b.len] = '\0';
    return b.over ? -ENAMETOOLONG : 0;
}

static void take_one(struct expansion *x, struct span path, const struct listing_entry *e)
{
    int rc = x->take(x->w, x->job, path, e);

    x->found++;
    if (rc < 0 && x->rc == 0) {
        x->rc = rc;
        x->first = x->w->why;
    } else if (rc < 0) {
        report_failed(&x->w->crew->report, x->job->kind->verb, path, &x->w->why);
    }
}

static int expand(struct expansion *x, struct span folder, struct span rest);

APART static int too_deep(struct worker *w, struct span folder)
{
    struct shown name;

    failure_set(&w->why, OUT_USAGE, _("%s: too many folders in one pattern"), shown(&name, folder));
    return -ELOOP;
}

/* An entry that matches: taken, or looked into for the components that follow. */
static int descend(struct expansion *x, struct span folder, const struct listing_entry *e, struct span rest)
{
    CLEANUP(free_text) char *path = malloc(PATH_CAP);
    int rc = path ? wish_join(folder, e->name, path, PATH_CAP) : -ENOMEM;

    if (rc < 0)
        return worker_failed_here(x->w, e->name, rc);
    if (rest.len)
        return e->folder ? expand(x, span_of(path), rest) : 0;
    /* neither size nor time, not even unknown ones: it was not listed, but named */
    take_one(x, span_of(path), e->mtime || e->size ? e : NULL);
    return x->w->task->cancelled ? -ECANCELED : 0;
}

/* A leading dot must be matched by a dot, as in a shell. */
static bool fits(struct span pattern, struct span name)
{
    return match(pattern, name) && (!span_starts(name, SPAN(".")) || span_starts(pattern, SPAN(".")));
}

static int expand_pattern(struct expansion *x, struct span folder, struct span pattern, struct span rest)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    int rc = listing_load(x->w->ftp, x->w->task, folder, &l);

    if (rc < 0)
        return worker_failed(x->w, "list", folder, rc);
    for (unsigned i = 0; i < l.count; i++)
        if (fits(pattern, l.at[i].name))
            TRY(descend(x, folder, &l.at[i], rest));
    return 0;
}

static int expand(struct expansion *x, struct span folder, struct span rest)
{
    struct span part;
    int rc;

    if (++x->depth > PATTERN_DEPTH)
        return too_deep(x->w, folder);
    do
        part = span_cut(&rest, '/');
    while (!part.len && rest.len);
    if (match_is_pattern(part))
        rc = expand_pattern(x, folder, part, rest);
    else
        rc = descend(x, folder, &(struct listing_entry){ .name = part, .folder = true }, rest);
    x->depth--;
    return rc;
}

/* The folder that is certain, then the components from the first pattern on. */
static int expand_path(struct expansion *x, struct span path)
{
    size_t at = 0;

    for (struct span rest = path; rest.len;) {
        struct span part = span_cut(&rest, '/');

        at = (size_t)(part.at - path.at);
        if (match_is_pattern(part))
            break;
    }
    return expand(x, at > 1 ? (struct span){ path.at, at - 1 } : SPAN("/"), span_from(path, at));
}

static int run_pattern(struct worker *w, struct job *job, struct span path, wish_take *take)
{
    struct expansion x = { .w = w, .job = job, .take = take };
    struct shown name;
    int rc;

    rc = expand_path(&x, path);
    if (x.found)
        job->seen = ~0U; /* not once more: it would take the same again */
    TRY(rc);
    if (x.rc < 0)
        w->why = x.first;
    else if (!x.found)
        failure_set(&w->why, OUT_NOT_FOUND, _("%s %s: nothing matches"), job->kind->verb, shown(&name, path));
    return x.rc < 0 ? x.rc : x.found ? 0 : -ENOENT;
}

int wish_run(struct worker *w, struct job *job, wish_take *take)
{
    CLEANUP(free_text) char *path = malloc(PATH_CAP);
    int rc = path ? site_path(job->site, span_of(job->there), path, PATH_CAP) : -ENOMEM;

    if (rc < 0)
        return worker_failed_here(w, span_of(job->there), rc);
    if (!w->crew->order->literal && match_is_pattern(span_of(path)))
        return run_pattern(w, job, span_of(path), take);
    return take(w, job, span_of(path), NULL);
}

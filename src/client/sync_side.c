/* sync_side: what a folder holds on either side, and what of it takes part. Called by sync.c; owns the listings. A listing that is
 * not known to be all there is, is marked so: nothing may be deleted by it. Failures are told by w->why. RFC 3659 section 7. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/fetch.h"
#include "client/part.h"
#include "client/sync_impl.h"
#include "sys/mirror.h"
#include "sys/save.h"
#include "wire/match.h"

struct span side_relative(const char *path, unsigned depth)
{
    size_t at = strlen(path);

    for (; depth; depth--)
        while (at && path[--at] != '/')
            ;
    return span_of(path + at + (path[at] == '/'));
}

/* ---- what takes part ---- */

/* A pattern with a slash is of the path, one without of the last name; a slash behind it: folders only; before it: from the root. */
static bool fits(struct span pattern, struct span path, bool folder)
{
    bool folders = pattern.len > 1 && pattern.at[pattern.len - 1] == '/';

    if (folders && !folder)
        return false;
    pattern.len -= folders;
    if (span_find(pattern, '/') < 0)
        return match(pattern, span_from(path, (size_t)(span_rfind(path, '/') + 1)));
    return match(span_starts(pattern, SPAN("/")) ? span_from(pattern, 1) : pattern, path);
}

bool side_excluded(const struct order *o, struct span path, bool folder)
{
    for (unsigned i = 0; i < o->patterns; i++)
        if (fits(span_of(o->pattern[i].text), path, folder))
            return !o->pattern[i].include;
    return false;
}

static int by_name(const void *left, const void *right)
{
    const struct listing_entry *a = left, *b = right;

    return strcmp(a->name.at, b->name.at);
}

static bool takes_part(const struct order *o, char *path, size_t len, const struct listing_entry *e)
{
    memcpy(path + len, e->name.at, e->name.len);
    return !side_excluded(o, (struct span){ path, len + e->name.len }, e->folder);
}

/* Without what is left out, and without names that come twice: of those nobody knows which is meant. */
static int sift(struct worker *w, const struct job *folder, struct listing *l)
{
    struct span base = side_relative(folder->here, folder->depth);
    CLEANUP(free_text) char *path = malloc(base.len + 300);
    size_t len = base.len ? base.len + 1 : 0;
    unsigned kept = 0;

    if (!path)
        return -ENOMEM;
    memcpy(path, base.at, base.len);
    path[base.len] = '/';
    for (unsigned i = 0; i < l->count; i++) {
        if (kept && span_eq(l->at[kept - 1].name, l->at[i].name))
            l->odd++;
        else if (takes_part(w->crew->order, path, len, &l->at[i]))
            l->at[kept++] = l->at[i];
    }
    l->count = kept;
    return 0;
}

/* ---- here ---- */

struct reading {
    struct listing *list;
    bool source;
    int rc;
};

/* What an interrupted download left is nothing to be brought to a server. */
static bool take_here(void *arg, const struct mirror_entry *m)
{
    struct reading *r = arg;
    struct listing_entry e = {
        .name = span_of(m->name), .size = m->size, .mtime = m->mtime, .folder = m->folder, .other = m->other,
    };

    if (r->source && save_temp_leaf(m->name))
        return true;
    if (!fetch_name_is_safe(e.name)) {
        r->list->odd++;
        return true;
    }
    r->rc = listing_add(r->list, &e);
    return r->rc == 0;
}

static int load_here(struct worker *w, const struct job *folder, struct listing *l)
{
    struct reading r = { .list = l, .source = w->crew->order->up };
    int rc = mirror_each(folder->here, take_here, &r);

    l->cut = r.rc == -EFBIG;
    w->crew->tick = mirror_tick(folder->here) > w->crew->tick ? mirror_tick(folder->here) : w->crew->tick;
    return rc < 0 ? worker_failed_here(w, span_of(folder->here), rc) : 0;
}

/* ---- there ---- */

/* Many servers keep names that begin with a dot to themselves: LIST mostly, and MLSD as their owner pleases. */
static bool hides(const struct listing *l)
{
    for (unsigned i = 0; i < l->count; i++)
        if (span_starts(l->at[i].name, SPAN(".")))
            return false;
    return true;
}

int side_load(struct worker *w, const struct job *folder, struct side *side)
{
    struct listing *l = &side->list;
    int rc;

    l->all = true;
    if (side->here)
        TRY(load_here(w, folder, l));
    else if ((rc = listing_load(w->ftp, w->task, span_of(folder->there), l)) < 0)
        return worker_failed(w, "list", span_of(folder->there), rc);
    w->site->can.mlst &= side->here || ftpc_skills(w->ftp)->mlst; /* some promise MLSD and refuse it */
    side->hides = !side->here && hides(l);
    if (l->count)
        qsort(l->at, l->count, sizeof *l->at, by_name);
    rc = sift(w, folder, l);
    side->whole = !l->odd && !l->cut;
    return rc < 0 ? worker_failed_here(w, span_of(folder->here), rc) : 0;
}

void side_free(struct side *side)
{
    listing_free(&side->list);
}

bool side_has(const struct side *side, struct span name)
{
    char text[256];
    struct listing_entry key = { .name = { text, name.len } };

    if (name.len >= sizeof text || !side->list.count)
        return false;
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    return bsearch(&key, side->list.at, side->list.count, sizeof key, by_name);
}

bool side_has_temp(const struct side *side, struct span name)
{
    char text[SAVE_NAME];
    size_t low = 0, high = side->list.count;

    snprintf(text, sizeof text, ".%.*s.", SAVE_LEAF, name.at);
    while (low < high) {
        size_t mid = (low + high) / 2;

        if (strcmp(side->list.at[mid].name.at, text) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < side->list.count && span_starts(side->list.at[low].name, span_of(text));
}

bool side_is_unfinished(const struct worker *w, const struct side *source, bool here, struct span name)
{
    int leaf = here ? save_temp_leaf(name.at) : 0;
    size_t part = here ? 0 : part_leaf(name);

    if (here) /* a longer leaf stands in its temporary name without its end */
        return leaf && (leaf >= SAVE_LEAF || side_has(source, (struct span){ name.at + 1, (size_t)leaf }));
    return !w->site->can.atomic && part && (part >= PART_LEAF_CUT || side_has(source, (struct span){ name.at, part }));
}

/* partial_sweep: what is done for all partials at once: at the start of a server they are counted, by the hour old ones and what
 * killed servers left are removed, and when room is missed the server reads what others have removed beside it. Called by the
 * front, the models (by way of the session's chores) and the command that serves; owns nothing. What cannot be read or removed
 * stays until the next time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/partial.h"
#include "store/shared.h"
#include "sys/clock.h"

enum { PASSING_SECONDS = 3600, DAY = 24 * 3600, EVERY = 3600 };

/* ---- words of other processes ---- */

struct settling {
    struct quotas *quotas; /* NULL: they come too late, all is about to be counted */
    int settled;
};

/* Who removes it counts it: so each counts once. */
static void settle_one(const struct store *st, const struct dir_entry *e, struct settling *s, char *text)
{
    struct partial_view v = { .path = "" };
    char own[PARTIAL_NAME];
    uint64_t bytes = 0;
    int64_t size;

    partial_path(own, e->name);
    partial_read_text(st, own, text, &v);
    if (st->storage->ops->drop(st, own, &size) < 0 || span_u64(span_of(v.path), INT64_MAX, &bytes) < 0)
        return;
    quota_went(s->quotas, v.account, (int64_t)bytes);
    s->settled++;
}

static int settle_name(const struct store *st, const struct dir_entry *e, void *ctx)
{
    CLEANUP(free_text) char *text = NULL;

    if (!span_starts(e->name, SPAN(PARTIAL_WORD)))
        return 0;
    text = malloc(PARTIAL_TEXT_MAX);
    if (!text)
        return -ENOMEM;
    settle_one(st, e, ctx, text);
    return 0;
}

static int settle(const struct storage *storage, struct quotas *quotas)
{
    struct rt_task task;
    struct store st = partials_store(storage, &task);
    struct settling s = { .quotas = quotas };

    TRY(partials_names(&st, settle_name, &s));
    return s.settled;
}

int partials_settle(const struct storage *storage)
{
    if (!partial_any(storage) || !storage->shared->quotas)
        return 0;
    return settle(storage, storage->shared->quotas);
}

/* ---- the sweep ---- */

struct sweep {
    int64_t before, passing;
    int dropped, left;
};

/* A text is there a moment before its partial, and a moment longer. */
static bool has_partial(const struct store *st, struct span text)
{
    char own[PARTIAL_NAME];
    struct store_stat partial;

    partial_path(own, (struct span){ text.at, PARTIAL_ID });
    return st->storage->ops->stat(st, own, &partial) == 0;
}

/* What is no partial lasts no longer than a call, unless a server was killed. Names that a commit passes through are locked
 * meanwhile, so that one which can be dropped has nobody any more; the others are given an hour. */
static void sweep_other(const struct store *st, const struct dir_entry *e, const struct sweep *s)
{
    char own[PARTIAL_NAME];
    int64_t size;

    if (!span_starts(e->name, SPAN(PARTIAL_PASSING)) && e->stat.mtime >= s->passing)
        return;
    if (e->name.len == PARTIAL_ID + strlen(PARTIAL_TEXT) && has_partial(st, e->name))
        return;
    partial_path(own, e->name);
    st->storage->ops->drop(st, own, &size);
}

static int sweep_one(const struct store *st, const struct dir_entry *e, void *ctx)
{
    struct sweep *s = ctx;
    CLEANUP(free_text) char *text = malloc(PARTIAL_TEXT_MAX);
    struct partial_view v = { 0 };
    char own[PARTIAL_NAME];

    if (!text)
        return -ENOMEM;
    if (!partial_is_id(e->name)) {
        sweep_other(st, e, s);
        return 0;
    }
    partial_path(own, e->name);
    partial_read(st, own, text, &v);
    if (e->stat.mtime < s->before && partial_drop_of(st, own, v.account) == 0)
        s->dropped++;
    else
        s->left++;
    return 0;
}

int partials_sweep(const struct storage *storage)
{
    struct rt_task task;
    struct store st = partials_store(storage, &task);
    int64_t now = clock_wall();
    struct sweep s = { .before = now - (int64_t)storage->keep_days * DAY, .passing = now - PASSING_SECONDS };
    uint64_t hidden = storage->shared ? atomic_load(&storage->shared->partials) : 0;

    settle(storage, storage->shared ? storage->shared->quotas : NULL);
    TRY(partials_names(&st, sweep_one, &s));
    if (storage->shared && !s.left)
        atomic_compare_exchange_strong(&storage->shared->partials, &hidden, 0);
    return s.dropped;
}

static int sweep_call(void *arg)
{
    return partials_sweep(arg);
}

/* Who finds it due first does it. */
int64_t store_chores(const struct storage *storage, struct rt_task *task)
{
    int64_t due = storage->shared ? atomic_load(&storage->shared->sweep_at) : RT_NEVER, now = rt_now(task);
    int64_t next = now + RT_SECONDS(EVERY);

    if (due > now)
        return due;
    if (atomic_compare_exchange_strong(&storage->shared->sweep_at, &due, next))
        rt_call(task, sweep_call, (void *)(uintptr_t)storage);
    return next;
}

void partials_end(const struct storage *storage)
{
    struct rt_task task;
    struct store st = partials_store(storage, &task);

    settle(storage, NULL);
    storage->ops->change(&st, &(struct store_change){ .verb = STORE_RMDIR, .path = STORE_OWN_FOLDER });
}

/* ---- what is there ---- */

static void count_file(void *ctx, const struct store_found *f)
{
    quota_came(ctx, f->account, f->stat.size);
}

static int count_partial(void *ctx, const struct partial_view *v)
{
    struct store_shared *shared = ctx;

    atomic_fetch_add(&shared->partials, 1);
    quota_came(shared->quotas, v->account, v->size);
    return 0;
}

int store_count(const struct storage *storage)
{
    struct store_shared *shared = storage->shared;

    if (!shared)
        return 0;
    if (shared->quotas)
        TRY(storage->ops->each(storage, count_file, shared->quotas));
    return partials_each(storage, count_partial, shared);
}

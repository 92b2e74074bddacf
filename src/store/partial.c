/* partial: see partial.h, partials.h. Called by upload.c, by the operator's commands and by the sweep; owns nothing: all it
 * knows is in the hidden folder, made when the first partial is. Fails with what the storage says; without that folder (the
 * shared one may be read-only) broken uploads leave nothing behind, as if they had never been. */
#include "store/partial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/partials.h"
#include "store/shared.h"
#include "sys/clock.h"
#include "sys/digest.h"
#include "wire/path.h"

#define TEXT_END ".of"

enum { ID = 32, TEXT_MAX = PATH_CAP + MARK_ACCOUNT + 2, PASSING_SECONDS = 3600, DAY = 24 * 3600, EVERY = 3600 };

static const char PASSING[] = "x-"; /* as in STORE_PASSING */

/* ---- one ---- */

int partial_name(const char *account, const char *path, char own[PARTIAL_NAME])
{
    struct buf b = { .at = own, .cap = PARTIAL_NAME };
    struct digest d;
    struct sums sums = { 0 };

    TRY(digest_begin(&d, SUM_BIT(SUM_SHA256)));
    digest_add(&d, account, strlen(account) + 1); /* with its NUL: no other pair reads the same */
    digest_add(&d, path, strlen(path));
    digest_end(&d, &sums);
    buf_text(&b, STORE_OWN_FOLDER "/");
    for (int i = 0; i < ID / 2; i++)
        buf_number(&b, sums.of[SUM_SHA256][i], 16, 2, '0');
    buf_cstr(&b);
    return 0;
}

static const char *text_name(const char *own, char out[PARTIAL_NAME])
{
    snprintf(out, PARTIAL_NAME, "%s" TEXT_END, own);
    return out;
}

static int write_text(const struct store *st, const char *own, const char *path)
{
    char name[PARTIAL_NAME];
    CLEANUP(file_close) struct file *f = NULL;
    int rc;

    TRY(st->storage->ops->create(st, text_name(own, name), &f));
    TRY(f->ops->write(f, st->account, strlen(st->account)));
    TRY(f->ops->write(f, "\n", 1));
    TRY(f->ops->write(f, path, strlen(path)));
    rc = f->ops->commit(f, false);
    return rc == -EEXIST ? 0 : rc;
}

int partial_announce(const struct store *st, const char *own, const char *path)
{
    struct store_change mkdir = { .verb = STORE_MKDIR, .path = STORE_OWN_FOLDER };
    int rc = st->storage->ops->change(st, &mkdir);

    if (rc < 0 && rc != -EEXIST)
        return rc;
    return write_text(st, own, path);
}

void partial_forget(const struct store *st, const char *own)
{
    char name[PARTIAL_NAME];
    int64_t size;

    st->storage->ops->drop(st, text_name(own, name), &size);
}

bool partial_any(const struct storage *storage)
{
    return storage->shared && storage->keep && atomic_load(&storage->shared->partials);
}

int partial_drop(const struct store *st, const char *own)
{
    int64_t size;

    TRY(st->storage->ops->drop(st, own, &size));
    if (st->storage->shared)
        quota_went(st->storage->shared->quotas, st->account, size);
    partial_forget(st, own);
    return 0;
}

/* ---- all ---- */

/* Blocks: for those who are no session. */
static struct store whole(const struct storage *storage, struct rt_task *task)
{
    *task = rt_block_task((struct rt_stop){ -1, -1 });
    return store_bind(storage, task, "", RIGHT_READ | RIGHT_ADD | RIGHT_WRITE);
}

/* The text beside a partial: account and path, in buf. */
static int read_text(const struct store *st, const char *own, char *buf, struct partial_view *v)
{
    char name[PARTIAL_NAME];
    CLEANUP(file_close) struct file *f = NULL;
    struct span path, account;
    ssize_t n;

    TRY(st->storage->ops->open(st, text_name(own, name), &f));
    n = f->ops->read(f, buf, TEXT_MAX - 1, 0);
    TRY(n);
    buf[n] = '\0';
    path = (struct span){ buf, (size_t)n };
    account = span_cut(&path, '\n');
    if (account.len > MARK_ACCOUNT)
        return -EBADMSG;
    memcpy(v->account, account.at, account.len);
    v->account[account.len] = '\0';
    v->path = path.at;
    return 0;
}

static bool is_id(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("0123456789abcdef", name.at[i]))
            return false;
    return name.len == ID;
}

static void own_path(char own[PARTIAL_NAME], struct span name)
{
    snprintf(own, PARTIAL_NAME, STORE_OWN_FOLDER "/%.*s", (int)(name.len < ID + 3 ? name.len : ID + 3), name.at);
}

/* Each name in the folder, with its stat. */
static int each_name(const struct store *st, int (*fn)(const struct store *, const struct dir_entry *, void *), void *ctx)
{
    CLEANUP(dir_close) struct dir *dir = NULL;
    const struct dir_entry *e;
    int rc = st->storage->ops->list(st, STORE_OWN_FOLDER, true, &dir);

    if (rc < 0)
        return rc == -ENOENT ? 0 : rc;
    while ((rc = dir->ops->next(dir, &e)) > 0)
        TRY(fn(st, e, ctx));
    return rc;
}

struct round {
    int (*fn)(void *ctx, const struct partial_view *);
    void *ctx;
};

static int view_one(const struct store *st, const struct dir_entry *e, void *ctx)
{
    const struct round *r = ctx;
    CLEANUP(free_text) char *text = malloc(TEXT_MAX);
    struct partial_view v = { .path = "", .size = e->stat.size, .mtime = e->stat.mtime };
    char own[PARTIAL_NAME];

    if (!is_id(e->name) || !text)
        return text ? 0 : -ENOMEM;
    own_path(own, e->name);
    memcpy(v.id, e->name.at, ID);
    read_text(st, own, text, &v); /* one without is a partial all the same */
    v.written = st->storage->ops->busy(st, own);
    return r->fn(r->ctx, &v);
}

int partials_each(const struct storage *storage, int (*fn)(void *ctx, const struct partial_view *), void *ctx)
{
    struct rt_task task;
    struct store st = whole(storage, &task);

    return each_name(&st, view_one, &(struct round){ fn, ctx });
}

static int drop_one(const struct store *st, const char *own, const char *account)
{
    struct store as = *st;

    as.account = account;
    return partial_drop(&as, own);
}

int partials_drop(const struct storage *storage, const char *id)
{
    struct rt_task task;
    struct store st = whole(storage, &task);
    CLEANUP(free_text) char *text = malloc(TEXT_MAX);
    struct partial_view v = { 0 };
    char own[PARTIAL_NAME];

    if (!text)
        return -ENOMEM;
    if (!is_id(span_of(id)))
        return -ENOENT;
    own_path(own, span_of(id));
    read_text(&st, own, text, &v);
    return drop_one(&st, own, v.account);
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

    own_path(own, (struct span){ text.at, ID });
    return st->storage->ops->stat(st, own, &partial) == 0;
}

/* What is no partial lasts no longer than a call, unless a server was killed. Names that a commit passes through are locked
 * meanwhile, so that one which can be dropped has nobody any more; the others are given an hour. */
static void sweep_other(const struct store *st, const struct dir_entry *e, const struct sweep *s)
{
    char own[PARTIAL_NAME];
    int64_t size;

    if (!span_starts(e->name, SPAN(PASSING)) && e->stat.mtime >= s->passing)
        return;
    if (e->name.len == ID + strlen(TEXT_END) && has_partial(st, e->name))
        return;
    own_path(own, e->name);
    st->storage->ops->drop(st, own, &size);
}

static int sweep_one(const struct store *st, const struct dir_entry *e, void *ctx)
{
    struct sweep *s = ctx;
    CLEANUP(free_text) char *text = malloc(TEXT_MAX);
    struct partial_view v = { 0 };
    char own[PARTIAL_NAME];

    if (!text)
        return -ENOMEM;
    if (!is_id(e->name)) {
        sweep_other(st, e, s);
        return 0;
    }
    own_path(own, e->name);
    read_text(st, own, text, &v);
    if (e->stat.mtime < s->before && drop_one(st, own, v.account) == 0)
        s->dropped++;
    else
        s->left++;
    return 0;
}

int partials_sweep(const struct storage *storage)
{
    struct rt_task task;
    struct store st = whole(storage, &task);
    int64_t now = clock_wall();
    struct sweep s = { .before = now - (int64_t)storage->keep_days * DAY, .passing = now - PASSING_SECONDS };
    uint64_t hidden = storage->shared ? atomic_load(&storage->shared->partials) : 0;

    TRY(each_name(&st, sweep_one, &s));
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
    struct store st = whole(storage, &task);

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

/* partial: see partial.h, partials.h. Called by upload.c, by the operator's commands and by the sweep; owns nothing: all it
 * knows is in the hidden folder, made when the first partial is. Fails with what the storage says; without that folder (the
 * shared one may be read-only) broken uploads leave nothing behind, as if they had never been. */
#include "store/partial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/access_impl.h"
#include "store/partials.h"
#include "store/shared.h"
#include "sys/digest.h"
#include "sys/fs.h"

/* ---- one ---- */

static int name_of(const char *account, const char *path, const void *key, size_t len, char own[PARTIAL_NAME])
{
    struct buf b = { .at = own, .cap = PARTIAL_NAME };
    struct digest d;
    struct sums sums = { 0 };

    TRY(digest_begin(&d, SUM_BIT(SUM_SHA256)));
    digest_add(&d, account, strlen(account) + 1); /* with its NUL: no other pair reads the same */
    digest_add(&d, path, strlen(path) + (len != 0));
    digest_add(&d, key, len);
    digest_end(&d, &sums);
    buf_text(&b, STORE_OWN_FOLDER "/");
    for (int i = 0; i < PARTIAL_ID / 2; i++)
        buf_number(&b, sums.of[SUM_SHA256][i], 16, 2, '0');
    buf_cstr(&b);
    return 0;
}

int partial_name(const char *account, const char *path, char own[PARTIAL_NAME])
{
    return name_of(account, path, "", 0, own);
}

int partial_own(const struct store *st, const char *path, char own[PARTIAL_NAME])
{
    bool apart = st->key && access_rights(st, path) == RIGHTS_DROP;

    return name_of(st->account, path, &st->key, apart ? sizeof st->key : 0, own);
}

static const char *text_name(const char *own, char out[PARTIAL_NAME])
{
    snprintf(out, PARTIAL_NAME, "%s" PARTIAL_TEXT, own);
    return out;
}

/* Two lines in a small file of the store's own: the account, and something of it. */
static int write_text(const struct store *st, const char *own, const char *before, const char *text)
{
    CLEANUP(file_close) struct file *f = NULL;
    int rc;

    TRY(st->storage->ops->create(st, own, &f));
    TRY(f->ops->write(f, st->account, strlen(st->account)));
    TRY(f->ops->write(f, "\n", 1));
    TRY(f->ops->write(f, before, strlen(before)));
    TRY(f->ops->write(f, text, strlen(text)));
    rc = f->ops->commit(f, false);
    return rc == -EEXIST ? 0 : rc;
}

int partial_announce(const struct store *st, const char *own, const char *path)
{
    struct store_change mkdir = { .verb = STORE_MKDIR, .path = STORE_OWN_FOLDER };
    char name[PARTIAL_NAME];
    int rc = st->storage->ops->change(st, &mkdir);

    if (rc < 0 && rc != -EEXIST)
        return rc;
    return write_text(st, text_name(own, name), st->home ? st->home->path : "", path);
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

/* The server that counted it is another process: it reads this when it misses the room, see partial_sweep.c. */
static void leave_word(const struct store *st, int64_t size)
{
    char own[PARTIAL_NAME], number[24];

    snprintf(own, sizeof own, STORE_OWN_FOLDER "/" PARTIAL_WORD "%016llx", (unsigned long long)fs_random());
    snprintf(number, sizeof number, "%lld", (long long)size);
    write_text(st, own, "", number);
}

int partial_drop(const struct store *st, const char *own)
{
    int64_t size;

    TRY(st->storage->ops->drop(st, own, &size));
    if (st->storage->shared)
        quota_went(st->storage->shared->quotas, st->account, size);
    else if (st->storage->served)
        leave_word(st, size);
    partial_forget(st, own);
    return 0;
}

/* ---- all ---- */

struct store partials_store(const struct storage *storage, struct rt_task *task)
{
    *task = rt_block_task((struct rt_stop){ -1, -1 });
    return store_bind(storage, task, "", RIGHT_READ | RIGHT_ADD | RIGHT_WRITE);
}

int partial_read_text(const struct store *st, const char *own, char *buf, struct partial_view *v)
{
    CLEANUP(file_close) struct file *f = NULL;
    struct span path, account;
    ssize_t n;

    TRY(st->storage->ops->open(st, own, &f));
    n = f->ops->read(f, buf, PARTIAL_TEXT_MAX - 1, 0);
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

int partial_read(const struct store *st, const char *own, char *buf, struct partial_view *v)
{
    char name[PARTIAL_NAME];

    return partial_read_text(st, text_name(own, name), buf, v);
}

bool partial_is_id(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("0123456789abcdef", name.at[i]))
            return false;
    return name.len == PARTIAL_ID;
}

void partial_path(char own[PARTIAL_NAME], struct span name)
{
    enum { MOST = PARTIAL_ID + sizeof PARTIAL_TEXT - 1 };

    snprintf(own, PARTIAL_NAME, STORE_OWN_FOLDER "/%.*s", (int)(name.len < MOST ? name.len : MOST), name.at);
}

int partials_names(const struct store *st, int (*fn)(const struct store *, const struct dir_entry *, void *), void *ctx)
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
    CLEANUP(free_text) char *text = malloc(PARTIAL_TEXT_MAX);
    struct partial_view v = { .path = "", .size = e->stat.size, .mtime = e->stat.mtime };
    char own[PARTIAL_NAME];

    if (!partial_is_id(e->name) || !text)
        return text ? 0 : -ENOMEM;
    partial_path(own, e->name);
    memcpy(v.id, e->name.at, PARTIAL_ID);
    partial_read(st, own, text, &v); /* one without is a partial all the same */
    v.written = st->storage->ops->busy(st, own);
    return r->fn(r->ctx, &v);
}

int partials_each(const struct storage *storage, int (*fn)(void *ctx, const struct partial_view *), void *ctx)
{
    struct rt_task task;
    struct store st = partials_store(storage, &task);

    return partials_names(&st, view_one, &(struct round){ fn, ctx });
}

int partial_drop_of(const struct store *st, const char *own, const char *account)
{
    struct store as = *st;

    as.account = account;
    return partial_drop(&as, own);
}

int partials_drop(const struct storage *storage, const char *id)
{
    struct rt_task task;
    struct store st = partials_store(storage, &task);
    CLEANUP(free_text) char *text = malloc(PARTIAL_TEXT_MAX);
    struct partial_view v = { 0 };
    char own[PARTIAL_NAME];

    if (!text)
        return -ENOMEM;
    if (!partial_is_id(span_of(id)))
        return -ENOENT;
    partial_path(own, span_of(id));
    partial_read(&st, own, text, &v);
    return partial_drop_of(&st, own, v.account);
}

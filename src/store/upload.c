/* upload: the one way by which content comes into any storage. It wraps the storage's own file: counts quotas, looks after the
 * free space, computes sums while bytes pass, and at the end gives the name in one step, or keeps what came as a partial.
 * Called by store.c; owns the storage's file, the claim on the quota and the digest, and gives all back when it is closed.
 * Fails with what the storage says, -EDQUOT, -ENOSPC. How it begins is in upload_begin.c, how it ends in upload_end.c. */
#include "store/upload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "store/upload_impl.h"

/* From this size on an upload can be resumed even if the server is killed: below it the way through a hidden name would cost
 * more than sending again. */
enum { HIDE_FROM = 8 << 20 };

static struct upload *upload_of(struct file *f)
{
    return (struct upload *)f;
}

int upload_own(struct upload *u)
{
    return u->own[0] ? 0 : partial_own(&u->st, u->path, u->own);
}

static bool may_hide(const struct upload *u)
{
    return !u->hidden && !u->once && store_keeps(&u->st);
}

static int64_t hide_from(const struct upload *u)
{
    return u->st.storage->hide_from ? u->st.storage->hide_from : HIDE_FROM;
}

/* The quota may know less than is true: others remove partials, too. */
static int count(struct upload *u, size_t len)
{
    int rc = quota_add(upload_quotas(u), u->claim, (int64_t)len);

    if (rc == -EDQUOT && rt_call(u->file.task, upload_settle_call, u) > 0)
        rc = quota_add(upload_quotas(u), u->claim, (int64_t)len);
    return rc;
}

static int upload_write(struct file *f, const void *buf, size_t len)
{
    struct upload *u = upload_of(f);
    int rc;

    if (u->look_at && f->size >= u->look_at)
        TRY(rt_call(f->task, upload_look_call, u));
    TRY(count(u, len));
    if (!u->unsummed)
        digest_add(&u->digest, buf, len);
    u->inner->task = f->task; /* this waits as the session does; all else runs inside rt_call */
    rc = u->inner->ops->write(u->inner, buf, len);
    f->size = u->inner->size;
    u->unsummed |= rc < 0; /* some of it may be there */
    TRY(rc);
    if (f->size >= hide_from(u) && may_hide(u))
        rt_call(f->task, upload_hide_call, u);
    return 0;
}

static void upload_close(struct file *f)
{
    struct upload *u = upload_of(f);

    if (u->inner || u->old)
        rt_call(f->task, upload_discard_call, u);
    digest_drop(&u->digest);
    quota_release(upload_quotas(u), &u->claim);
    free(u->other);
    free(u->path);
    free(u);
}

static ssize_t no_read(struct file *f, void *buf, size_t len, int64_t off)
{
    (void)f;
    (void)buf;
    (void)len;
    (void)off;
    return -EBADF;
}

static const struct file_ops uploading = { .read = no_read, .write = upload_write, .close = upload_close };

/* What it replaces is freed, a quota is settled, a disk made sure of: all that may take its time. */
static bool is_plain(const struct upload *u)
{
    return u->fresh && !u->hidden && !u->claim && !u->st.storage->durable && !partial_any(u->st.storage);
}

int upload_commit(struct file *f)
{
    struct upload *u = upload_of(f);
    int rc = -EAGAIN;

    CHECK(f->ops == &uploading);
    if (is_plain(u))
        rc = rt_call_quick(f->task, upload_commit_quick_call, u);
    return rc == -EAGAIN ? rt_call(f->task, upload_commit_call, u) : rc;
}

const char *upload_path(const struct file *f)
{
    const struct upload *u = (const struct upload *)f;

    CHECK(f->ops == &uploading);
    return u->other ? u->other : u->path;
}

int upload_keep(struct file **f)
{
    struct upload *u = upload_of(*f);
    int rc = 0;

    CHECK((*f)->ops == &uploading);
    if (u->file.size > 0)
        rc = u->hidden || may_hide(u) ? rt_call((*f)->task, upload_keep_call, u) : -EOPNOTSUPP;
    file_close(f);
    return rc;
}

static void abandon(struct upload **u)
{
    if (*u)
        upload_close(&(*u)->file);
}

static int begin(struct upload *u)
{
    bool plain = u->how != STORE_APPEND && !u->keep && !u->partial && upload_ops(u)->create_quick;
    int rc = plain ? rt_call_quick(u->file.task, upload_begin_quick_call, u) : -EAGAIN;

    return rc == -EAGAIN ? rt_call(u->file.task, upload_begin_call, u) : rc;
}

int upload_begin(const struct store *st, const struct store_upload *how, unsigned rights, struct file **out)
{
    CLEANUP(abandon) struct upload *u = calloc(1, sizeof *u);

    if (!u)
        return -ENOMEM;
    u->file = (struct file){ .ops = &uploading, .task = st->task, .fd = -1 };
    u->task = rt_block_task((struct rt_stop){ -1, -1 });
    u->st = u->here = *st;
    u->here.task = &u->task;
    u->how = how->how;
    u->replace = (rights & RIGHT_WRITE) && how->how != STORE_NEW;
    u->yields = rights == RIGHTS_DROP;
    u->partial = how->partial;
    u->once = how->once;
    u->keep = how->keep;
    u->path = strdup(how->path);
    if (!u->path)
        return -ENOMEM;
    TRY(digest_begin(&u->digest, st->storage->sums));
    TRY(begin(u));
    *out = &u->file;
    u = NULL;
    return 0;
}

/* upload_begin: what an upload begins with: nothing, the first bytes of a file, or the account's partial (see upload.h). Called
 * by upload.c inside rt_call; owns nothing: what it opens is the upload's. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/upload_impl.h"

/* So much may come between two looks at the free space. */
enum { LOOK_EVERY = 16 << 20, GIB = 1 << 30 };

/* A partial may be written by another session meanwhile, which notes the sum of all of it: asked last, whether it is still what
 * was opened. */
static bool has_crc(struct file *from, int64_t len, struct mark *mark)
{
    return from->size == len && from->ops->get_mark(from, mark) == 0 && (mark->sums.has & SUM_BIT(SUM_CRC32)) &&
           from->ops->same(from);
}

/* Bytes before those that will pass here: their CRC32, if it is noted, saves reading them again. */
static void seed(struct upload *u, struct file *from, int64_t len)
{
    struct mark mark;

    if (len && (u->st.storage->sums != SUM_BIT(SUM_CRC32) || !has_crc(from, len, &mark)))
        u->unsummed = true;
    else if (len)
        digest_seed_crc(&u->digest, &mark.sums);
}

static int claim(struct upload *u)
{
    return quota_claim(upload_quotas(u), u->st.account, u->credit, &u->claim);
}

static int begin_empty(struct upload *u)
{
    TRY(claim(u));
    return upload_ops(u)->create(&u->here, u->path, &u->inner);
}

/* A new version that begins like another file. Its bytes count like those that will come. */
static int begin_like(struct upload *u, struct file *from, int64_t len)
{
    if (from->size < len)
        return -ERANGE;
    TRY(begin_empty(u));
    TRY(quota_add(upload_quotas(u), u->claim, len));
    TRY(u->inner->ops->copy(u->inner, from, 0, len));
    seed(u, from, len);
    return 0;
}

static int begin_with_prefix(struct upload *u, const char *path)
{
    CLEANUP(file_close) struct file *from = NULL;

    TRY(upload_ops(u)->open(&u->here, path, &from));
    return begin_like(u, from, u->keep);
}

/* APPEND to a file. The old version stays open: the commit asks whether it is still the one. */
static int begin_behind(struct upload *u)
{
    TRY(upload_ops(u)->open(&u->here, u->path, &u->old));
    u->base = u->old->size;
    return begin_like(u, u->old, u->base);
}

/* The partial itself goes on. len -1: behind all of it. */
static int take_partial(struct upload *u, int64_t len)
{
    TRY(upload_own(u));
    TRY(upload_ops(u)->resume(&u->here, u->own, u->path, len, &u->inner));
    u->hidden = u->resumed = true;
    u->begun = u->inner->size;
    seed(u, u->inner, u->inner->size); /* first: what is refused now is kept with the sum that it has */
    return quota_resume(upload_quotas(u), u->st.account, u->inner->held, u->inner->size, u->credit, &u->claim);
}

/* REST n, STOR: a partial that another session still writes (its client is gone, but nobody has noticed yet) is not waited
 * for: what it holds of the first n bytes does not change any more. */
static int continue_partial(struct upload *u)
{
    int rc = take_partial(u, u->keep);

    if (rc != -EBUSY)
        return rc;
    TRY(begin_with_prefix(u, u->own));
    u->begun = u->keep;
    return 0;
}

static int begin_append(struct upload *u, bool there)
{
    int rc;

    if (there)
        return begin_behind(u);
    rc = u->once ? -ENOENT : take_partial(u, -1);
    return rc == -ENOENT ? begin_empty(u) : rc;
}

static int begin_put(struct upload *u, bool there)
{
    int rc;

    if (!u->keep && !u->partial)
        return begin_empty(u);
    rc = there && !u->partial ? begin_with_prefix(u, u->path) : continue_partial(u);
    return rc == -ENOENT ? -ERANGE : rc;
}

/* What stands there decides how it begins; it is only said early here what the commit will say again. Who may
 * see nothing there is not told either. */
static int look_first(struct upload *u, struct store_found *old)
{
    int rc = u->yields ? -ENOENT : upload_ops(u)->look(&u->here, u->path, old);

    if (rc == 0 && !u->replace)
        return -EEXIST;
    return rc == -ENOENT ? 0 : rc < 0 ? rc : 1;
}

/* Left to us, a twentieth of the disk stays free, but not more than a gigabyte. */
static int64_t keep_free(const struct storage *storage, int64_t all)
{
    if (storage->keep_free != STORE_AUTO)
        return storage->keep_free;
    return all / 20 < GIB ? all / 20 : GIB;
}

static int64_t room(const struct storage *storage, int64_t free, int64_t all)
{
    int64_t keep = keep_free(storage, all);

    return !all ? INT64_MAX : free > keep ? free - keep : 0; /* a disk that does not tell its size tells when it is full */
}

int upload_room(const struct store *st, const char *path, int64_t *bytes)
{
    int64_t free, all;

    TRY(st->storage->ops->space(st, path, &free, &all));
    *bytes = room(st->storage, free, all);
    return 0;
}

int upload_look_call(void *arg)
{
    struct upload *u = arg;
    int64_t free, all;

    if (!u->st.storage->keep_free)
        return 0;
    TRY(u->inner->ops->space(u->inner, &free, &all));
    u->look_at = u->file.size + LOOK_EVERY;
    return room(u->st.storage, free, all) > 0 ? 0 : -ENOSPC;
}

/* A new file, as most uploads are. */
int upload_begin_quick_call(void *arg)
{
    struct upload *u = arg;

    TRY(upload_ops(u)->create_quick(&u->here, u->path, &u->inner));
    u->fresh = true;
    u->credit = -1;
    TRY(claim(u));
    return upload_look_call(u);
}

int upload_begin_call(void *arg)
{
    struct upload *u = arg;
    struct store_found old;
    int there = look_first(u, &old);

    TRY(there);
    u->credit = there && strcmp(old.account, u->st.account) == 0 ? old.stat.size : -1;
    TRY(u->how == STORE_APPEND ? begin_append(u, there) : begin_put(u, there));
    u->file.size = u->inner->size;
    return upload_look_call(u);
}

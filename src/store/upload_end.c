/* upload_end: how an upload ends: it becomes a file, or is kept as a partial, or is gone (see upload.h). Called by upload.c
 * inside rt_call; owns nothing.
 *
 * The names lock makes commits, removals and renames of one name take turns: that is what lets appenders see each other's
 * bytes, and quotas be exact. Readers never take it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/upload_impl.h"
#include "sys/fs.h"
#include "wire/path.h"

/* Who stored it, and its sums as far as they are known. A storage without marks computes sums when it is asked for them; but
 * what a quota counts now must be found again after a restart. */
static int note(struct upload *u)
{
    struct mark mark = { 0 };
    int rc;

    strncpy(mark.account, u->st.account, MARK_ACCOUNT);
    if (!u->unsummed)
        digest_end(&u->digest, &mark.sums);
    rc = u->inner->ops->set_mark(u->inner, &mark);
    return u->claim && rc != -EOPNOTSUPP ? rc : 0;
}

static int sync_content(struct upload *u)
{
    return u->st.storage->durable && u->inner->ops->sync ? u->inner->ops->sync(u->inner) : 0;
}

static int sync_name(struct upload *u)
{
    return u->st.storage->durable && u->inner->ops->sync_name ? u->inner->ops->sync_name(u->inner) : 0;
}

/* What can be done before its turn comes: others who want the name need not wait for the disk as well. */
static int make_ready(struct upload *u)
{
    TRY(u->noted ? 0 : note(u));
    return sync_content(u);
}

/* Somebody changed the file while bytes for its end arrived: they go behind what is there now. */
static int append_again(struct upload *u, bool there)
{
    CLEANUP(file_close) struct file *late = u->inner, *now = NULL;
    int64_t tail = late->size - u->base;

    if (u->hidden && u->claim)
        quota_came(upload_quotas(u), u->st.account, late->size);
    u->inner = NULL;
    u->hidden = u->resumed = false; /* should the commit fail, the partial is there as it was */
    u->unsummed = true;
    u->begun = 0;
    TRY(upload_ops(u)->create(&u->here, u->path, &u->inner));
    if (there) {
        TRY(upload_ops(u)->open(&u->here, u->path, &now));
        TRY(u->inner->ops->copy(u->inner, now, 0, now->size));
    }
    TRY(u->inner->ops->copy(u->inner, late, u->base, tail));
    return make_ready(u);
}

/* now: what stands there, NULL: nothing. */
static int settle_append(struct upload *u, const struct store_found *now)
{
    if (u->old && now && u->old->opened.ino == now->stat.ino && u->old->size == now->stat.size && u->old->ops->same(u->old))
        return 0;
    return u->old || now ? append_again(u, now) : 0;
}

/* 1 and what stands there, 0: nothing does. */
static int look_again(struct upload *u, struct store_found *old)
{
    int rc = u->inner->ops->look(u->inner, old);

    if (rc == 0 && !u->replace)
        return -EEXIST;
    return rc == -ENOENT ? 0 : rc < 0 ? rc : 1;
}

/* Another program may have taken the name since we looked: it does not know our locks. */
static int commit(struct upload *u, bool replace)
{
    struct store_found late;
    int rc = u->inner->ops->commit(u->inner, replace);

    if (rc == -EEXIST && look_again(u, &late) == 1)
        rc = u->inner->ops->commit(u->inner, true);
    return rc;
}

/* The name, at last. Quotas change just before: what fails after that is taken back. */
static int name_it(struct upload *u, const struct store_found *old)
{
    int64_t size = u->inner->size, replaces = old ? old->stat.size : -1;
    const char *from = old ? old->account : "";
    int rc;

    TRY(quota_commit(upload_quotas(u), &u->claim, size, from, replaces));
    rc = commit(u, old);
    if (rc >= 0)
        return rc;
    if (!u->hidden) /* a partial is there as before, and counts as stored until it is removed */
        quota_went(upload_quotas(u), u->st.account, size);
    if (old)
        quota_came(upload_quotas(u), from, replaces);
    return rc;
}

static int commit_locked(struct upload *u)
{
    struct store_found found, *old;
    int there = look_again(u, &found);

    TRY(there);
    old = there ? &found : NULL;
    if (u->how == STORE_APPEND)
        TRY(settle_append(u, old));
    return name_it(u, old);
}

/* Whatever else was kept of this name is of no use any more. */
static void clean_up(struct upload *u)
{
    if (u->hidden)
        partial_forget(&u->here, u->own);
    else if (partial_any(u->st.storage) && upload_own(u) == 0)
        partial_drop(&u->here, u->own);
}

static int commit_here(struct upload *u)
{
    uint64_t id = u->inner->ops->name_id(u->inner);
    struct name_locks held;
    int rc;

    if (!id)
        return -EIO;
    held = names_take(u->st.storage->shared, id, 0);
    rc = commit_locked(u);
    names_give(&held);
    return rc;
}

/* Small numbers first, as people count; where many have come already, one that nobody has had. */
enum { COUNTED = 9, TRIES = 30 };

static int aim_beside(struct upload *u, unsigned n)
{
    char *path = malloc(PATH_CAP);

    if (!path)
        return -ENOMEM;
    free(u->other);
    u->other = path;
    TRY(path_numbered(span_of(u->path), n <= COUNTED ? n : 10000000 + (unsigned)(fs_random() % 90000000), path, PATH_CAP));
    return u->inner->ops->aim(u->inner, path);
}

/* Whatever it is that has the name. When the quota has counted it already (its claim is gone), another program was in between: once is
 * enough. */
static bool is_taken(const struct upload *u, int rc, bool claimed)
{
    return (rc == -EEXIST || rc == -EISDIR || rc == -EPERM) && (u->claim || !claimed);
}

static int commit_somewhere(struct upload *u)
{
    bool claimed = u->claim;
    int rc = commit_here(u);

    for (unsigned n = 2; n < TRIES && u->yields && is_taken(u, rc, claimed); n++) {
        TRY(aim_beside(u, n));
        rc = commit_here(u);
    }
    return rc;
}

/* What stands there is not looked at: the name is given if it is free. Somebody else's turn is not waited for. */
static int commit_if_free(struct upload *u)
{
    uint64_t id = u->inner->ops->name_id(u->inner);
    struct name_locks held;
    int rc;

    if (!id || !names_try(u->st.storage->shared, id, &held))
        return -EAGAIN;
    rc = u->inner->ops->commit(u->inner, false);
    names_give(&held);
    return rc == -EEXIST ? -EAGAIN : rc;
}

int upload_commit_quick_call(void *arg)
{
    struct upload *u = arg;

    TRY(note(u));
    u->noted = true;
    TRY(commit_if_free(u));
    u->done = true;
    file_close(&u->inner);
    return 0;
}

int upload_commit_call(void *arg)
{
    struct upload *u = arg;
    int rc;

    TRY(make_ready(u));
    TRY(commit_somewhere(u));
    u->done = true;
    rc = sync_name(u);
    file_close(&u->inner); /* here, where a slow disk may take its time */
    clean_up(u);
    return rc; /* there is no way back: it has the name, and nobody can tell whether that is on the disk */
}

/* ---- other ends ---- */

/* Whatever has a name says whose it is: who computes its sum, to note it, keeps what was noted before. */
static int sign(struct upload *u)
{
    struct mark mark = { 0 };

    strncpy(mark.account, u->st.account, MARK_ACCOUNT);
    return u->inner->ops->set_mark(u->inner, &mark);
}

static int hide(struct upload *u)
{
    int64_t replaced = -1;
    int rc;

    u->once = true;
    TRY(upload_own(u));
    TRY(partial_announce(&u->here, u->own, u->path));
    atomic_fetch_add(&u->st.storage->shared->partials, 1); /* whoever asks from now on looks */
    rc = u->inner->ops->hide(u->inner, u->own, &replaced);
    if (replaced >= 0)
        quota_went(upload_quotas(u), u->st.account, replaced);
    TRY(rc);
    u->once = false;
    u->hidden = true;
    u->resumed = u->begun > 0; /* what it replaces was there before, and stays that long */
    quota_is_named(upload_quotas(u), u->claim);
    atomic_fetch_add(&u->st.storage->shared->partials, 1); /* again: a sweep that missed it sees this */
    return 0;
}

int upload_settle_call(void *arg)
{
    const struct upload *u = arg;

    return partials_settle(u->st.storage);
}

/* Not a word to the client if it cannot be: then the upload is as one that is too small. */
int upload_hide_call(void *arg)
{
    sign(arg);
    return hide(arg);
}

int upload_keep_call(void *arg)
{
    struct upload *u = arg;

    note(u);
    if (!u->hidden)
        TRY(hide(u));
    u->done = true;
    quota_kept(upload_quotas(u), &u->claim, u->inner->size);
    return 0;
}

/* What there was no room for goes, while the partial is still ours alone; it stays as it was found. Without a claim all of it
 * counts as stored: a commit has failed. */
static void keep_as_found(struct upload *u)
{
    int64_t more = u->inner->size - u->begun;

    if (more > 0 && u->inner->ops->cut(u->inner, u->begun) == 0) {
        u->unsummed = true;
        if (!u->claim)
            quota_shrank(upload_quotas(u), u->st.account, more);
    }
    upload_keep_call(u);
}

/* The hidden name goes while it is still ours alone: once the file is closed, it may be that of another session's partial. Where
 * it cannot be taken away, a partial stays. Without a claim it counts as stored: a commit has failed. */
static void withdraw(struct upload *u)
{
    if (u->inner->ops->unhide(u->inner) < 0) {
        quota_kept(upload_quotas(u), &u->claim, u->inner->size);
        return;
    }
    if (!u->claim)
        quota_went(upload_quotas(u), u->st.account, u->inner->size);
    partial_forget(&u->here, u->own);
}

/* What has no name is gone with its descriptor, and freeing it may take a while. */
int upload_discard_call(void *arg)
{
    struct upload *u = arg;

    if (u->resumed && u->inner && !u->done)
        keep_as_found(u);
    if (u->hidden && u->inner && !u->done)
        withdraw(u);
    file_close(&u->inner);
    file_close(&u->old);
    return 0;
}

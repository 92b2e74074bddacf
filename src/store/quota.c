/* quota: see quota.h. Called by the store's front, from any worker; owns the table, in shared memory under one lock that
 * survives the death of its holder. There are few accounts with limits and at most as many claims as sessions, so sums are
 * taken by looking at all of them: nothing is counted twice that could drift apart. */
#include "store/quota_impl.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- under the lock ---- */

/* The account's row; one that is met for the first time gets the limits of all. NULL: it has no limit. */
static struct quota_account *row(struct quotas *q, const char *name)
{
    struct quota_account *a = quota_find(q, span_of(name));

    if (a || !q->has_others || !*name)
        return a;
    return quota_new_row(q, span_of(name), &q->others);
}

static int64_t claimed(const struct quotas *q, unsigned account, int64_t *files)
{
    int64_t bytes = 0;

    *files = 0;
    for (unsigned i = 0; i < q->top; i++) {
        const struct quota_claim *c = &q->claim[i];

        if (!c->who.pid || c->account != account)
            continue;
        bytes += c->bytes;
        *files += 1;
    }
    return bytes;
}

/* Does everything that is stored and under way fit, when this claim's credit is taken off? */
static bool fits(const struct quotas *q, const struct quota_claim *c)
{
    const struct quota_account *a = &q->account[c->account];
    int64_t files, bytes = claimed(q, c->account, &files);

    return bytes + a->bytes - c->credit_bytes <= a->limits.bytes && files + a->files - c->credit_files <= a->limits.files;
}

static void moved(struct quota_account *a, int64_t bytes, int64_t files)
{
    if (!a)
        return;
    a->bytes += bytes;
    a->files += files;
}

/* A worker that died holds nothing but what has got a name already. True if there was one. */
static bool reap(struct quotas *q)
{
    struct proc_id alive = { 0 }; /* the one asked last: many claims are of one process */
    bool any = false;

    for (unsigned i = 0; i < q->top; i++) {
        struct quota_claim *c = &q->claim[i];

        if (!c->who.pid || c->who.pid == alive.pid)
            continue;
        if (proc_lives(&c->who)) {
            alive = c->who;
            continue;
        }
        if (c->named)
            moved(&q->account[c->account], c->bytes, 1);
        c->who.pid = 0;
        any = true;
    }
    return any;
}

static bool fits_at_last(struct quotas *q, const struct quota_claim *c)
{
    return fits(q, c) || (reap(q) && fits(q, c));
}

static struct quota_claim *free_claim(struct quotas *q)
{
    for (unsigned i = 0; i < q->claims; i++)
        if (!q->claim[i].who.pid) {
            q->top = i < q->top ? q->top : i + 1;
            return &q->claim[i];
        }
    return NULL;
}

/* ---- uploads ---- */

static int claim(struct quotas *q, const char *name, int64_t replaces, struct quota_claim **out)
{
    struct quota_account *a = row(q, name);
    struct quota_claim *c;

    if (!a)
        return 0;
    c = free_claim(q);
    if (!c && reap(q))
        c = free_claim(q);
    if (!c)
        return -ENOMEM;
    *c = (struct quota_claim){ .who = proc_self(), .account = (unsigned)(a - q->account),
                               .credit_bytes = replaces > 0 ? replaces : 0, .credit_files = replaces >= 0 };
    if (!fits_at_last(q, c)) {
        c->who.pid = 0;
        return -EDQUOT;
    }
    *out = c;
    return 0;
}

int quota_claim(struct quotas *q, const char *account, int64_t replaces, struct quota_claim **out)
{
    int rc;

    *out = NULL;
    if (!q)
        return 0;
    lock_take(&q->lock);
    rc = claim(q, account, replaces, out);
    lock_give(&q->lock);
    return rc;
}

int quota_add(struct quotas *q, struct quota_claim *c, int64_t bytes)
{
    bool ok;

    if (!c)
        return 0;
    lock_take(&q->lock);
    c->bytes += bytes;
    ok = fits_at_last(q, c);
    if (!ok)
        c->bytes -= bytes;
    lock_give(&q->lock);
    return ok ? 0 : -EDQUOT;
}

void quota_is_named(struct quotas *q, struct quota_claim *c)
{
    if (!c)
        return;
    lock_take(&q->lock);
    c->named = true;
    lock_give(&q->lock);
}

/* In one step: in between nobody else can take the room. */
static int resume(struct quotas *q, struct quota_account *a, const struct quota_claim *like, int64_t held, struct quota_claim **out)
{
    int rc;

    moved(a, -held, -1);
    rc = claim(q, a->name, like->credit_files ? like->credit_bytes : -1, out);
    if (rc == 0) {
        (*out)->bytes = like->bytes;
        (*out)->named = true;
        if (fits_at_last(q, *out))
            return 0;
        (*out)->who.pid = 0;
        *out = NULL;
    }
    moved(a, like->bytes, 1);
    return rc < 0 ? rc : -EDQUOT;
}

int quota_resume(struct quotas *q, const char *account, int64_t held, int64_t bytes, int64_t replaces,
                 struct quota_claim **out)
{
    struct quota_claim like = { .bytes = bytes, .credit_bytes = replaces, .credit_files = replaces >= 0 };
    struct quota_account *a;
    int rc;

    *out = NULL;
    if (!q)
        return 0;
    lock_take(&q->lock);
    a = row(q, account);
    rc = a ? resume(q, a, &like, held, out) : 0;
    lock_give(&q->lock);
    return rc;
}

/* The credit of the beginning was a guess: what is replaced may have changed since. */
static bool settle(struct quotas *q, struct quota_claim *c, int64_t bytes, struct quota_account *from, int64_t replaces)
{
    if (c) {
        bool own = from == &q->account[c->account];

        c->bytes = bytes;
        c->credit_bytes = own ? replaces : 0;
        c->credit_files = own;
        if (!fits_at_last(q, c))
            return false;
        c->who.pid = 0;
        moved(&q->account[c->account], bytes, 1);
    }
    if (from)
        moved(from, -replaces, -1);
    return true;
}

int quota_commit(struct quotas *q, struct quota_claim **c, int64_t bytes, const char *from, int64_t replaces)
{
    bool ok;

    if (!q)
        return 0;
    lock_take(&q->lock);
    ok = settle(q, *c, bytes, replaces >= 0 ? row(q, from) : NULL, replaces);
    lock_give(&q->lock);
    if (ok)
        *c = NULL;
    return ok ? 0 : -EDQUOT;
}

void quota_kept(struct quotas *q, struct quota_claim **c, int64_t bytes)
{
    if (!*c)
        return;
    lock_take(&q->lock);
    moved(&q->account[(*c)->account], bytes, 1);
    (*c)->who.pid = 0;
    lock_give(&q->lock);
    *c = NULL;
}

void quota_release(struct quotas *q, struct quota_claim **c)
{
    if (!*c)
        return;
    lock_take(&q->lock);
    (*c)->who.pid = 0;
    lock_give(&q->lock);
    *c = NULL;
}

/* ---- everything else ---- */

static void change(struct quotas *q, const char *account, int64_t bytes, int64_t files)
{
    if (!q)
        return;
    lock_take(&q->lock);
    moved(row(q, account), bytes, files);
    lock_give(&q->lock);
}

void quota_came(struct quotas *q, const char *account, int64_t bytes)
{
    change(q, account, bytes, 1);
}

void quota_went(struct quotas *q, const char *account, int64_t bytes)
{
    change(q, account, -bytes, -1);
}

void quota_shrank(struct quotas *q, const char *account, int64_t bytes)
{
    change(q, account, -bytes, 0);
}

int quota_use(struct quotas *q, const char *account, struct quota_use *out)
{
    struct quota_account *a;
    int64_t files;

    if (!q)
        return -ENOENT;
    lock_take(&q->lock);
    reap(q);
    a = row(q, account);
    if (a)
        *out = (struct quota_use){ .bytes = a->bytes, .files = a->files, .most_bytes = a->limits.bytes,
                                   .most_files = a->limits.files,
                                   .claimed = claimed(q, (unsigned)(a - q->account), &files) };
    lock_give(&q->lock);
    return a ? 0 : -ENOENT;
}

int64_t quota_left(struct quotas *q, const char *account)
{
    struct quota_use u;
    int64_t left;

    if (quota_use(q, account, &u) < 0 || u.most_bytes == INT64_MAX)
        return INT64_MAX;
    left = u.most_bytes - u.bytes - u.claimed;
    return left > 0 ? left : 0;
}

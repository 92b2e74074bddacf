/* quota: how much each account may store, and does, counted in memory that all workers share: the same for processes, threads
 * and coroutines, exact at any concurrency. A file counts for the account that stored it, a partial for the one whose it is.
 *
 * An upload holds a claim: its bytes count while they arrive, so that what would go too far is refused at once. With the
 * commit the claim becomes use. The claim of a worker that died is given up when somebody misses the room.
 * Every function takes NULL for the table, for servers without quotas, and a NULL claim for an account without one. */
#ifndef DRAY_STORE_QUOTA_H
#define DRAY_STORE_QUOTA_H

#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"

struct quotas;
struct quota_claim;

/* Each item is [NAME=]BYTES[:FILES], bytes with K, M, G or T; without a name for every account that has none of its own. *out
 * is NULL for an empty list. `claims`: uploads at once. -EINVAL and a sentence in err; -ENOMEM. Lives as long as the server. */
int quotas_new(const struct conf_list *, unsigned claims, struct quotas **out, struct buf *err);

/* ---- uploads ---- */

/* An upload begins; what it will replace (bytes of one file, -1: nothing) is credited to it. -EDQUOT: one file too many. */
int quota_claim(struct quotas *, const char *account, int64_t replaces, struct quota_claim **out);
/* More bytes. -EDQUOT, nothing was added. */
int quota_add(struct quotas *, struct quota_claim *, int64_t bytes);
/* If its worker dies, the bytes remain: they have a name on the disk. */
void quota_is_named(struct quotas *, struct quota_claim *);
/* A partial that counts as stored with `held` bytes goes on, from its first `bytes`: a named claim from now on. -EDQUOT: it
 * counts as stored, with those. */
int quota_resume(struct quotas *, const char *account, int64_t held, int64_t bytes, int64_t replaces,
                 struct quota_claim **out);
/* The upload is now a file of `bytes`, in place of one of `replaces` bytes of the account `from` (-1: of nothing).
 * -EDQUOT: it does not fit, and nothing has changed. The claim is gone otherwise. */
int quota_commit(struct quotas *, struct quota_claim **, int64_t bytes, const char *from, int64_t replaces);
/* It broke off, and its `bytes` stay: they count whatever the limit says, as the old version, whose credit is gone, stands
 * beside them. The claim is gone. */
void quota_kept(struct quotas *, struct quota_claim **, int64_t bytes);
/* It came to nothing. */
void quota_release(struct quotas *, struct quota_claim **);

/* ---- everything else ---- */

/* A file of that many bytes has come, or gone. */
void quota_came(struct quotas *, const char *account, int64_t bytes);
void quota_went(struct quotas *, const char *account, int64_t bytes);
/* What is stored has lost so many of its bytes at its end. */
void quota_shrank(struct quotas *, const char *account, int64_t bytes);
/* Bytes that the account may still store: INT64_MAX without a limit. */
int64_t quota_left(struct quotas *, const char *account);

struct quota_use {
    int64_t bytes, files;               /* what is stored */
    int64_t claimed;                    /* bytes under way */
    int64_t most_bytes, most_files;     /* INT64_MAX: no limit */
};
/* -ENOENT: the account has no limit. */
int quota_use(struct quotas *, const char *account, struct quota_use *out);

#endif

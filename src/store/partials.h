/* partials: all that a storage keeps of broken uploads, for the operator and for the sweep. */
#ifndef DRAY_STORE_PARTIALS_H
#define DRAY_STORE_PARTIALS_H

#include "store/storage.h"
#include "wire/mark.h"

struct partial_view {
    char id[33];                    /* the name it is known by */
    char account[MARK_ACCOUNT + 1];
    const char *path;               /* of the file it would have become; valid during the call */
    int64_t size, mtime;            /* bytes; seconds since 1970 */
    bool written;                   /* just now */
};

/* fn for each; negative ends the round and is returned. Blocks. 0 also when nothing was ever kept. */
int partials_each(const struct storage *, int (*fn)(void *ctx, const struct partial_view *), void *ctx);
/* Removes one by its id: -ENOENT, -EBUSY: it is being written. A server that runs beside (storage.served) is left word of it.
 * Blocks. */
int partials_drop(const struct storage *, const char *id);
/* Removes what has not grown for keep_days, and what killed servers left. How many partials went. Blocks. */
int partials_sweep(const struct storage *);
/* What was removed beside this server is taken off the quotas: of how many partials it has had word. Called when room is
 * missed, and by the sweep. Blocks. */
int partials_settle(const struct storage *);
/* At the end of the server: the folder goes, if there is nothing in it. */
void partials_end(const struct storage *);
/* After a sweep: what each account with a quota uses, and whether there are partials, from what is there: once, before the first session.
 * Blocks. */
int store_count(const struct storage *);

#endif

/* storage: one kind of storage, as the server opens and prepares it before the first session. */
#ifndef DRAY_STORE_STORAGE_H
#define DRAY_STORE_STORAGE_H

#include "store/store.h"

enum { STORE_AUTO = -1 };

struct store_shared; /* what all workers of a server must agree on: store/shared.h */

/* One kind of storage, opened once before the first session. Closed by nobody: it lives as long as the server. */
struct storage {
    const struct store_ops *ops;
    bool hidden;  /* show names that begin with a dot */
    bool durable; /* a commit returns when the content is on the disk */
    bool keep;    /* what was received of a broken upload can be resumed; needs `shared` */
    unsigned sums;     /* SUM_BIT: computed of every upload while it arrives */
    unsigned keep_days; /* partials that have not grown for so long are removed */
    int64_t hide_from; /* bytes: from this size on an upload is kept even if the server is killed; 0: as is usual */
    int64_t keep_free; /* bytes: with less than that left, uploads fail with -ENOSPC; STORE_AUTO: a share of the disk */
    struct store_shared *shared;
    bool served; /* we are no server, but one is running on it */
    int root;    /* local: the folder */
    bool quick;  /* local: what is cached is there at once; asked without leaving the task */
    void *state; /* memory */
};

/* Names that the store keeps for itself: never listed, never opened, never made, whatever `hidden` says. */
#define STORE_OWN_PREFIX ".dray-"

/* A folder of this machine. -ENOTDIR, -ENOENT, -EACCES, -ENOSYS (a kernel without openat2). */
int store_local_open(const char *dir, bool hidden, struct storage *out);
/* A server runs on it, as long as this process or a child of it lives. Waits for up to two seconds while somebody has it
 * alone. */
void store_local_serve(const struct storage *);
/* Takes it alone, until this process ends: false when a server runs on it, or that cannot be known. */
bool store_local_alone(const struct storage *);
/* An empty one in memory, for so many bytes of content (a file takes multiples of 64 KiB); what the processes share that are
 * forked later. -ENOMEM. */
int store_mem_open(size_t bytes, bool hidden, struct storage *out);

/* What is to be done every hour, by one of all workers: old partials are removed. Returns when it is due again. */
int64_t store_chores(const struct storage *, struct rt_task *);

#endif

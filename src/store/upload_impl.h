/* upload_impl: an upload from inside, for upload.c, upload_begin.c and upload_end.c only. What begins and ends one runs inside
 * rt_call, with a task of its own that blocks (`here`). */
#ifndef DRAY_STORE_UPLOAD_IMPL_H
#define DRAY_STORE_UPLOAD_IMPL_H

#include "store/partial.h"
#include "store/shared.h"
#include "store/upload.h"
#include "sys/digest.h"

struct upload {
    struct file file; /* first: what the session holds */
    struct file *inner;
    struct store st, here;
    struct rt_task task; /* of here */
    char *path;          /* as asked */
    char *other;         /* the one that it yielded to; NULL: it has not */
    enum store_how how;
    bool replace;
    bool yields;         /* to a name that is taken: it becomes another one beside it */
    bool partial, once;  /* as asked; once also when it could not be hidden */
    bool resumed;        /* it goes on with what was kept before: that stays, whatever comes */
    bool hidden;         /* the inner file has the partial's name */
    bool done;           /* it has got the name it was meant for, or is kept */
    bool fresh;          /* nothing stood there when it began, and nothing about it takes long */
    bool noted;          /* the inner file has its mark */
    bool unsummed;       /* it began with bytes whose sum is not known */
    int64_t keep, begun; /* as asked; how much of the partial it began with */
    int64_t credit;      /* bytes of this account's that it replaces; -1: none */
    int64_t base;        /* APPEND: so many bytes of the old version come first */
    struct file *old;    /* that version */
    int64_t look_at;     /* at this size the free space is looked at again */
    struct digest digest;
    struct quota_claim *claim;
    char own[PARTIAL_NAME]; /* upload_own fills it */
};

static inline const struct store_ops *upload_ops(const struct upload *u)
{
    return u->st.storage->ops;
}

static inline struct quotas *upload_quotas(const struct upload *u)
{
    return u->st.storage->shared ? u->st.storage->shared->quotas : NULL;
}

/* The partial's name: made when it is first asked for. -ENOMEM. */
int upload_own(struct upload *);
/* Each for rt_call; arg is the upload. */
int upload_begin_call(void *arg);
int upload_commit_call(void *arg);
/* The same for rt_call_quick. -EAGAIN: it takes more than that; nothing has changed. */
int upload_begin_quick_call(void *arg);
int upload_commit_quick_call(void *arg);
int upload_keep_call(void *arg);
/* Closes all there is; what has not come to an end is gone. */
int upload_discard_call(void *arg);
/* Gives it the name of a partial: from now on it can be resumed, even if the server is killed. */
int upload_hide_call(void *arg);
/* See partials_settle. */
int upload_settle_call(void *arg);
/* -ENOSPC when too little is free. */
int upload_look_call(void *arg);

#endif

/* quota_impl: the table of quotas from inside, for quota.c and quota_conf.c only. */
#ifndef DRAY_STORE_QUOTA_IMPL_H
#define DRAY_STORE_QUOTA_IMPL_H

#include "store/quota.h"
#include "sys/lock.h"
#include "sys/proc_id.h"
#include "wire/mark.h"

enum { ACCOUNTS = 256 };

struct quota_limits {
    int64_t bytes, files;
};

struct quota_account {
    char name[MARK_ACCOUNT + 1];
    struct quota_limits limits;
    int64_t bytes, files; /* stored */
};

struct quota_claim {
    struct proc_id who; /* 0: free */
    unsigned account;
    int64_t bytes;
    int64_t credit_bytes, credit_files;
    bool named;
};

struct quotas {
    struct lock lock;
    struct quota_limits others; /* of accounts that are not named */
    bool has_others;
    unsigned n, claims, top; /* top: no claim from this number on was ever taken */
    struct quota_account account[ACCOUNTS];
    struct quota_claim claim[];
};

/* The row of an account that has one, or a new one; NULL: none, or no room for more. */
struct quota_account *quota_find(struct quotas *, struct span name);
struct quota_account *quota_new_row(struct quotas *, struct span name, const struct quota_limits *);

#endif

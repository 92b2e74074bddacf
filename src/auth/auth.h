/* auth: who may log in, and with which rights. Built once from what the operator said, then only read. */
#ifndef DRAY_AUTH_AUTH_H
#define DRAY_AUTH_AUTH_H

#include "conf/conf.h"
#include "conf/rights.h"

enum { ACCOUNT_NAME_MAX = 64 };

/* What an account may use at once; 0: no limit of its own. */
struct account_limits {
    unsigned sessions;
    int64_t down, up; /* bytes a second, of all its sessions together */
};

struct account {
    char name[ACCOUNT_NAME_MAX + 1];
    char *password; /* NULL: none is asked (anonymous) */
    unsigned rights;      /* bits of enum right */
    struct account_limits limits;
};

struct auth {
    unsigned n;
    struct account account[CONF_LIST_MAX];
    struct account anonymous;
    bool allow_anonymous;
};

/* From --account, --no-anonymous, --read-only and --writable. -EINVAL and a sentence in err. */
int auth_init(struct auth *, const struct conf *, struct buf *err);

/* Wipes and frees the passwords. */
void auth_free(struct auth *);

/* Is this one of the names that need no password (anonymous, ftp)? */
bool auth_is_anonymous(struct span name);

/* The account that these words open, or NULL. Takes the same time whether the name or the password is wrong. */
const struct account *auth_check(const struct auth *, struct span name, struct span password);

#endif

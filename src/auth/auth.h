/* auth: who may log in, and with which rights: the accounts of the command line, those of the accounts file, and everybody.
 * Made once from what the operator said; the file is read again when it has changed. */
#ifndef DRAY_AUTH_AUTH_H
#define DRAY_AUTH_AUTH_H

#include <stdatomic.h>

#include "conf/conf.h"
#include "obs/log.h"
#include "rt/rt.h"
#include "wire/rights.h"

enum { ACCOUNT_NAME_MAX = 64, AUTH_STAMP = 64 };

/* What an account may use at once; 0: no limit of its own. */
struct account_limits {
    unsigned sessions;
    int64_t down, up; /* bytes a second, of all its sessions together */
};

/* One that was in the file lives as long as somebody holds it (account_drop). */
struct account {
    char name[ACCOUNT_NAME_MAX + 1];
    const char *secret; /* --account: the password; of the file: its hash, "" when nobody can log in; NULL: none is asked */
    const char *home;   /* a folder inside the shared one that is its "/"; NULL: all of it */
    const char *notes;  /* the operator's own; never NULL in one of the file */
    struct rights rights;
    struct account_limits limits;
    bool system;        /* a system user's */
    atomic_uint refs;   /* 0: it lives as long as the server */
};

struct auth_file;
struct priv;

struct auth {
    unsigned n;
    struct account account[CONF_LIST_MAX];
    struct account anonymous;
    bool allow_anonymous, system; /* system: by PAM, see priv */
    struct auth_file *file; /* NULL: there is none, see auth_users */
    struct priv *priv;      /* system users come after all others, by this broker; NULL: they do not. The caller's */
};

/* From --account, --anonymous and its short forms. -EINVAL and a sentence in err. */
int auth_init(struct auth *, const struct conf *, struct buf *err);
/* Adds the accounts of a file, which may change later. Where there is none, and none is `required`, none is looked for again.
 * Before the first fork; `log` hears of a file that cannot be used later on. -EINVAL and a sentence in err. */
int auth_users(struct auth *, const char *path, bool required, const struct log *log, struct buf *err);
/* Looks for changes, once who we are and what we may read is as it will be: the log hears of it when the file cannot be read. */
void auth_users_look(const struct auth *);
/* Could anybody log in? -EINVAL and a sentence in err. */
int auth_somebody(const struct auth *, struct buf *err);

/* Wipes and frees the passwords. */
void auth_free(struct auth *);

/* Is this one of the names that need no password (anonymous, ftp)? */
bool auth_is_anonymous(struct span name);

/* The account that these words open, for a client at that address; the caller drops it. -EACCES: none; it takes the same time whether the name or the
 * password is wrong. Waits, also for its turn: few passwords are hashed at once. -ECANCELED, -ENOMEM; of system users
 * also -EPIPE (their broker is gone), -EBUSY, -ETIMEDOUT. */
int auth_check(const struct auth *, struct rt_task *, struct span name, struct span password, const char *peer,
               const struct account **out);
/* If the account is a system user's, the session's process becomes him, for good; on failure it must end. */
int auth_become(const struct auth *, const struct account *);
/* Has it? Then nobody else can log in here. */
bool auth_changed(const struct auth *);
/* The account of that name, for who has proved otherwise whose it is; the caller drops it. -EACCES: there is none. */
int auth_find(const struct auth *, struct rt_task *, struct span name, const struct account **out);
/* The same text as long as it is this account with this password, and another one for each salt; of the length of a SHA-256. Who does not
 * know the salt cannot guess passwords by it. -EACCES: it has none. */
int auth_stamp(const struct account *, struct span salt, char out[AUTH_STAMP + 1]);
/* Nulls it. */
void account_drop(const struct account **);

/* The accounts file and how many accounts are in it; NULL: there is none. */
const char *auth_users_path(const struct auth *, unsigned *count);
/* Can the file be read again, as the user that this process is by now? */
bool auth_users_followed(const struct auth *);
/* The folder that must stay readable while the server runs, so that the file can be read again; NULL: none. */
const char *auth_users_folder(const struct auth *);

#endif

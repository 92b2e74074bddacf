/* auth_impl: shared by the files of auth/ only. */
#ifndef DRAY_AUTH_AUTH_IMPL_H
#define DRAY_AUTH_AUTH_IMPL_H

#include "auth/auth.h"
#include "sys/edit.h"
#include "sys/lock.h"
#include "sys/proc.h"
#include "sys/secret.h"

/* ---- accounts.c: what is in a file ---- */

struct accounts {
    unsigned n;
    struct account **item; /* by name */
};

struct accounts_fault {
    unsigned line;   /* from 1; 0: of none */
    const char *why; /* the end of a sentence */
};

/* -EBADMSG and a fault, -ENOMEM. */
int accounts_parse(struct span text, struct accounts **out, struct accounts_fault *);
/* What others hold stays. For CLEANUP. */
void accounts_free(struct accounts **);
/* NULL: there is none of that name. */
struct account *accounts_find(const struct accounts *, struct span name);

/* ---- auth_pam.c: system users ---- */

/* As auth_check. */
int auth_pam_check(struct priv *, struct rt_task *, struct span name, struct span password, const char *peer,
                   const struct account **out);

/* ---- auth_file.c: the file, as all workers see it ---- */

/* What all processes agree on. The text of the file as it was last in order: a worker that finds it broken, or is forked
 * later, has the same accounts as all others. */
struct auth_shared {
    struct lock lock;
    struct edit_stamp seen;       /* of the file that was looked at last, in order or not */
    uint64_t version;             /* of the text */
    size_t len;
    struct lock hash[PROC_COMPUTERS_MAX]; /* whoever hashes a password holds one */
    unsigned hashes;              /* of them in use */
    atomic_uint waiting;          /* for one; too many after a worker was killed, which does no harm */
    char text[EDIT_MAX];
};

struct auth_file {
    char *path, *folder;
    const char *name; /* in path */
    int dir;
    const struct log *log;
    struct auth_shared *shared;
    /* of this process, under the shared lock */
    struct accounts *now;
    uint64_t version;
    uint64_t seed;            /* of whose hash stands in for that of an unknown name */
    char decoy[SECRET_HASH];  /* where there is none */
};

/* Is it certainly as it was, for this process, too? Never blocks. */
bool auth_file_is_current(struct auth_file *);
/* Looks whether the file has changed. Blocks. */
void auth_file_refresh(struct auth_file *);
/* The lock behind which the accounts change. */
void auth_file_take(struct auth_file *);
void auth_file_give(struct auth_file *);
void auth_file_free(struct auth_file **);

/* ---- auth_hash.c ---- */

/* As auth_check, of the file's accounts. */
int auth_file_check(struct auth_file *, struct rt_task *, struct span name, struct span password, const struct account **out);
int auth_file_find(struct auth_file *, struct rt_task *, struct span name, const struct account **out);

#endif

/* users: one line of an accounts file: name:hash:home:rights:limits:notes. Pure. In every field '%', ':', control bytes and
 * DEL are written as %XX. Lines that are blank or begin with '#' are comments. */
#ifndef DRAY_WIRE_USERS_H
#define DRAY_WIRE_USERS_H

#include "base/buf.h"
#include "wire/rights.h"

enum { USER_LINE = 4096, USER_NAME = 64, USER_HASH = 383 }; /* bytes at most: of a line without its end, a name, a hash */

/* What an account may use at once; 0: no limit of its own. */
struct user_limits {
    uint64_t sessions;
    int64_t down, up; /* bytes a second */
};

struct user {
    struct span name, hash;  /* hash: as crypt(3) makes it; empty: nobody can log in */
    struct span home;        /* "/a/b", normal; empty: the whole shared folder */
    struct span rights, notes;
    struct rights may;       /* rights, parsed; empty rights are `add` */
    struct user_limits limits;
    char text[USER_LINE];    /* what the spans view: a copied struct has to be parsed anew */
};

/* 1: an account; 0: a comment; -EBADMSG, and *why is the end of a sentence. */
int user_parse(struct span line, struct user *out, const char **why);
/* The line for the account, without its end. */
void user_print(struct buf *b, const struct user *);

/* "sessions=4 down=2M up=500K", in any order, each once; -EINVAL, -ERANGE. */
int user_limits_parse(struct span text, struct user_limits *out);
void user_limits_print(struct buf *b, const struct user_limits *);

/* NULL, or why this cannot be the name of an account: the end of a sentence. */
const char *user_name_fault(struct span name);
/* NULL, or why this cannot be a home. */
const char *user_home_fault(struct span home);

#endif

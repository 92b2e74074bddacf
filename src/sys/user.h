/* user: whom a server that was started as root works as. -errno on failure. */
#ifndef DRAY_SYS_USER_H
#define DRAY_SYS_USER_H

#include <stdbool.h>

enum { USER_NAME_MAX = 64, USER_GROUPS = 128 };

/* What is kept of root: may lock memory; may become another user. */
enum user_keep { USER_LOCKS = 1, USER_CHANGES = 2 };

struct user {
    unsigned uid, gid;
    char name[USER_NAME_MAX]; /* "": it has none */
};

/* A user as the kernel knows him. */
struct user_groups {
    unsigned uid, gid, n;
    unsigned group[USER_GROUPS];
};

/* Are we root? */
bool user_is_root(void);
/* Who we are, as far as files are concerned. */
void user_self(struct user *out);
/* By name or as UID:GID. -ENOENT: there is nobody of that name; -EINVAL: numbers that are none. */
int user_find(const char *name, struct user *out);
/* Whom the file or folder belongs to; his group when he has no name is that of the file. */
int user_of_file(const char *path, struct user *out);
/* Becomes him, with his groups, and makes sure that there is no way back (but by USER_CHANGES). As root only. keep: of user_keep. */
int user_become(const struct user *, unsigned keep);
/* From who has kept USER_CHANGES to this one, for good and without any capability. On failure it is somewhere between. */
int user_switch(const struct user_groups *);
/* Is there no permission missing? */
bool user_may_list(const char *folder);
/* Gives up all capabilities; root keeps those that let him read and write anybody's files. keep: as above. */
int user_give_up(unsigned keep);

#endif

/* user: whom a server that was started as root works as. -errno on failure. */
#ifndef DRAY_SYS_USER_H
#define DRAY_SYS_USER_H

#include <stdbool.h>

enum { USER_NAME_MAX = 64 };

struct user {
    unsigned uid, gid;
    char name[USER_NAME_MAX]; /* "": it has none */
};

/* Are we root? */
bool user_is_root(void);
/* Who we are, as far as files are concerned. */
void user_self(struct user *out);
/* By name or as UID:GID. -ENOENT: there is nobody of that name; -EINVAL: numbers that are none. */
int user_find(const char *name, struct user *out);
/* Whom the file or folder belongs to; his group when he has no name is that of the file. */
int user_of_file(const char *path, struct user *out);
/* Becomes him, with his groups, and makes sure that there is no way back. As root only. locks: may still lock memory. */
int user_become(const struct user *, bool locks);
/* Is there no permission missing? */
bool user_may_list(const char *folder);
/* Gives up all capabilities; root keeps those that let him read and write anybody's files. locks: as above. */
int user_give_up(bool locks);

#endif

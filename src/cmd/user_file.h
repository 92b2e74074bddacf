/* user_file: the accounts file as `dray user` sees it: read, and changed in one step. */
#ifndef DRAY_CMD_USER_FILE_H
#define DRAY_CMD_USER_FILE_H

#include "wire/users.h"

/* What is to become of one account. */
struct user_edit {
    struct span name;
    bool add;  /* there must be none of that name; otherwise there must be one */
    bool drop;
    void (*fill)(void *ctx, struct user *); /* sets the fields; of a new one all but the name are empty */
    void *ctx;
};

/* The file as it was, or as it shall be: nothing between, whoever is interrupted, and nobody's change is lost. 1: there was no file
 * before; 0; -errno and a sentence in err: -EEXIST, -ENOENT (no such account), -EBADMSG (some line is not in order). */
int user_file_edit(const char *path, const struct user_edit *, struct buf *err);
/* Each account of the file, in its order. A missing file has none. The same errors. */
int user_file_each(const char *path, void (*fn)(void *ctx, const struct user *), void *ctx, struct buf *err);

#endif

/* access: what a session may see and do in a storage: its rights, folder by folder, and its home. */
#ifndef DRAY_STORE_ACCESS_H
#define DRAY_STORE_ACCESS_H

#include "store/store.h"

/* From now on this folder of the storage is "/", and nothing outside of it is there, whatever links say. It is made when it is
 * missing and the rights allow adding. -ENOENT, -EACCES. Undone by store_leave; files and folders are closed before. */
int store_enter(struct store *, const char *home);
void store_leave(struct store *);

/* What may be done at this path: bits of enum right. A folder through which others can be reached counts as readable. */
unsigned store_rights(const struct store *, const char *path);
/* May what is there be renamed, as far as rules for what is below it go? */
bool store_moves(const struct store *, const char *path);
/* The path of the entry that dir_next gave last; until the next call. NULL: it has the rights of all others. */
const char *dir_path(const struct dir *);

#endif

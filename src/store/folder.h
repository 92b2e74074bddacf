/* folder: shared by the files of the local store only. */
#ifndef DRAY_STORE_FOLDER_H
#define DRAY_STORE_FOLDER_H

#include "store/store_impl.h"
#include "sys/fs.h"

/* The path as the system calls want it: relative to the root, "." for the root itself. */
const char *folder_rel(const char *path);

/* What a client may see of what was found: -ENOENT for anything but files and folders. */
int folder_stat_of(const struct fs_stat *raw, struct store_stat *out);

/* Follows links, below the root only. FS_CACHED: -EAGAIN instead of waiting for a disk. */
int folder_stat(int root, const char *path, enum fs_lookup, struct store_stat *out);

/* Work that begins with how it may look names up. */
struct folder_call {
    enum fs_lookup lookup;
};
/* Runs fn(call) here as far as the cache goes, and otherwise where it may block. */
int folder_try(const struct store *, int (*fn)(void *), struct folder_call *call);

/* A descriptor of the folder that holds the path's leaf; *leaf points into path. -EINVAL for the root. */
int folder_parent(int root, const char *path, const char **leaf);

/* What stands at the leaf, for whoever wants to put something there: 0 a file (or a link to one), -ENOENT free, -EISDIR,
 * -EPERM something that is not shown and must not be touched. */
int folder_target(int root, const char *path, int dir, const char *leaf);

int folder_open(const struct store *, const char *path, struct file **out);
int folder_create(const struct store *, const char *path, enum store_how, int64_t keep, struct file **out);
int folder_list(const struct store *, const char *path, bool stats, struct dir **out);
int folder_change(const struct store *, const struct store_change *);

#endif

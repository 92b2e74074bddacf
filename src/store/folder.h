/* folder: shared by the files of the local store only. */
#ifndef DRAY_STORE_FOLDER_H
#define DRAY_STORE_FOLDER_H

#include "store/store_impl.h"
#include "sys/fs.h"

/* Where the path begins: the session's home or the shared folder, where the store's own files are. */
int folder_root(const struct store *, const char *path);

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
/* Is what is cached there at once? */
bool folder_is_quick(const struct store *);
/* Runs fn(call) here as far as the cache goes, and otherwise where it may block. */
int folder_try(const struct store *, int (*fn)(void *), struct folder_call *call);

/* A descriptor of the folder that holds the path's leaf; *leaf points into path. -EINVAL for the root. */
int folder_parent(int root, const char *path, const char **leaf);

/* What stands at this leaf, seen as a client sees it: 0 a file, -EISDIR a folder, -ENOENT nothing, -EPERM something that is
 * not shown and must not be touched. */
int folder_target(int root, const char *path, int dir, const char *leaf);
/* The same, and what it is. */
int folder_look(int root, const char *path, int dir, const char *leaf, struct store_found *out);

/* A file, and only a file: -EISDIR, -ENOENT for all else. */
int folder_open_regular(int root, const char *path, bool write, enum fs_lookup, struct fs_stat *st);

/* The mark of an open file, see file_ops. */
int folder_get_mark(int fd, struct mark *out);
int folder_set_mark(int fd, const struct mark *);
/* Who stored the file at this leaf; "" when that is not known. */
void folder_account_at(int dir, const char *leaf, char account[MARK_ACCOUNT + 1]);

/* One number for a leaf of an open folder. */
uint64_t folder_name_id(int dir, const char *leaf);

int folder_open(const struct store *, const char *path, struct file **out);
/* What is known of a file that this thread keeps open, if it is still the one: one call of the system (folder_kept.c). */
bool folder_kept_stat(const struct store *, const char *path, struct store_stat *out);
/* Closes what this thread keeps open and has not been asked for lately, or all (folder_kept.c). Is anything left? */
bool folder_give_up(bool all);
int folder_create(const struct store *, const char *path, struct file **out);
int folder_create_quick(const struct store *, const char *path, struct file **out);
int folder_resume(const struct store *, const char *own, const char *path, int64_t len, struct file **out);
int folder_drop(const struct store *, const char *own, int64_t *size);
bool folder_busy(const struct store *, const char *own);
int folder_list(const struct store *, const char *path, bool stats, struct dir **out);
int folder_each(const struct storage *, void (*fn)(void *ctx, const struct store_found *), void *ctx);

#endif

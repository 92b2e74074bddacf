/* fs: file system calls below one folder. `root` and `dir` are descriptors of folders, `path` is relative to them, without
 * leading slash ("." is the folder itself). What resolves a path never leaves root, whatever links or renames say:
 * openat2(RESOLVE_BENEATH). Changes take a folder and a leaf: a name without '/', never followed when it is a link.
 * All return 0, a descriptor or a count, or -errno. */
#ifndef DRAY_SYS_FS_H
#define DRAY_SYS_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum fs_kind { FS_FILE = 1, FS_DIR, FS_LINK, FS_OTHER };

struct fs_stat {
    enum fs_kind kind;
    unsigned mode, nlink, uid, gid; /* mode: permission bits only */
    int64_t size, mtime;            /* bytes; seconds since 1970 */
    int64_t mtime_ns, ctime_ns;     /* the same in ns; and of the last change of anything, which nobody can set */
    uint64_t dev, ino;
};

/* The folder to be shared: must be a folder that can be listed. */
int fs_open_root(const char *dir);

/* How a path may be looked up: FS_CACHED fails with -EAGAIN where that would take a disk, or lead to another file system. */
enum fs_lookup { FS_ANY, FS_CACHED };

/* A folder, file or anything (as a mere handle: for fs_stat and the _handle calls) below root. */
int fs_open_dir(int root, const char *path);
int fs_open_dir_cached(int root, const char *path); /* as FS_CACHED */
int fs_open_handle(int root, const char *path, enum fs_lookup);
/* Never blocks on a FIFO or device, never becomes a controlling terminal. write: for reading and writing. */
int fs_open_file(int root, const char *path, bool write, enum fs_lookup);
/* Is this a file system of this machine, whose cached entries are there at once (and not FUSE, NFS and their like)? */
bool fs_is_local(int fd);
/* Is it one that lives in memory (tmpfs)? */
bool fs_is_memory(int fd);

int fs_stat(int fd, struct fs_stat *out);
/* The name itself, links not followed. */
int fs_stat_at(int dir, const char *leaf, struct fs_stat *out);
/* Is what stands at this name (links not followed; "": what the descriptor is) the same file in the same version? One call, which asks
 * no other machine and no FUSE. */
bool fs_is_still(int dir, const char *leaf, const struct fs_stat *then);

/* 0: nothing has this name; -EEXIST. Asks no other file system. */
int fs_is_free(int dir, const char *leaf);
/* A file without a name in this folder; -EOPNOTSUPP where the file system cannot. */
int fs_open_unnamed(int dir);
/* A new file, exclusively. */
int fs_open_new(int dir, const char *leaf);
/* Gives an unnamed file its name; -EEXIST when the name is taken. */
int fs_link_unnamed(int fd, int dir, const char *leaf);
/* replace=false: -EEXIST when the target is taken, atomically where the file system can. */
int fs_rename(int dir, const char *leaf, int to_dir, const char *to_leaf, bool replace);
int fs_unlink(int dir, const char *leaf);
int fs_mkdir(int dir, const char *leaf);
int fs_rmdir(int dir, const char *leaf);
int fs_set_mtime_handle(int handle, int64_t seconds);
int fs_set_mode_handle(int handle, unsigned mode);

/* Copies len bytes within the kernel (reflink where possible), -ENODATA when the source is shorter. */
int fs_copy(int from, int64_t from_off, int to, int64_t to_off, int64_t len);
/* Mode of `like` for the open file, and its owner where this process may give files away. */
int fs_take_after(int fd, const struct fs_stat *like);
int fs_truncate(int fd, int64_t len);
/* The exclusive lock on the open file, given back by closing fd; -EBUSY: another open file has it. */
int fs_lock_now(int fd);
/* The same, but for a lock that many can have as long as nobody has the exclusive one. */
int fs_lock_shared(int fd);
/* Until the content, or a folder's names, are on the disk. */
int fs_sync(int fd);
/* Bytes that an ordinary user may still store in the file system of fd, and the size of it all. */
int fs_space(int fd, int64_t *bytes, int64_t *all);

/* dray's extended attribute of a file, as bytes: the count; -ENODATA: there is none, -EOPNOTSUPP, -ERANGE: longer. */
ssize_t fs_get_mark(int fd, void *buf, size_t cap);
/* Of a name in a folder, links not followed. */
ssize_t fs_get_mark_at(int dir, const char *leaf, void *buf, size_t cap);
int fs_set_mark(int fd, const void *buf, size_t len);
/* Differs when an inode number is used again; 0 where that is not known. */
uint64_t fs_generation(int fd);

/* Raw folder entries into buf (at least 1 KiB): bytes, 0 at the end. */
ssize_t fs_entries(int dir, void *buf, size_t len);
/* One entry at *off of such a buffer; moves *off. kind is 0 when the file system does not tell. */
const char *fs_entry_next(const void *buf, size_t len, size_t *off, enum fs_kind *kind);

/* A log: opened for appending, made if missing. */
int fs_open_log(const char *path);
/* All of it, or -errno. */
int fs_write_all(int fd, const void *buf, size_t len);
uint64_t fs_random(void);

#endif

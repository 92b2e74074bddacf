/* store: where files live, as one session sees it: already rooted and already authorized. Paths are those of wire/path.h
 * ("/a/b", normal, absolute inside the shared folder). Only regular files and folders exist here; hidden names (and always
 * the store's own) do not. Several sessions in several processes and threads use one storage at the same time.
 *
 * Errors, beside what the file system says: -EACCES this session's rights do not allow it; -EEXIST the name is taken and
 * may not be replaced; -ENOENT also for what is not shown; -EPERM a name that may not be used; -EISDIR, -ENOTDIR. */
#ifndef DRAY_STORE_STORE_H
#define DRAY_STORE_STORE_H

#include "base/span.h"
#include "conf/rights.h"
#include "rt/rt.h"

enum store_kind { STORE_FILE = 1, STORE_DIR };

struct store_stat {
    enum store_kind kind;
    int64_t size;  /* bytes */
    int64_t mtime; /* seconds since 1970 */
    uint64_t dev, ino;
    unsigned mode, nlink, uid, gid;
};

/* One kind of storage, opened once before the first session. Closed by nobody: it lives as long as the server. */
struct storage {
    const struct store_ops *ops;
    bool hidden; /* show names that begin with a dot */
    int root;    /* local: the folder */
    bool quick;  /* local: what is cached is there at once; asked without leaving the task */
};

/* A session's view. Holds no resource. */
struct store {
    const struct storage *storage;
    struct rt_task *task;
    unsigned rights; /* bits of enum right */
};

/* A folder of this machine. -ENOTDIR, -ENOENT, -EACCES, -ENOSYS (a kernel without openat2). */
int store_local_open(const char *dir, bool hidden, struct storage *out);

struct store store_bind(const struct storage *, struct rt_task *, unsigned rights);

int store_stat(const struct store *, const char *path, struct store_stat *out);

/* ---- reading: one consistent version, whatever happens to the name meanwhile (appending excepted) ---- */

struct file;

int store_open(const struct store *, const char *path, struct file **out);
/* Bytes as it was when opened. */
int64_t file_size(const struct file *);
/* A descriptor for sendfile. The file keeps it. */
int file_fd(const struct file *);
ssize_t file_read(struct file *, void *buf, size_t len, int64_t off);

/* ---- writing: nothing is visible before file_commit, and without it nothing ever was ---- */

enum store_how {
    STORE_NEW,    /* the name must not exist when it is committed */
    STORE_PUT,    /* a new version; replaces where RIGHT_WRITE allows, else as STORE_NEW */
    STORE_APPEND, /* behind what the file holds when it is committed; makes it when missing */
};

/* keep > 0 (with STORE_PUT): the new version begins with the first `keep` bytes of the old one; -ERANGE when it has fewer. */
int store_create(const struct store *, const char *path, enum store_how, int64_t keep, struct file **out);
int file_write(struct file *, const void *buf, size_t len);
/* Now it exists, whole. Once, as the last call before file_close. -EEXIST when the name was taken meanwhile. */
int file_commit(struct file *);
/* Frees; without a commit nothing stays. NULL is fine. */
void file_close(struct file **);

/* ---- folders ---- */

struct dir;

struct dir_entry {
    struct span name;
    struct store_stat stat; /* only the kind unless stats were asked for */
};

/* Entries in no order, neither "." nor "..". stats: fill dir_entry.stat. */
int store_list(const struct store *, const char *path, bool stats, struct dir **out);
/* 1 and an entry, valid until the next call; 0 at the end. Waits at most for the disk. */
int dir_next(struct dir *, const struct dir_entry **out);
void dir_close(struct dir **);

/* ---- changes ---- */

enum store_verb { STORE_RM, STORE_MKDIR, STORE_RMDIR, STORE_MV, STORE_MTIME, STORE_MODE };

struct store_change {
    enum store_verb verb;
    const char *path;
    const char *to; /* MV: replaces a file of that name */
    int64_t mtime;  /* MTIME: seconds since 1970 */
    unsigned mode;  /* MODE: permission bits */
};

int store_change(const struct store *, const struct store_change *);
/* Bytes that can still be stored in this folder. */
int store_space(const struct store *, const char *path, int64_t *bytes);

#endif

/* store: where files live, as one session sees it: already rooted and already authorized. Paths are those of wire/path.h
 * ("/a/b", normal, absolute inside the shared folder). Only regular files and folders exist here; hidden names (and always
 * the store's own) do not. Several sessions in several processes and threads use one storage at the same time.
 *
 * Errors, beside what the file system says: -EACCES this session's rights do not allow it here; -EEXIST the name is taken and
 * may not be replaced; -ENOENT also for what is not shown; -EPERM a name that may not be used; -EISDIR, -ENOTDIR. */
#ifndef DRAY_STORE_STORE_H
#define DRAY_STORE_STORE_H

#include "base/span.h"
#include "base/sums.h"
#include "rt/rt.h"
#include "wire/rights.h"

enum store_kind { STORE_FILE = 1, STORE_DIR };
struct store_stat {
    enum store_kind kind;
    int64_t size;  /* bytes */
    int64_t mtime; /* seconds since 1970 */
    uint64_t dev, ino;
    unsigned mode, nlink, uid, gid;
};

struct storage; /* store/storage.h */
struct store_home;
/* A session's view; holds no resource but a home. */
struct store {
    const struct storage *storage;
    struct rt_task *task;
    const char *account; /* whose session it is: partials and quotas are of an account */
    unsigned rights;     /* bits of enum right */
    unsigned less;       /* not these, whatever else says so */
    const struct rights *rules; /* NULL: the same rights everywhere; see store/access.h */
    struct store_home *home;    /* NULL: all of the storage */
    uint64_t key;        /* where nothing may be seen, partials are theirs who have this number; 0: the account's, as elsewhere */
};
/* account "": nobody is logged in. */
struct store store_bind(const struct storage *, struct rt_task *, const char *account, unsigned rights);

int store_stat(const struct store *, const char *path, struct store_stat *out);

/* ---- reading: one consistent version, whatever happens to the name meanwhile ---- */
struct file;
int store_open(const struct store *, const char *path, struct file **out);
int64_t file_size(const struct file *); /* bytes as it was when opened */
const struct store_stat *file_stat(const struct file *); /* what store_stat said then */
int file_fd(const struct file *);       /* for sendfile; the file keeps it */
ssize_t file_read(struct file *, void *buf, size_t len, int64_t off);

/* The sums of the content as far as they were noted and still hold; out->has may be 0. */
int file_sums(struct file *, struct sums *out);
/* Notes sums that were computed from this file. Both: -ESTALE when it has changed since it was opened. */
int file_note(struct file *, const struct sums *);
int file_same(struct file *);

/* ---- writing: nothing is visible before file_commit, and without it nothing ever was ---- */
enum store_how {
    STORE_NEW,    /* the name must not exist when it is committed */
    STORE_PUT,    /* a new version; replaces where RIGHT_WRITE allows, else as STORE_NEW */
    STORE_APPEND, /* behind what the file holds when it is committed; makes it when missing */
};

struct store_upload {
    const char *path;
    enum store_how how;
    int64_t keep; /* PUT: begins with so many bytes of what is there; -ERANGE when there are fewer */
    bool partial; /* what is there is the partial, also where a whole file stands */
    bool once;    /* cannot be resumed: nothing is kept when it breaks off */
};

/* What is there: the file of that name; for a name that does not exist the account's partial, which APPEND continues, too.
 * -EBUSY: that partial is being written just now. -ENOSPC: less space is left than keep_free. -EDQUOT. */
int store_create(const struct store *, const struct store_upload *, struct file **out);
int file_write(struct file *, const void *buf, size_t len);
/* Now it exists, whole. Once, as the last call before file_close. -EEXIST when the name was taken meanwhile; but where the rights are
 * RIGHTS_DROP it has got another one beside that then, and nobody is told. file_path: the one that it has got. */
int file_commit(struct file *);
const char *file_path(const struct file *);
void file_close(struct file **); /* frees; without a commit nothing stays; NULL is fine */
/* Frees an upload that broke off; what came stays out of sight for the same account to continue; <0, -EOPNOTSUPP: it is gone. */
int file_keep(struct file **);

/* ---- partials: what stays of broken uploads ---- */
bool store_keeps(const struct store *); /* if anything does */
/* The account's own, of this path. -ENOENT. Opened for its sums only. */
int store_partial(const struct store *, const char *path, struct store_stat *out);
int store_partial_open(const struct store *, const char *path, struct file **out);
/* Gives it up. -EBUSY: it is being written just now. */
int store_partial_drop(const struct store *, const char *path);

/* ---- folders ---- */
struct dir;
struct dir_entry {
    struct span name;
    struct store_stat stat; /* only the kind unless stats were asked for */
};

/* Entries in no order, neither "." nor "..". stats: fill dir_entry.stat. The path and the store stay until dir_close. */
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
/* Bytes that this account can still store in this folder: the disk above keep_free, and its quota. */
int store_space(const struct store *, const char *path, int64_t *bytes);

#endif

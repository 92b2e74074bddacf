/* store_impl: what a kind of storage provides. For the files of store/ only. The front (store.c) has checked rights and
 * names before any of these is called. */
#ifndef DRAY_STORE_STORE_IMPL_H
#define DRAY_STORE_STORE_IMPL_H

#include "store/access.h"
#include "store/storage.h"
#include "wire/mark.h"

/* What stands under a name. */
struct store_found {
    struct store_stat stat;
    char account[MARK_ACCOUNT + 1]; /* who stored it; "": not known */
};

struct store_ops {
    const char *name;

    /* Opens the folder at home->path, where blocking stops nobody; leave closes it. */
    int (*enter)(const struct store *, struct store_home *home);
    void (*leave)(struct store_home *home);

    /* Called from a session: these wait through its task, where they must. */
    int (*stat)(const struct store *, const char *path, struct store_stat *out);
    int (*open)(const struct store *, const char *path, struct file **out);
    int (*list)(const struct store *, const char *path, bool stats, struct dir **out);

    /* The front calls these where blocking stops nobody (rt_call); any path may be one of the store's own. */
    /* An empty file without a name that will be `path`. -EISDIR, -ENOENT: no such folder. */
    int (*create)(const struct store *, const char *path, struct file **out);
    /* The same where nothing stands yet, by what waits for nobody as a rule; else -EAGAIN. NULL: there is nothing such. */
    int (*create_quick)(const struct store *, const char *path, struct file **out);
    /* The hidden file `own`, to be continued behind its first `len` bytes (-1: all) and to become `path`; nobody else can
     * until it is closed. -ENOENT, -EBUSY: somebody does, -ERANGE: it is shorter. */
    int (*resume)(const struct store *, const char *own, const char *path, int64_t len, struct file **out);
    /* What file stands under this name: -ENOENT, -EISDIR, -EPERM: something that is not shown and must not be touched. */
    int (*look)(const struct store *, const char *path, struct store_found *out);
    /* STORE_MTIME leaves sums that hold valid. */
    int (*change)(const struct store *, const struct store_change *);
    /* Removes the hidden file `own` unless somebody writes it (-EBUSY). *size is what it held. */
    int (*drop)(const struct store *, const char *own, int64_t *size);
    /* Does somebody write the hidden file `own`? */
    bool (*busy)(const struct store *, const char *own);
    /* Bytes that can still be stored in this folder, and of the whole disk that it is on (0: not known, then neither is). */
    int (*space)(const struct store *, const char *path, int64_t *bytes, int64_t *all);
    /* The same for the same name, however its path is written: what store/shared.h locks. 0: there is no such folder, or it cannot be asked. */
    uint64_t (*name_id)(const struct store *, const char *path);
    /* Every file that has a name, but for the store's own. */
    int (*each)(const struct storage *, void (*fn)(void *ctx, const struct store_found *), void *ctx);
};

struct file_ops {
    ssize_t (*read)(struct file *, void *buf, size_t len, int64_t off);
    int (*write)(struct file *, const void *buf, size_t len); /* behind what it holds; moves size. As read, waits through its task */
    void (*close)(struct file *); /* frees the file; one without a name is gone */

    /* The front calls these where blocking stops nobody. */

    /* What stands under the name it was created for, as store_ops.look says. */
    int (*look)(struct file *, struct store_found *out);
    uint64_t (*name_id)(struct file *); /* of that name */
    /* Bytes [off, off + len) of another open file, behind what it holds; moves size. -ENODATA: it is shorter. */
    int (*copy)(struct file *, struct file *from, int64_t off, int64_t len);
    /* It was created for another name in the same folder: the leaf of this path. -ENOMEM. */
    int (*aim)(struct file *, const char *path);
    /* Gives it the name it was created for, in one step. replace: takes over the mode (and owner) of what stands there;
     * else -EEXIST when something does. */
    int (*commit)(struct file *, bool replace);
    int (*space)(struct file *, int64_t *bytes, int64_t *all); /* as store_ops.space, of the disk that it is on */
    /* For a durable storage, before and after the commit: until the content, and then the name, is on the disk. NULL: there
     * is none. */
    int (*sync)(struct file *);
    int (*sync_name)(struct file *);
    /* Gives it the hidden name `own`, replacing one that nobody writes (-EBUSY); from then on its descriptor holds the
     * name, as after resume. *replaced becomes the size of what stood there and is gone, which it may be even when this fails. */
    int (*hide)(struct file *, const char *own, int64_t *replaced);
    /* Back to its first `len` bytes; moves size. */
    int (*cut)(struct file *, int64_t len);
    /* Takes the hidden name away again, while nobody else can have it: closed, the file is gone. */
    int (*unhide)(struct file *);
    /* The mark, with sums.has = 0 when the content is not what they were made of. -ENODATA: none, -EOPNOTSUPP. */
    int (*get_mark)(struct file *, struct mark *out);
    /* Writes account and sums; the shape is taken from the file as it is. -EOPNOTSUPP. */
    int (*set_mark)(struct file *, const struct mark *);
    bool (*same)(struct file *); /* is the file still as it was when it was opened? */
};

struct file {
    const struct file_ops *ops;
    struct rt_task *task;
    int fd;       /* -1: there is none, it is read through file_read */
    int64_t size; /* reading: when opened; writing: written so far */
    struct store_stat opened; /* reading: as it was then */
    bool near; /* reading: it lies in the memory of this machine, so that what is noted of it can be asked in place */
    int64_t held; /* resumed: bytes before it was cut */
};

struct dir_ops {
    int (*next)(struct dir *, const struct dir_entry **out);
    void (*close)(struct dir *); /* frees the dir */
};

struct dir {
    const struct dir_ops *ops;
    const struct store *st; /* the front's: where some entries may not be shown, or not be as others */
    char *path;             /* of the last entry; ours */
    size_t folder;          /* bytes of it that are the folder's */
};

/* Where they are, as far as they last longer than a call: partials, and names that a commit passes through. */
#define STORE_OWN_FOLDER "/.dray-partials"
#define STORE_PASSING STORE_OWN_FOLDER "/x-"

/* May a client see or use this name (one component)? */
bool store_shows(const struct storage *, struct span name);

extern const struct store_ops store_local_ops;
extern const struct store_ops store_mem_ops;

#endif

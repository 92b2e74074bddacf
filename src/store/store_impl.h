/* store_impl: what a kind of storage provides. For the files of store/ only. The front (store.c) has checked rights and
 * names before any of these is called. */
#ifndef DRAY_STORE_STORE_IMPL_H
#define DRAY_STORE_STORE_IMPL_H

#include "store/store.h"

struct store_ops {
    const char *name;
    int (*stat)(const struct store *, const char *path, struct store_stat *out);
    int (*open)(const struct store *, const char *path, struct file **out);
    int (*create)(const struct store *, const char *path, enum store_how, int64_t keep, struct file **out);
    int (*list)(const struct store *, const char *path, bool stats, struct dir **out);
    int (*change)(const struct store *, const struct store_change *);
    int (*space)(const struct store *, const char *path, int64_t *bytes);
};

struct file_ops {
    ssize_t (*read)(struct file *, void *buf, size_t len, int64_t off);
    int (*write)(struct file *, const void *buf, size_t len);
    int (*commit)(struct file *);
    void (*close)(struct file *); /* frees the file */
};

struct file {
    const struct file_ops *ops;
    struct rt_task *task;
    int fd;
    int64_t size; /* reading: when opened; writing: written so far */
};

struct dir_ops {
    int (*next)(struct dir *, const struct dir_entry **out);
    void (*close)(struct dir *); /* frees the dir */
};

struct dir {
    const struct dir_ops *ops;
};

/* Names that the store keeps for itself: never listed, never opened, never made, whatever `hidden` says. */
#define STORE_OWN_PREFIX ".dray-"

/* May a client see or use this name (one component)? */
bool store_shows(const struct storage *, struct span name);

extern const struct store_ops store_local_ops;

#endif

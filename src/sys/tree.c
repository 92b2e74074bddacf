/* tree: the walk of tree.h. Called by `dray verify`. It owns the descriptor of the folder that it is in. On the way down, each
 * folder leaves behind which one it was and how far its entries were read; on the way up it is opened again as "..", and must
 * be the same one. Fails with -errno; after -ESTALE and -ENOMEM only tree_close makes sense. */
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { BLOCK = 32 * 1024 };

struct level {
    dev_t dev;
    ino_t ino;
    int64_t at;  /* where its entries go on */
    size_t path; /* bytes of the path that are its own */
};

struct tree {
    const char *skip;
    int dir;
    struct level *up; /* the folders above */
    size_t depth, room;
    char *path;
    size_t len, cap; /* of the path: the current folder with a slash behind, "" at the beginning */
    int64_t at;      /* behind the entry that was looked at last */
    size_t filled, off;
    bool over;       /* the folder cannot be read further */
    _Alignas(8) char block[BLOCK];
};

int tree_open(const char *folder, const char *skip, struct tree **out)
{
    struct tree *t = malloc(sizeof *t);

    if (!t)
        return -ENOMEM;
    *t = (struct tree){ .skip = skip, .dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (t->dir < 0) {
        int rc = -errno;

        free(t);
        return rc;
    }
    *out = t;
    return 0;
}

void tree_close(struct tree **t)
{
    if (!*t)
        return;
    close_fd(&(*t)->dir);
    free((*t)->up);
    free((*t)->path);
    free(*t);
    *t = NULL;
}

/* ---- the path ---- */

/* The path with this behind it, terminated. */
static int append(struct tree *t, const char *name, const char *end)
{
    size_t n = strlen(name), more = strlen(end);

    if (t->len + n + more + 1 > t->cap) {
        size_t cap = 2 * (t->len + n + more + 1);
        char *path = realloc(t->path, cap);

        if (!path)
            return -ENOMEM;
        t->path = path;
        t->cap = cap;
    }
    memcpy(t->path + t->len, name, n);
    memcpy(t->path + t->len + n, end, more + 1);
    return (int)(n + more);
}

/* ---- down and up ---- */

static int push(struct tree *t)
{
    struct stat st;

    if (t->depth == t->room) {
        size_t room = t->room ? 2 * t->room : 16;
        struct level *up = realloc(t->up, room * sizeof *up);

        if (!up)
            return -ENOMEM;
        t->up = up;
        t->room = room;
    }
    if (fstat(t->dir, &st) < 0)
        return -errno;
    t->up[t->depth++] = (struct level){ .dev = st.st_dev, .ino = st.st_ino, .at = t->at, .path = t->len };
    return 0;
}

static void enter(struct tree *t, int dir)
{
    close_fd(&t->dir);
    t->dir = dir;
    t->filled = t->off = 0;
}

static int descend(struct tree *t, const char *name)
{
    int longer = append(t, name, "/"), dir;

    TRY(longer);
    dir = openat(t->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return errno == ENOENT ? 0 : -errno; /* gone meanwhile */
    if (push(t) < 0) {
        close(dir);
        return -ENOMEM;
    }
    t->len += (size_t)longer;
    enter(t, dir);
    return 0;
}

static int ascend(struct tree *t)
{
    const struct level *l = &t->up[--t->depth];
    int dir = openat(t->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;

    if (dir < 0 || fstat(dir, &st) < 0 || st.st_dev != l->dev || st.st_ino != l->ino || lseek(dir, l->at, SEEK_SET) < 0) {
        close_fd(&dir);
        return -ESTALE;
    }
    t->len = l->path;
    enter(t, dir);
    return 0;
}

/* ---- entries ---- */

static unsigned char kind_of(struct tree *t, const struct dirent64 *e)
{
    struct stat st;

    if (e->d_type != DT_UNKNOWN)
        return e->d_type;
    return fstatat(t->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? DT_UNKNOWN : IFTODT(st.st_mode);
}

static bool passed_over(const struct tree *t, const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    return *t->skip && strncmp(name, t->skip, strlen(t->skip)) == 0;
}

/* 1: it is a file; 0: go on. */
static int look(struct tree *t, const struct dirent64 *e, struct tree_file *out)
{
    unsigned char kind = passed_over(t, e->d_name) ? DT_UNKNOWN : kind_of(t, e);

    if (kind == DT_DIR)
        return descend(t, e->d_name);
    if (kind != DT_REG)
        return 0;
    TRY(append(t, e->d_name, ""));
    *out = (struct tree_file){ t->dir, e->d_name, t->path };
    return 1;
}

/* 1: there are more entries; 0: the folder ends here. One that fails has ended, too, for the next call. */
static int fill(struct tree *t)
{
    ssize_t n = t->over ? 0 : getdents64(t->dir, t->block, sizeof t->block);

    t->over = n < 0;
    t->filled = n > 0 ? (size_t)n : 0;
    t->off = 0;
    return n < 0 ? -errno : n > 0;
}

static int next_entry(struct tree *t, struct tree_file *out)
{
    const struct dirent64 *e = (const struct dirent64 *)(const void *)(t->block + t->off);

    t->off += e->d_reclen;
    t->at = e->d_off;
    return look(t, e, out);
}

/* 1: a file; 0: go on; 2: that was all. */
static int step(struct tree *t, struct tree_file *out)
{
    int rc;

    if (t->off < t->filled)
        return next_entry(t, out);
    TRY(append(t, "", "")); /* what a failure is about */
    rc = fill(t);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    return t->depth ? ascend(t) : 2;
}

int tree_next(struct tree *t, struct tree_file *out)
{
    int rc;

    do
        rc = step(t, out);
    while (rc == 0);
    if (rc < 0)
        *out = (struct tree_file){ .dir = t->dir, .path = t->path ? t->path : "" };
    return rc == 2 ? 0 : rc;
}

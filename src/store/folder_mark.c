/* folder_mark: what the local store notes of its files in an extended attribute (wire/mark.h), and the walk over all of them.
 * Called by the other files of the local store; owns nothing. Fails with -EOPNOTSUPP where the file system has no attributes:
 * files are served all the same, with sums computed when asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/folder.h"
#include "wire/path.h"

/* The sums of a mark hold for exactly this file. */
static int shape(int fd, struct mark *m)
{
    struct fs_stat st;

    TRY(fs_stat(fd, &st));
    m->size = st.size;
    m->mtime_ns = st.mtime_ns;
    m->ino = st.ino;
    m->gen = fs_generation(fd);
    return 0;
}

static int parse(const char *text, ssize_t n, struct mark *out)
{
    TRY(n);
    return mark_parse((struct span){ text, (size_t)n }, out) < 0 ? -ENODATA : 0;
}

int folder_get_mark(int fd, struct mark *out)
{
    char text[MARK_MAX];
    struct mark now;

    TRY(parse(text, fs_get_mark(fd, text, sizeof text), out));
    TRY(shape(fd, &now));
    if (now.size != out->size || now.mtime_ns != out->mtime_ns || now.ino != out->ino || now.gen != out->gen)
        out->sums.has = 0;
    return 0;
}

int folder_set_mark(int fd, const struct mark *mark)
{
    char text[MARK_MAX];
    struct buf b = BUF(text);
    struct mark m = *mark;

    TRY(shape(fd, &m));
    mark_print(&b, &m);
    return b.over ? -ERANGE : fs_set_mark(fd, b.at, b.len);
}

void folder_account_at(int dir, const char *leaf, char account[MARK_ACCOUNT + 1])
{
    char text[MARK_MAX];
    struct mark m;

    account[0] = '\0';
    if (parse(text, fs_get_mark_at(dir, leaf, text, sizeof text), &m) == 0)
        memcpy(account, m.account, sizeof m.account);
}

/* ---- every file ---- */

enum { BLOCK = 32 * 1024 };

/* Folders still to be looked through: how many there are bounds the memory, not how deep they lie. */
struct walk {
    int root;
    char **todo;
    size_t n, cap;
    void (*fn)(void *ctx, const struct store_found *);
    void *ctx;
    _Alignas(8) char block[BLOCK];
};

static int push(struct walk *w, char *path)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 64;
        char **more = realloc(w->todo, cap * sizeof *more);

        if (!more) {
            free(path);
            return -ENOMEM;
        }
        w->todo = more;
        w->cap = cap;
    }
    w->todo[w->n++] = path;
    return path ? 0 : -ENOMEM;
}

static int push_below(struct walk *w, const char *path, const char *name)
{
    CLEANUP(free_text) char *below = malloc(PATH_CAP);

    if (!below)
        return -ENOMEM;
    /* a path that is too long for a client is not there for anybody */
    return path_join(span_of(path), span_of(name), below, PATH_CAP) < 0 ? 0 : push(w, strdup(below));
}

static void visit(struct walk *w, int dir, const char *name)
{
    struct store_found found = { 0 };
    struct fs_stat raw;

    if (fs_stat_at(dir, name, &raw) < 0 || raw.kind != FS_FILE || folder_stat_of(&raw, &found.stat) < 0)
        return;
    folder_account_at(dir, name, found.account);
    w->fn(w->ctx, &found);
}

static int entry(struct walk *w, const char *path, int dir, const char *name, enum fs_kind kind)
{
    struct fs_stat raw;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || span_starts(span_of(name), SPAN(STORE_OWN_PREFIX)))
        return 0;
    if (!kind && fs_stat_at(dir, name, &raw) == 0)
        kind = raw.kind;
    if (kind == FS_DIR)
        return push_below(w, path, name);
    if (kind == FS_FILE)
        visit(w, dir, name);
    return 0;
}

static int walk_folder(struct walk *w, const char *path)
{
    CLEANUP(close_fd) int dir = fs_open_dir(w->root, folder_rel(path));
    ssize_t len;

    while (dir >= 0 && (len = fs_entries(dir, w->block, sizeof w->block)) > 0) {
        size_t off = 0;
        enum fs_kind kind;
        const char *name;

        while ((name = fs_entry_next(w->block, (size_t)len, &off, &kind)))
            TRY(entry(w, path, dir, name, kind));
    }
    return 0; /* what cannot be opened, or has gone, holds nothing that could be asked for */
}

int folder_each(const struct storage *storage, void (*fn)(void *ctx, const struct store_found *), void *ctx)
{
    struct walk *w = malloc(sizeof *w);
    int rc;

    if (!w)
        return -ENOMEM;
    w->root = storage->root;
    w->todo = NULL;
    w->n = w->cap = 0;
    w->fn = fn;
    w->ctx = ctx;
    rc = push(w, strdup("/"));
    while (w->n && rc == 0) {
        CLEANUP(free_text) char *path = w->todo[--w->n];

        rc = walk_folder(w, path);
    }
    while (w->n)
        free(w->todo[--w->n]);
    free(w->todo);
    free(w);
    return rc;
}

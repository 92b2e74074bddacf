/* walk: the walk of walk.h, over the verbs of store.h. Called by the session of HTTP for folders as archives. Owns one open folder and
 * the names of folders that were seen and not yet entered: the last is entered first, so that these are only siblings of the folders
 * on the way. A folder that vanishes meanwhile, or may not be listed, is passed over as a whole; so is one that is its own ancestor, as
 * a link may make it. Fails with -errno, for what would otherwise be missing without a word. */
#include "store/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/access.h"

/* TURN: entries of a listing, between which others run. WAY_MAX: a name has at least a byte and a slash. */
enum { TURN = 64, WAY_MAX = PATH_CAP / 2 };

/* A folder on the way. */
struct level {
    uint64_t dev, ino;
    unsigned len; /* of its path */
};

/* A folder to come; its name stands in front. */
struct later {
    struct store_stat stat;
    unsigned depth, len;
};

struct walk {
    const struct store *st;
    struct dir *dir;
    char *pending; /* names, each with its struct later behind */
    size_t used, room;
    unsigned depth, seen;
    char path[PATH_CAP];       /* of the last entry */
    char inside[PATH_CAP];     /* of the folder that is open: the store keeps it */
    struct level way[WAY_MAX]; /* what is not reached is never touched */
};

void walk_close(struct walk **w)
{
    if (!*w)
        return;
    dir_close(&(*w)->dir);
    free((*w)->pending);
    free(*w);
    *w = NULL;
}

/* The last of the path becomes this name, in the folder of that depth. */
static int set_name(struct walk *w, unsigned depth, struct span name)
{
    size_t len = w->way[depth].len;

    len -= len == 1; /* of "/" */
    if (len + 1 + name.len >= PATH_CAP)
        return -ENAMETOOLONG;
    w->path[len] = '/';
    memcpy(w->path + len + 1, name.at, name.len);
    w->path[len + 1 + name.len] = '\0';
    return 0;
}

/* The folder at path becomes the one that is open. */
static int enter(struct walk *w, unsigned depth, const struct store_stat *st)
{
    size_t len = strlen(w->path);

    dir_close(&w->dir);
    w->depth = depth;
    w->way[depth] = (struct level){ .dev = st->dev, .ino = st->ino, .len = (unsigned)len };
    memcpy(w->inside, w->path, len + 1);
    /* a drop folder lists as an empty one: that is not what it holds */
    return store_rights(w->st, w->inside) == RIGHTS_DROP ? -EACCES : store_list(w->st, w->inside, true, &w->dir);
}

int walk_open(const struct store *st, const char *folder, struct walk **out)
{
    CLEANUP(walk_close) struct walk *w = malloc(sizeof *w);
    struct store_stat top;

    if (!w)
        return -ENOMEM;
    w->st = st;
    w->dir = NULL;
    w->pending = NULL;
    w->used = w->room = w->seen = 0;
    if (strlen(folder) >= PATH_CAP)
        return -ENAMETOOLONG;
    strcpy(w->path, folder);
    TRY(store_stat(st, folder, &top));
    TRY(enter(w, 0, &top));
    *out = w;
    w = NULL;
    return 0;
}

/* ---- folders to come ---- */

static bool is_on_the_way(const struct walk *w, const struct store_stat *folder)
{
    for (unsigned i = 0; i <= w->depth; i++)
        if (w->way[i].ino == folder->ino && w->way[i].dev == folder->dev)
            return true;
    return false;
}

static int make_room(struct walk *w, size_t more)
{
    size_t room = w->room ? w->room : 1024;
    char *bigger;

    if (w->used + more > WALK_PENDING)
        return -E2BIG;
    while (room < w->used + more)
        room *= 2;
    bigger = room == w->room ? w->pending : realloc(w->pending, room);
    if (!bigger)
        return -ENOMEM;
    w->pending = bigger;
    w->room = room;
    return 0;
}

static int push(struct walk *w, const struct dir_entry *e)
{
    struct later later = { .stat = e->stat, .depth = w->depth + 1, .len = (unsigned)e->name.len };

    if (is_on_the_way(w, &e->stat))
        return 0;
    TRY(make_room(w, e->name.len + sizeof later));
    memcpy(w->pending + w->used, e->name.at, e->name.len);
    memcpy(w->pending + w->used + e->name.len, &later, sizeof later);
    w->used += e->name.len + sizeof later;
    return 0;
}

/* Its name becomes the last of the path. */
static int take_later(struct walk *w, struct later *out)
{
    memcpy(out, w->pending + w->used - sizeof *out, sizeof *out);
    w->used -= sizeof *out + out->len;
    return set_name(w, out->depth - 1, (struct span){ w->pending + w->used, out->len });
}

/* 1: the next one is open; 0: there is none. */
static int pop(struct walk *w, struct walk_entry *out)
{
    while (w->used) {
        struct later later;
        int rc;

        TRY(take_later(w, &later));
        rc = enter(w, later.depth, &later.stat);
        if (rc == -ENOENT || rc == -EACCES || rc == -ENOTDIR)
            continue;
        TRY(rc);
        *out = (struct walk_entry){ .path = w->path, .stat = later.stat };
        return 1;
    }
    return 0;
}

/* ---- entries ---- */

/* 1: a file; 0: the folder has no more. */
static int next_file(struct walk *w, struct walk_entry *out)
{
    const struct dir_entry *e;
    int rc;

    while ((rc = dir_next(w->dir, &e)) > 0) {
        if (++w->seen % TURN == 0)
            TRY(rt_turn(w->st->task, -1));
        if (e->stat.kind == STORE_DIR) {
            TRY(push(w, e));
            continue;
        }
        TRY(set_name(w, w->depth, e->name));
        *out = (struct walk_entry){ .path = w->path, .stat = e->stat };
        return 1;
    }
    return rc;
}

int walk_next(struct walk *w, struct walk_entry *out)
{
    int rc = w->dir ? next_file(w, out) : 0;

    if (rc)
        return rc;
    dir_close(&w->dir);
    return pop(w, out);
}

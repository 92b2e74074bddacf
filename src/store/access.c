/* access: which names a session may see and use: hidden ones, and its rights folder by folder (see access.h). Called by store.c
 * before every operation and for every entry of a listing. Owns the path of a listing's entry, where there are rules. */
#include "store/access_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire/path.h"

bool store_shows(const struct storage *st, struct span name)
{
    if (!name.len || *name.at != '.')
        return true;
    return st->hidden && !span_starts(name, SPAN(STORE_OWN_PREFIX));
}

bool access_is_shown(const struct storage *st, struct span path)
{
    while (path.len) {
        struct span name = span_cut(&path, '/');

        if (name.len && !store_shows(st, name))
            return false;
    }
    return true;
}

unsigned access_rights(const struct store *st, const char *path)
{
    return (st->rules ? rights_at(st->rules, span_of(path)) : st->rights) & ~st->less;
}

unsigned store_rights(const struct store *st, const char *path)
{
    unsigned rights = access_rights(st, path);

    return st->rules && !rights && rights_seen(st->rules, span_of(path)) ? RIGHT_READ & ~st->less : rights;
}

bool store_moves(const struct store *st, const char *path)
{
    return !st->rules || !rights_below(st->rules, span_of(path));
}

static bool is_shown(const struct store *st, const char *path)
{
    return access_is_shown(st->storage, span_of(path)) && (!st->rules || rights_seen(st->rules, span_of(path)));
}

int access_allow(const struct store *st, const char *path, unsigned rights, int missing)
{
    if (!is_shown(st, path))
        return missing;
    return (access_rights(st, path) & rights) == rights ? 0 : -EACCES;
}

enum { DIR_PATH = PATH_CAP + NAME_CAP + 2 };

int access_watch(struct dir *d, const struct store *st, const char *path)
{
    d->path = malloc(DIR_PATH);
    if (!d->path)
        return -ENOMEM;
    d->st = st;
    d->folder = strlen(path);
    memcpy(d->path, path, d->folder);
    if (d->folder > 1)
        d->path[d->folder++] = '/';
    return 0;
}

bool access_shows(struct dir *d, const struct dir_entry *e)
{
    size_t room = DIR_PATH - d->folder - 1, len = e->name.len < room ? e->name.len : room;

    memcpy(d->path + d->folder, e->name.at, len);
    d->path[d->folder + len] = '\0';
    /* to a folder on the way to others only such folders belong, never a file */
    return e->stat.kind == STORE_DIR ? is_shown(d->st, d->path) : access_rights(d->st, d->path) != 0;
}

const char *dir_path(const struct dir *d)
{
    return d->path;
}

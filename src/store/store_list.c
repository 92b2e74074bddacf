/* store_list: folders, as the front of every storage shows them. Called by the protocols; a dir is the caller's until dir_close. Fails
 * with -EACCES (rights), -ENOENT (hidden, or not shown), else with what the storage says. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "store/access_impl.h"
#include "store/store_impl.h"

static int next_of_nothing(struct dir *d, const struct dir_entry **out)
{
    (void)d;
    (void)out;
    return 0;
}

static void close_nothing(struct dir *d)
{
    free(d);
}

/* Many programs look into a folder before they bring something, and give up when they may not: they see an empty one. */
static int list_nothing(const struct store *st, const char *path, struct dir **out)
{
    static const struct dir_ops nothing = { .next = next_of_nothing, .close = close_nothing };
    struct store_stat found;
    struct dir *d;

    TRY(store_stat(st, path, &found));
    if (found.kind != STORE_DIR)
        return -ENOTDIR;
    d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->ops = &nothing;
    *out = d;
    return 0;
}

int store_list(const struct store *st, const char *path, bool stats, struct dir **out)
{
    CLEANUP(dir_close) struct dir *dir = NULL;

    TRY(access_allow(st, path, 0, -ENOENT));
    if (access_rights(st, path) == RIGHTS_DROP)
        return list_nothing(st, path, out);
    if (!(store_rights(st, path) & RIGHT_READ))
        return -EACCES;
    TRY(st->storage->ops->list(st, path, stats, &dir));
    if (st->rules)
        TRY(access_watch(dir, st, path));
    *out = dir;
    dir = NULL;
    return 0;
}

int dir_next(struct dir *d, const struct dir_entry **out)
{
    const struct dir_entry *e;
    int rc;

    do
        rc = d->ops->next(d, &e);
    while (rc > 0 && d->path && !access_shows(d, e));
    if (rc > 0)
        *out = e;
    return rc;
}

void dir_close(struct dir **d)
{
    if (!*d)
        return;
    free((*d)->path);
    (*d)->ops->close(*d);
    *d = NULL;
}

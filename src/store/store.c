/* store: the front of every storage. Here, and only here, rights and hidden names are decided; what comes behind is plain
 * work. Called by the protocols; holds nothing. Fails with -EACCES (rights), -ENOENT or -EPERM (hidden names), else with
 * what the storage says. */
#include "store/store.h"

#include <errno.h>

#include "base/cleanup.h"
#include "store/store_impl.h"
#include "wire/path.h"

struct store store_bind(const struct storage *storage, struct rt_task *task, unsigned rights)
{
    return (struct store){ .storage = storage, .task = task, .rights = rights };
}

bool store_shows(const struct storage *st, struct span name)
{
    if (!name.len || *name.at != '.')
        return true;
    return st->hidden && !span_starts(name, SPAN(STORE_OWN_PREFIX));
}

static bool path_shown(const struct storage *st, struct span path)
{
    while (path.len) {
        struct span name = span_cut(&path, '/');

        if (name.len && !store_shows(st, name))
            return false;
    }
    return true;
}

/* May this session use the path with these rights? `missing` is what a path that is not shown amounts to. */
static int allow(const struct store *st, const char *path, unsigned rights, int missing)
{
    if (!path_shown(st->storage, span_of(path)))
        return missing;
    return (st->rights & rights) == rights ? 0 : -EACCES;
}

int store_stat(const struct store *st, const char *path, struct store_stat *out)
{
    TRY(allow(st, path, 0, -ENOENT));
    return st->storage->ops->stat(st, path, out);
}

int store_open(const struct store *st, const char *path, struct file **out)
{
    TRY(allow(st, path, RIGHT_READ, -ENOENT));
    return st->storage->ops->open(st, path, out);
}

int store_create(const struct store *st, const char *path, enum store_how how, int64_t keep, struct file **out)
{
    bool write = st->rights & RIGHT_WRITE;
    struct store_stat old;

    TRY(allow(st, path, RIGHT_ADD, -EPERM));
    if (how == STORE_PUT && keep && !write)
        return -EACCES;
    /* said before the client has sent the whole file for nothing; file_commit says it again for the race */
    if (!write && st->storage->ops->stat(st, path, &old) == 0)
        return old.kind == STORE_DIR ? -EISDIR : -EEXIST;
    return st->storage->ops->create(st, path, write ? how : STORE_NEW, keep, out);
}

int64_t file_size(const struct file *f)
{
    return f->size;
}

int file_fd(const struct file *f)
{
    return f->fd;
}

ssize_t file_read(struct file *f, void *buf, size_t len, int64_t off)
{
    return f->ops->read(f, buf, len, off);
}

int file_write(struct file *f, const void *buf, size_t len)
{
    return f->ops->write(f, buf, len);
}

int file_commit(struct file *f)
{
    return f->ops->commit(f);
}

void file_close(struct file **f)
{
    if (*f)
        (*f)->ops->close(*f);
    *f = NULL;
}

int store_list(const struct store *st, const char *path, bool stats, struct dir **out)
{
    TRY(allow(st, path, RIGHT_READ, -ENOENT));
    return st->storage->ops->list(st, path, stats, out);
}

int dir_next(struct dir *d, const struct dir_entry **out)
{
    return d->ops->next(d, out);
}

void dir_close(struct dir **d)
{
    if (*d)
        (*d)->ops->close(*d);
    *d = NULL;
}

int store_change(const struct store *st, const struct store_change *c)
{
    static const unsigned needs[] = {
        [STORE_RM] = RIGHT_WRITE,    [STORE_MKDIR] = RIGHT_ADD, [STORE_RMDIR] = RIGHT_WRITE, [STORE_MV] = RIGHT_WRITE,
        [STORE_MTIME] = RIGHT_WRITE, [STORE_MODE] = RIGHT_WRITE,
    };

    TRY(allow(st, c->path, needs[c->verb], c->verb == STORE_MKDIR ? -EPERM : -ENOENT));
    if (c->to)
        TRY(allow(st, c->to, needs[c->verb], -EPERM));
    if (path_leaf(span_of(c->path)).len == 0)
        return c->verb == STORE_MKDIR ? -EEXIST : -EBUSY; /* the shared folder itself stays as it is */
    return st->storage->ops->change(st, c);
}

int store_space(const struct store *st, const char *path, int64_t *bytes)
{
    TRY(allow(st, path, 0, -ENOENT));
    return st->storage->ops->space(st, path, bytes);
}

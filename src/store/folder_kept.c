/* folder_kept: files that were read a moment ago, still open. Called by folder_file.c on the session's own thread; owns them, a few for
 * each thread, never shared, in the order in which they came. Nothing here fails.
 *
 * What is fetched again and again (a page that many read, a film in ranges) costs one look at its name instead of an open. An entry
 * is a closed file: a reader takes it out and puts it back, so nobody counts references, and who finds it taken opens his own.
 * All readers name the offset they read from: an open file's own position is nobody's.
 *
 * Nothing here is ever stale, and nothing is reached that opening would not reach. The name is looked at each time: a name in the
 * root by itself, a deeper one as before each open (folder_open_regular), since a folder on the way may have become a link or a mount.
 * What stands there must be the inode that was opened with all checks, which cannot be another file's while it is open, and its
 * ctime shows that nothing has happened to it since: content, rights, attributes (so its mark needs no question either), names.
 * A version that is too young for that is not kept (is_settled). A FIFO in a file's place is another inode, and only looked at.
 *
 * The look does not go to a disk: an open file holds its name, that name its folders, and all their inodes, in the kernel's cache. Who
 * has changed the name since has just had the new one there.
 *
 * What was deleted gives back its space when it is closed, so nothing stays that has not been asked for in about a second
 * (rt_tend); where nobody would look after that, in processes and threads, nothing is kept. */
#include <string.h>

#include "base/cleanup.h"
#include "store/folder_file.h"

enum { KEPT = 32, AGES = 4 }; /* files; quarters of a second */

static _Thread_local struct {
    unsigned n;
    struct kept {
        struct folder_file *file;
        unsigned sum, age;
    } of[KEPT];
} kept;

/* Names differ at their end, as a rule. */
static unsigned sum_of(const char *path)
{
    size_t len = strlen(path);
    unsigned sum = (unsigned)len;

    for (size_t i = len > 8 ? len - 8 : 0; i < len; i++)
        sum = sum * 31 + (unsigned char)path[i];
    return sum;
}

static void forget(unsigned first, unsigned n)
{
    kept.n -= n;
    memmove(&kept.of[first], &kept.of[first + n], (kept.n - first) * sizeof kept.of[0]);
}

static struct folder_file *take(const struct store *st, const char *path)
{
    unsigned sum = sum_of(path);

    for (unsigned i = kept.n; i-- > 0;) {
        struct folder_file *l = kept.of[i].file;

        if (kept.of[i].sum != sum || l->st.storage != st->storage || strcmp(l->path, path) != 0)
            continue;
        forget(i, 1);
        return l;
    }
    return NULL;
}

static bool is_still(const struct folder_file *l, int root)
{
    const char *rel = folder_rel(l->path);
    CLEANUP(close_fd) int handle = -1;

    if (!strchr(rel, '/') && fs_is_still(root, rel, &l->opened))
        return true;
    handle = fs_open_handle(root, rel, FS_CACHED);
    return handle >= 0 && fs_is_still(handle, "", &l->opened);
}

struct folder_file *folder_kept(const struct store *st, const char *path)
{
    struct folder_file *l = kept.n && !st->home ? take(st, path) : NULL;

    if (!l)
        return NULL;
    if (!is_still(l, folder_root(st, path))) {
        folder_free(l);
        return NULL;
    }
    l->st = *st;
    l->file.task = st->task;
    l->known = l->asked;
    return l;
}

bool folder_keep(struct folder_file *l)
{
    if (!rt_tend(l->file.task, folder_give_up))
        return false;
    if (kept.n == KEPT) {
        folder_free(kept.of[0].file);
        forget(0, 1);
    }
    kept.of[kept.n++] = (struct kept){ .file = l, .sum = sum_of(l->path) };
    return true;
}

bool folder_kept_stat(const struct store *st, const char *path, struct store_stat *out)
{
    struct folder_file *l = folder_kept(st, path);

    if (!l)
        return false;
    *out = l->file.opened;
    if (!folder_keep(l))
        folder_free(l);
    return true;
}

bool folder_gave_up(void)
{
    bool any = kept.n > 0;

    folder_give_up(true);
    return any;
}

bool folder_give_up(bool all)
{
    unsigned n = 0;

    while (n < kept.n && (all || kept.of[n].age == AGES))
        folder_free(kept.of[n++].file);
    forget(0, n);
    for (unsigned i = 0; i < kept.n; i++)
        kept.of[i].age++;
    return kept.n > 0;
}

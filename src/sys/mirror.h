/* mirror: the folder of this computer that is to be like another one: what is in it, and the removal of what is too much. No link is
 * ever followed on the way to what is removed. -errno on failure. */
#ifndef DRAY_SYS_MIRROR_H
#define DRAY_SYS_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

enum { MIRROR_DEPTH = 96 }; /* folders within each other that are removed */

struct mirror_entry {
    const char *name;
    bool folder, other; /* other: a link to a folder or to nothing, or what is neither file nor folder */
    int64_t size, mtime;
};

/* Calls each(arg, entry) for all but "." and ".." until it returns false. A link to a file counts as that file. 0 only when all
 * were seen, or each ended it. */
int mirror_each(const char *folder, bool (*each)(void *arg, const struct mirror_entry *), void *arg);

/* How exact the times of files are there, in seconds. */
unsigned mirror_tick(const char *folder);

/* What a removal asks and tells. Paths are relative to the root that mirror_remove was given. */
struct mirror_hand {
    bool dry;                                                 /* nothing is removed, all is told */
    bool (*keep)(void *arg, const char *path, bool folder);   /* it stays, and so do the folders above it */
    void (*gone)(void *arg, const char *path, bool folder);
    void *arg;
};

/* Removes root/path: a name, or a folder and all in it, but for what is kept; `path` is a buffer of `cap` bytes that is used as
 * scratch, and names the culprit after a failure. 1: something was kept. -ELOOP: too deep; -ENOTDIR: a link is on the way. */
int mirror_remove(const char *root, char *path, unsigned cap, const struct mirror_hand *);

#endif

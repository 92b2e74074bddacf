/* edit: a small file that is read again and again while others replace it whole: whoever reads sees the old content or the new.
 * The folder is opened once, the name stays. All return 0, a descriptor or a count, or -errno. */
#ifndef DRAY_SYS_EDIT_H
#define DRAY_SYS_EDIT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/span.h"

enum { EDIT_MAX = 1 << 20 };

/* Differs when the content does. Zero: there is no file. */
struct edit_stamp {
    uint64_t dev, ino;
    int64_t size, mtime, ctime; /* times in ns */
};

/* A descriptor of the folder that holds the file; *name points into path. */
int edit_folder(const char *path, const char **name);
/* -ENOENT leaves a zero stamp. */
int edit_look(int dir, const char *name, struct edit_stamp *out);
/* The same on a file system of this machine, as far as nothing has to be waited for: -EAGAIN otherwise. */
int edit_look_now(int dir, const char *name, struct edit_stamp *out);
/* The whole content on the heap, with a NUL behind it: its length. -EPERM: others may write it, or
 * it is another user's: not ours, not root's, and we are not root. -EFBIG: more than EDIT_MAX. */
ssize_t edit_read(int dir, const char *name, char **text, struct edit_stamp *stamp);
/* Waits until nobody else edits in this folder; given back by closing the descriptor. */
int edit_lock(int dir);
/* Replaces or makes the file (0600, its owner stays), on the disk when this returns; on failure it is as it was. */
int edit_write(int dir, const char *name, struct span text);

#endif

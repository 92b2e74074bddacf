/* save: a download under a temporary name beside its place, until it is whole. The name is made from what is fetched (`tag`), so
 * that a broken one can be continued, and a changed source does not find it. -errno on failure. */
#ifndef DRAY_SYS_SAVE_H
#define DRAY_SYS_SAVE_H

#include <stdbool.h>
#include <stdint.h>

enum { SAVE_NAME = 256, SAVE_LEAF = 200 }; /* so many bytes of the leaf stand in it */

struct save {
    int dir, fd;
    char temp[SAVE_NAME]; /* "": there is none */
};

#define SAVE_NONE               \
    {                           \
        .dir = -1, .fd = -1     \
    }

/* The temporary file for `leaf` in `folder`: with `again` what is there of this tag is kept, *have being its bytes; else it is
 * empty. It is locked: -EBUSY when another process fetches the same. With `leaf` there already and not `replace`: -EEXIST. */
int save_open(const char *folder, const char *leaf, uint64_t tag, bool again, bool replace, struct save *out, int64_t *have);
/* Removes what is left of other downloads to this name (of another tag), but not what is being fetched: how many. */
int save_sweep(const char *folder, const char *leaf, uint64_t tag);
/* Room on the disk for `size` bytes in all, taken at once where that makes writing cheaper; what is left of it goes when the file
 * is cut or left. -ENOSPC, -EDQUOT, -EFBIG: they would not fit. */
int save_reserve(struct save *, int64_t size);
/* Makes it `size` bytes long with a hole behind the first `have`, to be written in several places at once. Nothing is reserved: what
 * is, counts as written for save_solid as soon as anybody has read it. -ENOSPC: it would not fit. */
int save_lengthen(struct save *, int64_t have, int64_t size);
/* How many bytes from its beginning are certainly written, where it is written in several places at once and a kill left holes: none
 * where the file system does not tell holes. */
int64_t save_solid(const struct save *);
/* Cuts it to the first `bytes`. */
int save_cut(struct save *, int64_t bytes);
/* Gives it its name: now it exists, with that mtime (INT64_MIN: now). Without `replace` an existing name is left alone: -EEXIST.
 * Holds nothing afterwards on success, and is still to be left or dropped on failure. */
int save_keep(struct save *, const char *leaf, int64_t mtime, bool replace);
/* Lets go; the file stays to be continued, unless it is empty. */
void save_leave(struct save *);
/* Removes it. For CLEANUP. */
void save_drop(struct save *);

/* Is it the name of such a temporary file? The bytes of the leaf that it is for, at name + 1; 0: no. */
int save_temp_leaf(const char *name);

/* What there is under a path: bytes and mtime of a regular file. -EISDIR, -ENOENT, -EINVAL for other kinds. */
int save_look(const char *path, int64_t *size, int64_t *mtime);
/* A folder, and those above it, made where they are missing. */
int save_folder(const char *path);

#endif

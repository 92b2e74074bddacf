/* shm: memory that unrelated processes of one user share, as files of a runtime folder of his own. -errno on
 * failure. */
#ifndef DRAY_SYS_SHM_H
#define DRAY_SYS_SHM_H

#include <stdbool.h>
#include <stddef.h>

/* The places where the folder may be: $XDG_RUNTIME_DIR/dray, /run/dray (root only), /tmp/dray-UID. */
enum { SHM_PLACES = 3 };
/* A descriptor of the folder at one place; make: it is made when missing, for this user alone. -ENOENT: not here.
 * -EPERM: it belongs to somebody else, or others may write there. */
int shm_folder(unsigned place, bool make);

/* A new file (0600) of zeros, mapped for writing. All its room is reserved: a disk that is full later does not harm. It
 * is locked for as long as this process or a child of it lives. */
int shm_create(int dir, const char *name, size_t size, void **out);

struct shm {
    const void *at;
    size_t size;
    bool live; /* its maker lives */
};
/* A file of this user's, mapped for reading, or for writing, too. -EPERM: of somebody else's. */
int shm_open_file(int dir, const char *name, bool write, struct shm *out);
void shm_close(struct shm *);

#endif

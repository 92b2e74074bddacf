/* state: small files that a program keeps between two runs. -errno on failure. */
#ifndef DRAY_SYS_STATE_H
#define DRAY_SYS_STATE_H

#include <stddef.h>

/* The path of a file in this user's folder of dray's state, which is made when missing: $XDG_STATE_HOME/dray, else
 * /var/lib/dray for root and ~/.local/state/dray for others. -ENOENT: there is no such place. */
int state_path(const char *name, char *out, size_t cap);
/* A whole file, as a text on the heap. -EFBIG: more than STATE_MAX. */
int state_read(const char *path, char **out);
/* A new file for this user alone, whole or not at all; -EEXIST. */
int state_write_new(const char *path, const char *text);
enum { STATE_MAX = 1 << 20 };

#endif

/* state: small files that a program keeps between two runs. -errno on failure. */
#ifndef DRAY_SYS_STATE_H
#define DRAY_SYS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The path of a file in this user's folder of dray's state, which is made when missing: $XDG_STATE_HOME/dray, else
 * /var/lib/dray for root and ~/.local/state/dray for others. -ENOENT: there is no such place. */
int state_path(const char *name, char *out, size_t cap);
/* The same in this user's configuration, which is made only when wanted: $XDG_CONFIG_HOME/dray, else ~/.config/dray. */
int state_config(const char *name, bool make, char *out, size_t cap);
/* A whole file, as a text on the heap. -EFBIG: more than STATE_MAX. */
int state_read(const char *path, char **out);
/* A new file for this user alone, whole or not at all; -EEXIST. */
int state_write_new(const char *path, const char *text);
/* Differs when another file stands there, or it was written since; 0 when there is none. */
uint64_t state_version(const char *path);
/* The folder of a file, and the one in which it is when the name is a link that leads elsewhere. */
void state_folders(const char *path, void (*each)(void *arg, const char *folder), void *arg);
/* One more line, at once, into a file for this user alone, made when missing. */
int state_append(const char *path, const char *line);
enum { STATE_MAX = 1 << 20 };

#endif

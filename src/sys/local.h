/* local: the client's own files (what is downloaded: save.h).
 * -errno on failure; every descriptor is close-on-exec. */
#ifndef DRAY_SYS_LOCAL_H
#define DRAY_SYS_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens a regular file for reading; never waits on a FIFO. -EISDIR for a folder, -EINVAL for other kinds. */
int local_open(const char *path, int *fd, int64_t *size);

/* Is there anything under this name, dangling links included? */
bool local_exists(const char *path);

/* Is it a symbolic link itself? */
bool local_is_link(const char *path);

/* One read(2), interruptions hidden. */
ssize_t local_read(int fd, void *buf, size_t len);

/* All of it to standard output, also one that is set to not wait. */
int local_write_out(const char *at, size_t len);

/* The first line of a small file (a password), without its line end, NUL-terminated: its length; -E2BIG. */
int local_first_line(const char *path, char *out, size_t cap);

/* A small file that holds secrets, as a text on the heap. -EPERM: others can read it; -EFBIG: more than 1 MiB. */
int local_secret(const char *path, char **out);

/* Calls each(arg, name, is a folder) for every entry but "." and ".." until it returns false. Links count as what they
 * point to. 0 or -errno. */
int local_each(const char *folder, bool (*each)(void *arg, const char *name, bool folder), void *arg);

#endif

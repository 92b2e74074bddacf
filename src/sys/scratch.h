/* scratch: a folder for one measurement, and the files in it. -errno on failure. */
#ifndef DRAY_SYS_SCRATCH_H
#define DRAY_SYS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new folder below `parent` (NULL: TMPDIR, else /tmp); its path into out. */
int scratch_make(const char *parent, char *out, size_t cap);
/* Others may list it, and write into it, as servers do that run as somebody else. */
int scratch_open_up(const char *folder);
/* A file of that many bytes, in the page cache and on the disk: writing it back later would disturb. */
int scratch_file(const char *folder, const char *name, int64_t bytes);
/* A file of one line, which only its owner may read. */
int scratch_text(const char *folder, const char *name, const char *line);
/* A folder of `count` empty files with names of 16 bytes. */
int scratch_many(const char *folder, const char *name, unsigned count);
/* Is this folder in it the root of another file system? */
bool scratch_is_mount(const char *folder, const char *name);
/* Do both files hold the same? -EBADMSG if not. */
int scratch_same(const char *folder, const char *name, const char *other);
/* A file leaves it for another folder on the same file system, where it takes the place of its namesake. */
int scratch_move(const char *folder, const char *name, const char *to);
/* A file that may be missing. */
void scratch_drop(const char *folder, const char *name);
/* The folder and all that is in it. */
void scratch_remove(const char *folder);

#endif

/* tar: the headers of a tar archive (POSIX.1-2017, pax: ustar, and an extended header in front where that says too little). An archive
 * is, for each entry, tar_print, the content and zeros up to a whole block; then two blocks of zeros. */
#ifndef DRAY_WIRE_TAR_H
#define DRAY_WIRE_TAR_H

#include "base/buf.h"
#include "wire/path.h"

/* TAR_HEAD_MAX: the longest that tar_print prints, with a name of PATH_CAP bytes. */
enum { TAR_BLOCK = 512, TAR_HEAD_MAX = 3 * TAR_BLOCK + PATH_CAP };

struct tar_entry {
    struct span name; /* relative, at most PATH_CAP bytes; that of a folder ends with a slash */
    bool folder;
    unsigned mode; /* permission bits */
    int64_t mtime; /* seconds since 1970 */
    int64_t size;  /* bytes; 0 for folders */
};

void tar_print(struct buf *, const struct tar_entry *);
/* Zeros after a content of so many bytes. */
size_t tar_padding(int64_t size);
void tar_print_zeros(struct buf *, size_t n);

#endif

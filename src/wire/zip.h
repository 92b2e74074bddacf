/* zip: the records of a zip archive (PKWARE APPNOTE 6.3), as one prints it that never goes back: content is stored as it is, and
 * where its sum is known only afterwards a descriptor says it. An archive is, for each entry, zip_print_local, the content and (late)
 * zip_print_descriptor; then zip_print_central for each entry, and zip_print_end. */
#ifndef DRAY_WIRE_ZIP_H
#define DRAY_WIRE_ZIP_H

#include "base/buf.h"
#include "wire/path.h"

/* The longest record, with a name of PATH_CAP bytes. */
enum { ZIP_RECORD_MAX = 128 + PATH_CAP };

struct zip_entry {
    struct span name; /* relative, at most PATH_CAP bytes; that of a folder ends with a slash */
    bool folder;
    bool late;        /* crc is not known before the content: a descriptor follows it */
    unsigned mode;    /* permission bits */
    int64_t mtime;    /* seconds since 1970 */
    int64_t size;     /* bytes; known in any case */
    uint32_t crc;
};

/* What zip_print_local prints, in bytes. */
size_t zip_local_len(const struct zip_entry *);
/* All that belongs to the entry before the central directory: its record, its content and its descriptor. */
int64_t zip_entry_len(const struct zip_entry *);

void zip_print_local(struct buf *, const struct zip_entry *);
void zip_print_descriptor(struct buf *, const struct zip_entry *);
/* at: where its local record begins. */
void zip_print_central(struct buf *, const struct zip_entry *, int64_t at);
/* The central directory has n records and stands at [at, end). */
void zip_print_end(struct buf *, int64_t n, int64_t at, int64_t end);

#endif

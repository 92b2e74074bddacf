/* bookmarks: the file of names for addresses, one `NAME URL` a line. Pure text. */
#ifndef DRAY_WIRE_BOOKMARKS_H
#define DRAY_WIRE_BOOKMARKS_H

#include "base/buf.h"

enum { BOOKMARK_NAME = 64 };

struct bookmark {
    struct span name, url;
};

/* May a bookmark have this name? At most BOOKMARK_NAME bytes of UTF-8, no blank or control, none of / : @ [ ] # % and no - or dot in
 * front: it is not to be taken for an address, an option or a path. */
bool bookmark_fits(struct span name);

/* The next line of *text that is one; false at the end. Comments (#), empty lines and what is none are passed over. */
bool bookmark_next(struct span *text, struct bookmark *out);

/* The first of this name: 0, or -ENOENT. */
int bookmark_find(struct span text, struct span name, struct span *url);

/* All lines but those of this name, comments as well: how many were left out. */
unsigned bookmark_drop(struct span text, struct span name, struct buf *out);

#endif

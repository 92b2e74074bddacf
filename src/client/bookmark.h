/* bookmark: names for addresses, kept in a file of this user's configuration. */
#ifndef DRAY_CLIENT_BOOKMARK_H
#define DRAY_CLIENT_BOOKMARK_H

#include "client/target.h"

/* The file as a text on the heap; an empty one when there is none. -errno: it cannot be read. */
int bookmark_load(char **text);

/* Gives `name` an address, or takes it away (url empty). 1: it had another; 0: it had none. -errno: the file is as it was. */
int bookmark_set(struct span name, struct span url);

/* Is there one of this name? */
bool bookmark_known(struct span name);

/* "NAME" or "NAME/PATH": the bookmark's address, PATH being taken as it is and relative to the bookmark's folder. -ENOENT: there is no
 * such bookmark; -EACCES: its address holds a password; or as target_parse. */
int bookmark_target(struct span text, struct target *out);

#endif

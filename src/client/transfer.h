/* transfer: one file down or up, whole or not at all on this side. */
#ifndef DRAY_CLIENT_TRANSFER_H
#define DRAY_CLIENT_TRANSFER_H

#include "client/client.h"

/* The last component of a path as a local file's name, NUL-terminated: 0, or -EINVAL when it is none ("", ".", "..",
 * with a control byte, longer than 255 bytes). */
int transfer_leaf(struct span path, char leaf[256]);

/* Downloads `name` into the current folder under its leaf. It appears there only when it is whole: the data ended,
 * the server said so, and the size agrees. An existing file is left alone unless `replace`. Says what happened. */
enum outcome transfer_get(struct client *cl, struct span name, bool replace);

/* Uploads the local file `path` into the server's current folder under its leaf. Says what happened. */
enum outcome transfer_put(struct client *cl, const char *path);

#endif

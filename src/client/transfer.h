/* transfer: one file down or up for the menu, by the same jobs as the verbs: whole and proven or not at all, continued where it
 * stopped, tried again when it broke off. */
#ifndef DRAY_CLIENT_TRANSFER_H
#define DRAY_CLIENT_TRANSFER_H

#include "client/client.h"

/* The last component of a path as a local file's name, NUL-terminated: 0, or -EINVAL when it is none ("", ".", "..",
 * with a control byte, longer than 255 bytes). */
int transfer_leaf(struct span path, char leaf[256]);

/* Downloads `name` into the current folder under its leaf. An existing file is left alone unless `replace`. Says what happened.
 * cl->ftp may be another connection afterwards, or NULL when there is none any more. */
enum outcome transfer_get(struct client *cl, struct span name, bool replace);

/* Uploads the local file `path` into the server's current folder under its leaf. As transfer_get. */
enum outcome transfer_put(struct client *cl, const char *path);

#endif

/* names: what a name typed at the menu could be: files and folders of the server, or files of this computer. */
#ifndef DRAY_CLIENT_NAMES_H
#define DRAY_CLIENT_NAMES_H

#include "client/choices.h"
#include "client/listing.h"

enum names_kind { NAMES_NONE, NAMES_FILES, NAMES_FOLDERS, NAMES_LOCAL };

/* The server's current folder as last read; zeroed is "not yet". */
struct names {
    struct client *cl;
    struct listing here;
    bool known;
};

/* After a change of the folder or of its content. */
void names_forget(struct names *n);

/* Adds the candidates of a kind to c, which has begun. May ask the server, once, silently. */
void names_offer(struct names *n, enum names_kind kind, struct choices *c);

#endif

/* left: what interrupted downloads left in a folder of this computer (save.h), looked through once for all files that come there. */
#ifndef DRAY_SYS_LEFT_H
#define DRAY_SYS_LEFT_H

#include <stdbool.h>

#include "base/span.h"

/* Zero: nothing is known. */
struct left {
    char **leafs; /* in order */
    unsigned count, room;
    bool known;
};

/* Looks through the folder, unless that is done already. 0 or -errno; then still nothing is known. */
int left_look(struct left *, const char *folder);
/* May there be something for a file of that name? When nothing is known, yes. */
bool left_for(const struct left *, struct span leaf);
/* For CLEANUP. */
void left_free(struct left *);

#endif

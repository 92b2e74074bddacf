/* remember: what is noted of servers between two runs: lines "host:port WHAT" in files of the state folder, of which the last one for
 * a server counts. */
#ifndef DRAY_CLIENT_REMEMBER_H
#define DRAY_CLIENT_REMEMBER_H

#include "base/buf.h"
#include "client/target.h"

/* "host:port", as it stands in the file. */
void remember_name(const struct target *t, struct buf *b);
/* Prints what `file` has noted of the server; nothing when that is nothing, or there is no such place. */
void remember_look(const char *file, const struct target *t, struct buf *out);
/* Notes it. -errno. */
int remember_note(const char *file, const struct target *t, const char *what);

#endif

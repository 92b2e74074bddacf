/* secret: hashes of passwords, by crypt(3). A hash takes tens of milliseconds and 16 MiB: never on an event loop (rt_compute). */
#ifndef DRAY_SYS_SECRET_H
#define DRAY_SYS_SECRET_H

#include <stdbool.h>

#include "base/span.h"

enum { SECRET_HASH = 384, SECRET_MOST = 511 }; /* bytes: of a hash with its NUL; of a password */

/* A new yescrypt hash of the password, at the library's own cost. -EINVAL: it is empty, too long or has a NUL in it. */
int secret_hash(struct span password, char out[SECRET_HASH]);
/* Is it the password of this hash? Takes the same time for yes and no; as long as the hash's method and cost say, also when
 * only their beginning is there ("$y$j9T$salt"). */
bool secret_is(struct span password, const char *hash);
/* The beginning of a hash: method, cost and a new salt, for one that nothing matches. */
int secret_setting(char out[SECRET_HASH]);
/* Can crypt(3) compute with this hash? */
bool secret_known(const char *hash);

#endif

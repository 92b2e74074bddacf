/* path: virtual paths, as clients name files. Always absolute inside the shared folder, '/' between components, no
 * empty component, no "." and no "..": what comes out of path_join can be handed to a store as it is. Pure; RFC 959
 * leaves pathname syntax to the server, RFC 3659 section 6 (TVFS) is the syntax promised here. */
#ifndef DRAY_WIRE_PATH_H
#define DRAY_WIRE_PATH_H

#include "base/span.h"

enum { PATH_CAP = 4096, NAME_CAP = 255 }; /* bytes, with and without the NUL: Linux's own limits */

/* Resolves `arg` as seen from `cwd` (itself a result of path_join) into out[cap], NUL-terminated. "" and "." are
 * cwd; ".." above the root stays at the root; repeated and trailing slashes vanish. Bytes are kept as they are: `~`,
 * `\`, quotes, blanks at either end and invalid UTF-8 are ordinary. `out` must not overlap the inputs. Returns the
 * length; -EINVAL for a NUL byte, -ENAMETOOLONG when a component exceeds NAME_CAP or the whole exceeds cap. */
int path_join(struct span cwd, struct span arg, char *out, size_t cap);

/* "/a/b" -> parent "/a", leaf "b"; "/" -> "/" and "". Views into `path`. */
struct span path_parent(struct span path);
struct span path_leaf(struct span path);

/* Another name beside this one: "/a/b.txt" and 2 -> "/a/b (2).txt". What comes before the dot is cut, at a character, where the
 * name would be longer than NAME_CAP. The length; -EINVAL for "/", -ENAMETOOLONG. */
int path_numbered(struct span path, unsigned n, char *out, size_t cap);

/* Does any component begin with a dot? */
bool path_hidden(struct span path);

/* Is `inner` equal to `outer`, or below it? */
bool path_within(struct span outer, struct span inner);

#endif

/* segments: one big file over several connections at once, for a distance at which one alone does not fill the line. Uploads have
 * none: what STOR with REST brings goes behind what is there, so that pieces would have to come in order. */
#ifndef DRAY_CLIENT_SEGMENTS_H
#define DRAY_CLIENT_SEGMENTS_H

#include "client/haul.h"

/* In how many the rest of a file goes that is `have` bytes long here; 1: not at all. */
unsigned segments_for(const struct haul *h, int64_t have);

/* Brings what is missing behind `have` into fd, in `count` segments; other workers help as far as there are any. 0; 1: the server
 * does not begin in the middle as asked, and only the first `have` bytes are good; or a failure, of which the first *have are. */
int segments_fetch(struct haul *h, int fd, unsigned count, int64_t *have);

#endif

/* proof: is what is here what is there? Content by checksum where the server computes them. */
#ifndef DRAY_CLIENT_PROOF_H
#define DRAY_CLIENT_PROOF_H

#include "client/crew.h"
#include "client/ftpc_file.h"

/* The checksum that will be asked for of a whole file; SUMS: none. */
enum sum_id proof_kind(const struct worker *w);

/* Compares the first `bytes` of the open file with those of `path` at the server (whole: that is all of either). 1: the same,
 * *name being the checksum's; 0: the server cannot tell, or the order was never to ask; -EBADMSG: they differ; or a failure of
 * the connection (as ftpc.h) or, *here set, of this computer. */
int proof_compare(struct worker *w, int fd, struct span path, int64_t bytes, bool whole, const char **name, bool *here);

#endif

/* proof: is what is here what is there? Content by checksum where the server computes them. */
#ifndef DRAY_CLIENT_PROOF_H
#define DRAY_CLIENT_PROOF_H

#include "client/crew.h"
#include "client/ftpc_file.h"
#include "sys/digest.h"

/* The checksum of the beginning of a file here, computed while its bytes pass. Zero: of nothing yet. */
struct proof {
    struct digest digest; /* of one kind */
    int64_t upto;         /* bytes */
};

/* The checksum that will be asked for of a whole file; SUMS: none. */
enum sum_id proof_kind(const struct worker *w);

/* These bytes are at `off` of the file here. What does not continue what has passed is left to proof_compare, which reads it. */
void proof_pass(struct proof *, const struct worker *w, int64_t off, const void *data, size_t len);
/* All up to `bytes` is read now: it was sent without having been seen. 0, -ECANCELED, -ENOMEM, what reading says, or -ESTALE when
 * the file ends before. */
int proof_read(struct proof *, struct worker *w, int fd, int64_t bytes);
/* The same of a piece from `at` on whose CRC32 is known: it is not read again. What does not continue what has passed is left alone. */
void proof_join(struct proof *, uint32_t crc, int64_t at, int64_t bytes);
/* What has passed is no longer the file's. For CLEANUP, too. */
void proof_drop(struct proof *);

/* Compares the first `bytes` of the open file with those of `path` at the server (whole: that is all of either). What has passed by
 * is not read again, and then forgotten. 1: the same, *name being the checksum's; 0: the server cannot tell, or the order was never
 * to ask; -EBADMSG: they differ; or a failure of the connection (as ftpc.h) or, *here set, of this computer. */
int proof_compare(struct proof *, struct worker *w, int fd, struct span path, int64_t bytes, bool whole, const char **name, bool *here);

#endif

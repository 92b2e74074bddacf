/* mark: what a store notes beside a file's content, as text: who stored it, and the sums of its content together with what
 * tells that the content is still the same. The store keeps it in an extended attribute. */
#ifndef DRAY_WIRE_MARK_H
#define DRAY_WIRE_MARK_H

#include "base/buf.h"
#include "base/sums.h"

enum { MARK_ACCOUNT = 64, MARK_MAX = 600 }; /* bytes of an account's name; of a printed mark */

struct mark {
    char account[MARK_ACCOUNT + 1]; /* who stored it; "": not known */
    struct sums sums;
    /* The sums hold for a file of exactly this shape: */
    int64_t size;      /* bytes */
    int64_t mtime_ns;  /* since 1970 */
    uint64_t ino, gen; /* inode and its generation */
};

/* The text: the version, then fields, each a blank, a letter and a value, in any order:
 *
 *   1 s40000000 t187b5482dfd53d15 i1a2b3c gdeadbeef abob c7d3a10f2
 *
 * s size, t mtime_ns, i ino, g gen (hexadecimal; all four must be there), a account (other bytes than printable ASCII as
 * %XX), c CRC32, m MD5, h SHA-1, k SHA-256, l SHA-512. It is this terse because an ext4 inode of 256 bytes has room for 68
 * of such a value; anything longer costs each file a block of its own. */

/* Whole or not at all (b->over). An account's name with any byte in it comes back the same. */
void mark_print(struct buf *b, const struct mark *);
/* -EBADMSG: not written by mark_print of this or an older version; *out is untouched then. Fields of a newer version
 * that are not known are passed over; a version that cannot be read this way has another number. */
int mark_parse(struct span text, struct mark *out);

#endif

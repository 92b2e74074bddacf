/* ascii: TYPE A, line ends on the wire CRLF (RFC 959 section 3.1.1.1), LF in files. The state crosses block borders. */
#ifndef DRAY_WIRE_ASCII_H
#define DRAY_WIRE_ASCII_H

#include "base/span.h"

struct ascii {
    bool cr; /* the last byte of the block before was a CR */
};

/* File to wire: a LF without a CR before it becomes CRLF; a CRLF stays as it is. out holds at least 2 * n bytes.
 * Returns the bytes written. */
size_t ascii_encode(struct ascii *st, const char *in, size_t n, char *out);

/* Wire to file: CRLF becomes LF; a CR before anything else stays. out holds at least n + 1 bytes (a CR held back by the
 * block before). Returns the bytes written. */
size_t ascii_decode(struct ascii *st, const char *in, size_t n, char *out);

/* At the end of the stream: writes the CR still held back by ascii_decode, if any. Returns 0 or 1. */
size_t ascii_decode_end(struct ascii *st, char *out);

#endif

/* http_chunk: chunked bodies (RFC 9112 section 7.1). */
#ifndef DRAY_WIRE_HTTP_CHUNK_H
#define DRAY_WIRE_HTTP_CHUNK_H

#include "base/buf.h"

/* The line before a chunk, without its CRLF: the size, hexadecimal; extensions are passed over. -EBADMSG: no digits, a sign, a
 * blank before them, more than 2^62 or more than 16 digits; a control byte. */
int http_chunk_parse(struct span line, int64_t *size);

/* Prints the line before a chunk of so many bytes, CRLF included. */
void http_chunk_print(struct buf *b, size_t size);

#endif

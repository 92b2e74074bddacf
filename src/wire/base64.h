/* base64: RFC 4648 section 4, as HTTP's fields carry it. */
#ifndef DRAY_WIRE_BASE64_H
#define DRAY_WIRE_BASE64_H

#include "base/buf.h"

/* Decodes into out[cap]: the number of bytes. With its '=' or without any, as tus clients send it. -EINVAL: another letter, an end
 * that no encoder makes (one letter left over, bits that are not zero), or more than cap. */
int base64_decode(struct span text, void *out, size_t cap);

/* The same for text: NUL-terminated within cap, and without a NUL byte of its own. */
int base64_text(struct span text, char *out, size_t cap);

/* Prints with '='. */
void base64_print(struct buf *b, const void *data, size_t len);

#endif

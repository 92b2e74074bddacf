/* http_chunk: the lines between the chunks of a body.
 * Called by the session of HTTP for uploads of unknown length and for answers that are made as they are sent. Owns nothing.
 * Fails with -EBADMSG; where the next chunk begins is then not known. Blanks before an extension are let through (RFC 9112 has
 * them as "bad whitespace"); what an extension says is ignored, as the RFC demands. RFC 9112 section 7.1. */
#include "wire/http_chunk.h"

#include <errno.h>

#include "base/digits.h"

enum { DIGITS_MAX = 16 };

static bool is_extension(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t') || s.at[i] == 0x7F)
            return false;
    s = span_trim(s);
    return s.len == 0 || s.at[0] == ';';
}

int http_chunk_parse(struct span line, int64_t *size)
{
    const uint64_t most = UINT64_C(1) << 62;
    uint64_t n = 0;
    size_t i = 0;

    for (; i < line.len && digits_value(line.at[i]) >= 0; i++) {
        if (i == DIGITS_MAX)
            return -EBADMSG;
        n = n * 16 + (unsigned)digits_value(line.at[i]);
    }
    if (i == 0 || n > most || !is_extension(span_from(line, i)))
        return -EBADMSG;
    *size = (int64_t)n;
    return 0;
}

void http_chunk_print(struct buf *b, size_t size)
{
    buf_number(b, size, 16, 1, '0');
    buf_text(b, "\r\n");
}

/* fuzz: what every target includes. A target is one function; a broken invariant is a CHECK, which aborts, which is what
 * libFuzzer looks for. Inputs are copied by libFuzzer into a block of exactly their size, so that the address sanitizer
 * sees a parser that reads one byte too many. */
#ifndef DRAY_FUZZ_FUZZ_H
#define DRAY_FUZZ_FUZZ_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct span fuzz_span(const uint8_t *data, size_t size)
{
    return (struct span){ (const char *)data, size };
}

/* No C0 control, no DEL, no UTF-8 encoded C1 control. */
static inline bool fuzz_harmless(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i], next = i + 1 < s.len ? (unsigned char)s.at[i + 1] : 0;

        if (c < 0x20 || c == 0x7F || (c == 0xC2 && next >= 0x80 && next <= 0x9F))
            return false;
    }
    return true;
}

/* Does `part` lie inside `whole`? What a parser returns as a view must. */
static inline bool fuzz_inside(struct span whole, struct span part)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

/* Names of any length from short inputs: the same bytes again, 2^doubled times, and at most cap. Into out[cap]. */
static inline struct span fuzz_long(const uint8_t *data, size_t size, unsigned doubled, char *out, size_t cap)
{
    size_t len = size << doubled < cap ? size << doubled : cap;

    for (size_t i = 0; i < len; i++)
        out[i] = (char)data[i % size];
    return (struct span){ out, len };
}

#endif

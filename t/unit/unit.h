/* unit: what every unit test includes: cmocka with the headers it wants first, and comparisons of spans that say what they
 * saw. Tests are tables where that is natural; `row` in a message is the index in the table. */
#ifndef DRAY_T_UNIT_H
#define DRAY_T_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline void same_span(const char *what, size_t row, struct span got, struct span want)
{
    if (!span_eq(got, want))
        fail_msg("%s, row %zu: got \"%.*s\" (%zu bytes), want \"%.*s\" (%zu bytes)", what, row, SPAN_ARG(got), got.len,
            SPAN_ARG(want), want.len);
}

static inline void same_int(const char *what, size_t row, long long got, long long want)
{
    if (got != want)
        fail_msg("%s, row %zu: got %lld, want %lld", what, row, got, want);
}

static inline void same_text(const char *what, size_t row, struct span got, const char *want)
{
    same_span(what, row, got, span_of(want));
}

#endif

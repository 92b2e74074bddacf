/* match: against the plain recursive definition, on inputs so short that the recursion ends. The sets are match()'s own
 * affair and are checked by asking it about one-character names. */
#include "fuzz.h"
#include "wire/match.h"

/* Length of the first element of p (one that takes one byte). */
static size_t element(struct span p)
{
    size_t i = 1;

    if (p.at[0] == '\\')
        return p.len > 1 ? 2 : 1;
    if (p.at[0] != '[')
        return 1;
    i += i < p.len && p.at[i] == '!';
    for (size_t first = i; i < p.len; i++) {
        if (p.at[i] == ']' && i > first)
            return i + 1;
        i += p.at[i] == '\\';
    }
    return 1;
}

static bool one(struct span p, char c)
{
    return p.len == 1 && p.at[0] == '[' ? c == '[' : match(p, (struct span){ &c, 1 });
}

static bool oracle(struct span p, struct span s)
{
    size_t n;

    if (p.len == 0)
        return s.len == 0;
    if (p.at[0] == '*')
        return oracle(span_from(p, 1), s) || (s.len && s.at[0] != '/' && oracle(p, span_from(s, 1)));
    n = element(p);
    return s.len && one((struct span){ p.at, n }, s.at[0]) && oracle(span_from(p, n), span_from(s, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span name = fuzz_span(data, size), pattern = span_cut(&name, '\n');

    if (pattern.len > 14 || name.len > 14) {
        match(pattern, name);
        return 0;
    }
    CHECK(match(pattern, name) == oracle(pattern, name));
    return 0;
}

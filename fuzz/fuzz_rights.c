/* rights: rules, a line end, a path. What is allowed is seen, what lies below is seen from above, and all of it can be said. */
#include "fuzz.h"
#include "wire/rights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span path = fuzz_span(data, size), text = span_cut(&path, '\n');
    char words[300];
    struct buf b = BUF(words);
    struct rights r;

    if (rights_parse(text, &r) < 0)
        return 0;
    rights_print(&b, &r);
    CHECK(!b.over && b.len);
    if (!span_starts(path, SPAN("/")))
        return 0;
    CHECK(rights_at(&r, path) <= RIGHTS_WRITE);
    CHECK(!rights_at(&r, path) || rights_seen(&r, path));
    CHECK(path.len == 1 || !rights_at(&r, path) || !rights_below(&r, path) || rights_below(&r, SPAN("/")));
    CHECK(!r.rules.len || rights_below(&r, SPAN("/")) || rights_at(&r, path) == rights_at(&r, SPAN("/")));
    return 0;
}

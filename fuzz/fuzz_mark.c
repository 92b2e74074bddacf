/* mark: what parses prints, fits, and comes back the same; what does not parse leaves the output alone. */
#include "fuzz.h"
#include "wire/mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MARK_MAX], twice[MARK_MAX];
    struct buf b = BUF(text), c = BUF(twice);
    struct mark m, again;
    static const struct mark untouched;

    memset(&m, 0, sizeof m);
    if (mark_parse(fuzz_span(data, size), &m) < 0) {
        CHECK(memcmp(&m, &untouched, sizeof m) == 0);
        return 0;
    }
    CHECK(m.size >= 0 && strlen(m.account) <= MARK_ACCOUNT && m.sums.has < 1u << SUMS);
    mark_print(&b, &m);
    CHECK(!b.over && mark_parse(buf_span(&b), &again) == 0);
    mark_print(&c, &again);
    CHECK(span_eq(buf_span(&b), buf_span(&c)));
    return 0;
}

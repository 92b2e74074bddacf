/* json: whatever a value holds, the line is one object, well-formed UTF-8, with one line end at its end. */
#include "fuzz.h"
#include "wire/json.h"
#include "wire/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = 6 * size + 64;
    struct buf b = { .at = malloc(room), .cap = room };
    struct span line;

    json_begin(&b);
    json_text(&b, "a", fuzz_span(data, size));
    json_number(&b, "b", (int64_t)size);
    json_end(&b);
    line = buf_span(&b);
    CHECK(!b.over && text_is_utf8(line) && span_find(line, '\n') == (ptrdiff_t)line.len - 1);
    CHECK(fuzz_harmless((struct span){ line.at, line.len - 1 }));
    free(b.at);
    return 0;
}

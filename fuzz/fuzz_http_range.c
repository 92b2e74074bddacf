/* http_range: parts lie inside of the content, are not empty, and are not more than there is room for. */
#include "fuzz.h"
#include "wire/http_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t contents[] = { 0, 1, 100, INT64_MAX };

    for (size_t i = 0; i < 4; i++) {
        struct http_range out[HTTP_RANGES_MAX];
        int n = http_range_parse(fuzz_span(data, size), contents[i], out);

        CHECK(n == -EINVAL || (n >= 0 && n <= HTTP_RANGES_MAX));
        for (int k = 0; k < n; k++)
            CHECK(out[k].first >= 0 && out[k].first < out[k].end && out[k].end <= contents[i]);
    }
    return 0;
}

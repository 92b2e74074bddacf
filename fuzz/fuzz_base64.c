/* base64: what is decoded, encoded again, is the same text, but for the '=' that may be missing. */
#include "fuzz.h"
#include "wire/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char bytes[100], text[200];
    struct buf b = BUF(text);
    struct span in = fuzz_span(data, size);
    int n = base64_decode(in, bytes, sizeof bytes);

    CHECK(n == -EINVAL || (n >= 0 && n <= (int)sizeof bytes));
    if (n < 0)
        return 0;
    base64_print(&b, bytes, (size_t)n);
    CHECK(!b.over && span_starts(buf_span(&b), in));
    for (size_t i = in.len; i < b.len; i++)
        CHECK(text[i] == '=');
    return 0;
}

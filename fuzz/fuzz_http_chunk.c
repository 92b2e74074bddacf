/* http_chunk: a size is never negative, and printed it is read again as the same. */
#include "fuzz.h"
#include "wire/http_chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t n = 0, again = 0;
    char text[32];
    struct buf b = BUF(text);
    int rc = http_chunk_parse(fuzz_span(data, size), &n);

    CHECK(rc == 0 || rc == -EBADMSG);
    CHECK(n >= 0 && n <= INT64_C(1) << 62);
    http_chunk_print(&b, (size_t)n);
    CHECK(!b.over && http_chunk_parse((struct span){ text, b.len - 2 }, &again) == 0 && again == n);
    return 0;
}

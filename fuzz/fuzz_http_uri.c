/* http_uri: what is decoded is a C string, and encoded and decoded again it is the same. */
#include "fuzz.h"
#include "wire/http_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span path, query, value;
    char out[256], again[256], text[3 * sizeof out];
    struct buf b = BUF(text);
    int n;

    http_uri_split(fuzz_span(data, size), &path, &query);
    while ((value = http_query_next(&query, SPAN("a"))).at)
        CHECK(fuzz_inside(fuzz_span(data, size), value));
    n = http_uri_decode(path, false, out, sizeof out);
    CHECK(n == -EINVAL || n == -ENAMETOOLONG || (n >= 0 && strlen(out) == (size_t)n));
    if (n < 0)
        return 0;
    http_uri_encode(&b, span_of(out));
    CHECK(!b.over && http_uri_decode(buf_span(&b), true, again, sizeof again) == n && strcmp(out, again) == 0);
    return 0;
}

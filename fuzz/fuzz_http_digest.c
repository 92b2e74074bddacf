/* http_digest: what a field names, is printed and read again as the same. */
#include "fuzz.h"
#include "wire/http_digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sums sums = { 0 }, again = { 0 }, checksum = { 0 };
    char text[300];
    struct buf b = BUF(text);
    unsigned wants = 0;
    int rc = http_digest_parse(fuzz_span(data, size), &sums);

    CHECK(rc == 0 || (rc == -EINVAL && !sums.has));
    if (http_digest_print(&b, &sums))
        CHECK(!b.over && http_digest_parse(buf_span(&b), &again) == 0 && memcmp(&sums, &again, sizeof sums) == 0);
    rc = http_digest_wants(fuzz_span(data, size), &wants);
    CHECK(rc == 0 ? wants < SUM_BIT(SUM_CRC32) : rc == -EINVAL && !wants);
    rc = http_checksum_parse(fuzz_span(data, size), &checksum);
    CHECK(rc == 0 ? checksum.has != 0 : rc == -EINVAL && !checksum.has);
    return 0;
}

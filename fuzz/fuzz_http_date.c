/* http_date: a date that is read, is printed and read again as the same. */
#include "fuzz.h"
#include "wire/http_date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t seconds = 0, again = 1;
    char text[64];
    struct buf b = BUF(text);
    int rc = http_date_parse(fuzz_span(data, size), &seconds);

    CHECK(rc == 0 || rc == -EINVAL);
    if (rc < 0 || seconds > 253402300799) /* a leap second ends the last year that four digits can say */
        return 0;
    http_date_print(&b, seconds);
    CHECK(!b.over && http_date_parse(buf_span(&b), &again) == 0 && again == seconds);
    return 0;
}

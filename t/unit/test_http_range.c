/* http_range: which bytes of a hundred are meant. */
#include "unit.h"
#include "wire/http_range.h"

static void parts(void **state)
{
    static const struct {
        const char *text;
        int64_t size;
        int rc;
        struct http_range first, second;
    } rows[] = {
        { "bytes=0-9", 100, 1, { 0, 10 }, { 0 } },
        { "Bytes=90-", 100, 1, { 90, 100 }, { 0 } },
        { "bytes=-5", 100, 1, { 95, 100 }, { 0 } },
        { "bytes=-500", 100, 1, { 0, 100 }, { 0 } },
        { "bytes=90-500", 100, 1, { 90, 100 }, { 0 } },
        { "bytes=50-59 , ,0-0", 100, 2, { 50, 60 }, { 0, 1 } },
        { "bytes=0-99999999999999999999", 100, 1, { 0, 100 }, { 0 } },
        { "bytes=100-", 100, 0, { 0 }, { 0 } },
        { "bytes=-0", 100, 0, { 0 }, { 0 } },
        { "bytes=0-", 0, 0, { 0 }, { 0 } },
        { "bytes=200-,1-1", 100, 1, { 1, 2 }, { 0 } },
        { "bytes=9-0", 100, -EINVAL, { 0 }, { 0 } },
        { "bytes=", 100, -EINVAL, { 0 }, { 0 } },
        { "bytes=-", 100, -EINVAL, { 0 }, { 0 } },
        { "bytes=5", 100, -EINVAL, { 0 }, { 0 } },
        { "bytes=a-b", 100, -EINVAL, { 0 }, { 0 } },
        { "bytes=0-1-2", 100, -EINVAL, { 0 }, { 0 } },
        { "lines=0-9", 100, -EINVAL, { 0 }, { 0 } },
        { "bytes=0-,0-,0-", 100, -EINVAL, { 0 }, { 0 } },
        { "bytes=1-1,3-3,5-5,7-7,9-9,11-11,13-13,15-15,17-17,19-19,21-21,23-23,25-25,27-27,29-29,31-31,33-33", 100, -EINVAL,
          { 0 }, { 0 } },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_range out[HTTP_RANGES_MAX] = { 0 };

        same_int("result", i, http_range_parse(span_of(rows[i].text), rows[i].size, out), rows[i].rc);
        assert_memory_equal(&out[0], &rows[i].first, sizeof out[0]);
        assert_memory_equal(&out[1], &rows[i].second, sizeof out[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parts) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

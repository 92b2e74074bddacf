/* http_date: the three forms. */
#include "unit.h"
#include "wire/http_date.h"

static void parsing(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t seconds;
    } rows[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 0, 784111777 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 0, 784111777 },
        { "Sun Nov  6 08:49:37 1994", 0, 784111777 },
        { "Thursday, 01-Jan-70 00:00:00 GMT", 0, 0 },
        { "Friday, 01-Jan-00 00:00:00 GMT", 0, 946684800 },
        { "Sun, 06 Nov 1994 08:49:37 UTC", -EINVAL, 7 },
        { "Sun, 31 Feb 1994 08:49:37 GMT", -EINVAL, 7 },
        { "Sun, 06 Nov 1994 24:49:37 GMT", -EINVAL, 7 },
        { "Sun,  6 Nov 1994 08:49:37 GMT", -EINVAL, 7 },
        { "Sum, 06 Nov 1994 08:49:37 GMT", -EINVAL, 7 },
        { "Sun, 06 Now 1994 08:49:37 GMT", -EINVAL, 7 },
        { "Sun, 06 Nov 1994 08:49:37 GMT ", -EINVAL, 7 },
        { "Sun", -EINVAL, 7 },
        { "", -EINVAL, 7 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t seconds = 7;

        same_int("result", i, http_date_parse(span_of(rows[i].text), &seconds), rows[i].rc);
        same_int("seconds", i, seconds, rows[i].seconds);
    }
}

static void printing(void **state)
{
    char text[64];
    struct buf b = BUF(text);

    (void)state;
    http_date_print(&b, 784111777);
    same_text("date", 0, buf_span(&b), "Sun, 06 Nov 1994 08:49:37 GMT");
    b.len = 0;
    http_date_print(&b, -1);
    same_text("date", 1, buf_span(&b), "Wed, 31 Dec 1969 23:59:59 GMT");
    b.len = 0;
    http_date_print(&b, INT64_MAX);
    same_text("date", 2, buf_span(&b), "Fri, 31 Dec 9999 23:59:59 GMT");
    b = (struct buf){ .at = text, .cap = 28 };
    http_date_print(&b, 0);
    assert_true(b.over && b.len == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parsing), cmocka_unit_test(printing) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

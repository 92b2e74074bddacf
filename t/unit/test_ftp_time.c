/* ftp_time: the calendar against the C library's, the forms of RFC 3659 section 2.3, and days that never were. */
#include <time.h>

#include "wire/ftp_time.h"
#include "unit.h"

static void good_times(void **state)
{
    static const struct {
        const char *text;
        int64_t sec;
        uint32_t nsec;
    } rows[] = {
        { "19700101000000", 0, 0 },
        { "19691231235959", -1, 0 },
        { "19980615100045.014", 897904845, 14000000 }, /* RFC 3659 section 2.3 */
        { "19980615100045", 897904845, 0 },
        { "20000229120000", 951825600, 0 },
        { "20240229000000", 1709164800, 0 },
        { "20380119031408", 2147483648, 0 },
        { "99991231235959", 253402300799, 0 },
        { "00000101000000", -62167219200, 0 },
        { "00010101000000", -62135596800, 0 },
        { "20161231235960", 1483228800, 0 },           /* a leap second */
        { "20170101000000", 1483228800, 0 },
        { "20260101000000.5", 1767225600, 500000000 },
        { "20260101000000.123456789", 1767225600, 123456789 },
        { "20260101000000.1234567899999", 1767225600, 123456789 },
        { "20260101000000.000000000000000000000000000001", 1767225600, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t sec = 7;
        uint32_t nsec = 7;

        same_int("rc", i, ftp_time_parse(span_of(rows[i].text), &sec, &nsec), 0);
        same_int("sec", i, sec, rows[i].sec);
        same_int("nsec", i, nsec, rows[i].nsec);
    }
}

static void bad_times(void **state)
{
    static const char *const rows[] = {
        "", ".", "2026", "2026010100000", "202601010000000", "191000101000000", "20260001000000", "20261301000000",
        "20260100000000", "20260132000000", "20260431000000", "20260229000000", "19000229000000", "21000229000000",
        "20260101240000", "20260101006000", "20260101000061", "20260101000099", "20260101000000.",
        "20260101000000.x", "20260101000000.1x", "20260101000000.1.2", "20260101000000 ", " 20260101000000",
        "20260101000000Z", "-2026010100000", "+2026010100000", "2026-1-1000000", "20260101T00000",
        "20260101000000.123456789x", "20260101000000,5", ".5",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t sec = 7;
        uint32_t nsec = 7;

        same_int(rows[i], i, ftp_time_parse(span_of(rows[i]), &sec, &nsec), -EINVAL);
        same_int("sec", i, sec, 7);
        same_int("nsec", i, nsec, 7);
    }
}

/* Every day of four centuries and more, and odd seconds in it. */
static void calendar_agrees_with_libc(void **state)
{
    (void)state;
    for (int64_t day = -150000; day < 2932896; day += day > 40000 ? 97 : 1) {
        time_t t = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
        char want[32], text[32];
        struct buf b = BUF(text);
        int64_t sec = 0;
        uint32_t nsec = 0;
        struct tm tm;

        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(strftime(want, sizeof want, "%Y%m%d%H%M%S", &tm), 14);
        ftp_time_print(&b, t);
        same_text("print", (size_t)(day + 150000), buf_span(&b), want);
        assert_int_equal(ftp_time_parse(buf_span(&b), &sec, &nsec), 0);
        assert_int_equal(sec, t);
    }
}

static void printing_is_clamped(void **state)
{
    static const struct {
        int64_t sec;
        const char *text;
    } rows[] = {
        { 0, "19700101000000" },
        { -1, "19691231235959" },
        { 253402300799, "99991231235959" },
        { 253402300800, "99991231235959" },
        { INT64_MAX, "99991231235959" },
        { -62167219200, "00000101000000" },
        { -62167219201, "00000101000000" },
        { INT64_MIN, "00000101000000" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[32];
        struct buf b = BUF(text);

        ftp_time_print(&b, rows[i].sec);
        same_text("print", i, buf_span(&b), rows[i].text);
    }
}

static void ls_column(void **state)
{
    const int64_t now = 1795428720, day = 86400; /* 2026-11-23 10:12:00 */
    const struct {
        int64_t sec;
        const char *text;
    } rows[] = {
        { now, "Nov 23 10:12" },
        { now - 59, "Nov 23 10:11" },
        { now + day, "Nov 24 10:12" },
        { now + day + 1, "Nov 24  2026" },
        { now - 180 * day + 1, "May 27 10:12" },
        { now - 180 * day, "May 27  2026" },
        { 0, "Jan  1  1970" },
        { INT64_MAX, "Dec 31  9999" },
        { INT64_MIN, "Jan  1  0000" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[32];
        struct buf b = BUF(text);

        ftp_time_print_ls(&b, rows[i].sec, now);
        same_text("column", i, buf_span(&b), rows[i].text);
        assert_int_equal(b.len, 12);
    }
}

static void ls_column_with_a_mad_clock(void **state)
{
    char text[64];
    struct buf b = BUF(text);

    (void)state;
    ftp_time_print_ls(&b, 0, INT64_MAX);
    ftp_time_print_ls(&b, 0, INT64_MIN);
    same_text("column", 0, buf_span(&b), "Jan  1  1970Jan  1  1970");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_times), cmocka_unit_test(bad_times), cmocka_unit_test(calendar_agrees_with_libc),
        cmocka_unit_test(printing_is_clamped), cmocka_unit_test(ls_column),
        cmocka_unit_test(ls_column_with_a_mad_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* ftp_hash: ranges at their edges, and every form in which clients ask for a checksum. */
#include "wire/ftp_hash.h"
#include "unit.h"

#define LARGEST INT64_MAX

static void ranges(void **state)
{
    static const struct {
        const char *arg;
        int64_t from, to;
    } rows[] = {
        { "0 0", 0, 1 },
        { "0 49", 0, 50 },
        { "1 0", 0, 0 },
        { "1 1", 1, 2 },
        { "100 4294967296", 100, 4294967297 },
        { "0 9223372036854775806", 0, LARGEST },
        { "0 9223372036854775807", 0, LARGEST },
        { "7 18446744073709551616", 7, LARGEST },
        { "99999999999999999999999999 99999999999999999999999999", LARGEST - 1, LARGEST },
        { " 2  3 ", 2, 4 },
        { "01 00", 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_range r = { -1, -1 };

        same_int(rows[i].arg, i, ftp_rang_parse(span_of(rows[i].arg), &r), 0);
        same_int("from", i, r.from, rows[i].from);
        same_int("to", i, r.to, rows[i].to);
    }
}

static void no_ranges(void **state)
{
    static const char *const rows[] = { "", " ", "0", "1", "0 ", "2 0", "2 1", "5 4", "a b", "0 x", "x 0", "-1 0", "0 -1", "0-5",
                                        "0,5", "0 1 2", "+0 1", "0x0 1", "0.0 1", "1e3 2000", "0\t1" };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_range r = { 5, 6 };

        same_int(rows[i], i, ftp_rang_parse(span_of(rows[i]), &r), -EINVAL);
        assert_true(r.from == 5 && r.to == 6);
    }
}

static void within(void **state)
{
    static const struct {
        struct ftp_range r;
        int64_t size, from, to;
    } rows[] = {
        { { 0, 0 }, 100, 0, 100 },   { { 0, 0 }, 0, 0, 0 },       { { 0, 1 }, 100, 0, 1 },     { { 10, 20 }, 100, 10, 20 },
        { { 10, 200 }, 100, 10, 100 }, { { 100, 101 }, 100, 100, 100 }, { { 150, 200 }, 100, 100, 100 }, { { 5, 9 }, 0, 0, 0 },
        { { 0, LARGEST }, LARGEST, 0, LARGEST },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_range r = ftp_range_within(rows[i].r, rows[i].size);

        same_int("from", i, r.from, rows[i].from);
        same_int("to", i, r.to, rows[i].to);
    }
}

static void arguments(void **state)
{
    static const struct {
        const char *arg, *path;
        int64_t from, to;
        bool unsure;
    } rows[] = {
        { "file", "file", 0, 0, false },
        { "/a b/c", "/a b/c", 0, 0, false },
        { " x ", " x ", 0, 0, false },
        { "\"file\"", "file", 0, 0, false },
        { "\"/Program Files/x.exe\" 0 42575", "/Program Files/x.exe", 0, 42575, false },
        { "\"f\"  1   2 ", "f", 1, 2, false },
        { "\"f\", 1, 2", "f", 1, 2, false },
        { "\"f\" 0 0", "f", 0, 0, false },
        { "\"f\" ", "f", 0, 0, false },
        { "\"a\"\"b\" 5 9", "a\"b", 5, 9, false },
        { "\"\"\"\"", "\"", 0, 0, false },
        { "\"f\" 0 99999999999999999999", "f", 0, LARGEST, false },
        { "f 0 10", "f", 0, 10, true },
        { "f, 0, 10", "f", 0, 10, true },
        { "two words 3 10", "two words", 3, 10, true },
        { "report 2024 12", "report 2024 12", 0, 0, false }, /* no range: it ends before it starts */
        { "f 3 3", "f 3 3", 0, 0, false },
        { "f 0 0", "f", 0, 0, true },
        { "f 10", "f 10", 0, 0, false },
        { "0 10", "0 10", 0, 0, false },
        { " 0 10", " 0 10", 0, 0, false },
        { ", 0 10", ", 0 10", 0, 0, false },
        { "f 0  10", "f 0  10", 0, 0, false },
        { "f 0x1 10", "f 0x1 10", 0, 0, false },
        { "\"f", "\"f", 0, 0, false },
        { "\"f 0 10", "\"f", 0, 10, true },
        { "f\"", "f\"", 0, 0, false },
        { "\"", "\"", 0, 0, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span arg = span_of(rows[i].arg);
        char text[64];
        struct buf room = { .at = text, .cap = arg.len };
        struct ftp_sum_arg a = { .unsure = true };

        same_int(rows[i].arg, i, ftp_sum_arg_parse(arg, &room, &a), 0);
        same_text("path", i, a.path, rows[i].path);
        same_int("from", i, a.range.from, rows[i].from);
        same_int("to", i, a.range.to, rows[i].to);
        same_int("unsure", i, a.unsure, rows[i].unsure);
    }
}

static void no_arguments(void **state)
{
    static const char *const rows[] = { "", "\"\"", "\"\" 0 10", "\"f\" 10", "\"f\" 10 5", "\"f\" 5 5", "\"f\" x", "\"f\"0 10", "\"f\"x",
                                        "\"f\" 0 10 20", "\"f\" -1 10", "\"f\" 0 10x" };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64];
        struct buf room = BUF(text);
        struct ftp_sum_arg a = { .range = { 5, 6 } };

        same_int(rows[i], i, ftp_sum_arg_parse(span_of(rows[i]), &room, &a), -EINVAL);
        assert_true(a.range.from == 5 && a.range.to == 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges), cmocka_unit_test(no_ranges), cmocka_unit_test(within), cmocka_unit_test(arguments),
        cmocka_unit_test(no_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* client progress and ui: sizes, times and the bar, in columns. */
#include <locale.h>

#include "client/progress.h"
#include "unit.h"

#define MS 1000000LL

static void sizes(void **state)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } rows[] = {
        { -1, "?" },
        { 0, "0 B" },
        { 1023, "1023 B" },
        { 1024, "1.0 KiB" },
        { 10188, "9.9 KiB" },
        { 10189, "10 KiB" },
        { 1023 * 1024, "1.0 MiB" },
        { 48LL << 20, "48 MiB" },
        { 5LL << 30, "5.0 GiB" },
        { INT64_MAX, "8.0 EiB" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[32];
        struct buf b = BUF(text);

        ui_size(&b, rows[i].bytes);
        same_text("size", i, buf_span(&b), rows[i].text);
    }
}

static void times(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = { { 0, "0:00" }, { 7, "0:07" }, { 760, "12:40" }, { 10925, "3:02:05" }, { 999999, "277:46:39" } };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[32];
        struct buf b = BUF(text);

        ui_seconds(&b, rows[i].seconds);
        same_text("time", i, buf_span(&b), rows[i].text);
    }
}

static void bar(void **state)
{
    static const struct {
        const char *name;
        int64_t total, done, ms;
        unsigned width;
        const char *text;
    } rows[] = {
        { "x", 1000000, 250000, 1000, 79, "x                       25% [====>             ] 244 KiB  244 KiB/s  0:03 left" },
        { "x", -1, 2048, 1000, 60, "x                  2.0 KiB  2.0 KiB/s" },
        { "x", 0, 0, 0, 60, "x                         100% [======================] 0 B" },
        { "文件", 100, 100, 1000, 79, "文件                     100% [====================] 100 B  100 B/s  0:00 left" },
        { "x", 1000, 10, 1000, 10, "10 B  10 B" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct progress p = { .name = span_of(rows[i].name), .total = rows[i].total, .started = 5 * MS };
        char text[300];
        struct buf b = BUF(text);

        p.done = rows[i].done;
        progress_print(&b, &p, 5 * MS + rows[i].ms * MS, rows[i].width);
        same_text("bar", i, buf_span(&b), rows[i].text);
    }
}

/* At every width and state: never wider than asked, never more than 100 %. */
static void bars_fit(void **state)
{
    static const int64_t totals[] = { -1, 0, 1, 1000, INT64_MAX }, dones[] = { 0, 1, 999, 1001, INT64_MAX };

    (void)state;
    for (size_t t = 0; t < COUNT(totals); t++)
        for (size_t d = 0; d < COUNT(dones); d++)
            for (unsigned width = 1; width < 200; width++) {
                struct progress p = { .name = SPAN("a rather long name of a file, longer than any bar"), .total = totals[t] };
                char text[300];
                struct buf b = BUF(text);

                p.done = dones[d];
                progress_print(&b, &p, 3000 * MS, width);
                assert_true(b.len <= width);
                assert_false(b.over);
            }
}

static void summary(void **state)
{
    struct progress p = { .name = SPAN("a\x1b[2J"), .total = 100 };
    char text[100];
    struct buf b = BUF(text), c = BUF(text);

    (void)state;
    p.done = 3 << 20;
    progress_summary(&b, &p, 1500 * MS);
    same_text("seconds", 0, buf_span(&b), "a?[2J: 3.0 MiB in 1.5 s (2.0 MiB/s)");
    progress_summary(&c, &p, 250 * MS);
    same_text("milliseconds", 0, buf_span(&c), "a?[2J: 3.0 MiB in 250 ms (12 MiB/s)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),    cmocka_unit_test(times),   cmocka_unit_test(bar),
        cmocka_unit_test(bars_fit), cmocka_unit_test(summary),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* buf: whole or nothing, over once and for good, never a byte beyond cap. */
#include "unit.h"

static void appends(void **state)
{
    char store[16];
    struct buf b = BUF(store);

    (void)state;
    buf_put(&b, SPAN("ab"));
    buf_putc(&b, 'c');
    buf_text(&b, "de");
    buf_printf(&b, "%d-%s", 42, "x");
    buf_put(&b, (struct span){ NULL, 0 });
    buf_text(&b, NULL);
    same_text("all", 0, buf_span(&b), "abcde42-x");
    assert_false(b.over);
    assert_string_equal(buf_cstr(&b), "abcde42-x");
}

static void exact_fit(void **state)
{
    char store[4];
    struct buf b = BUF(store);

    (void)state;
    buf_put(&b, SPAN("abcd"));
    assert_false(b.over);
    same_text("full", 0, buf_span(&b), "abcd");
    buf_put(&b, SPAN(""));
    assert_false(b.over);
    buf_putc(&b, 'e');
    assert_true(b.over);
    same_text("still", 0, buf_span(&b), "abcd");
    assert_string_equal(buf_cstr(&b), "abc");
}

static void nothing_after_over(void **state)
{
    char store[4];
    struct buf b = BUF(store);

    (void)state;
    buf_put(&b, SPAN("ab"));
    buf_put(&b, SPAN("cde"));
    assert_true(b.over);
    buf_putc(&b, 'f');
    buf_text(&b, "g");
    buf_printf(&b, "h");
    same_text("a true beginning", 0, buf_span(&b), "ab");
}

static void printf_is_whole_or_nothing(void **state)
{
    char store[6] = "xxxxx";
    struct buf b = { .at = store, .cap = 5 };

    (void)state;
    buf_printf(&b, "%s", "abcd"); /* four and the NUL */
    assert_false(b.over);
    buf_printf(&b, "%s", "e");
    assert_true(b.over);
    same_text("before", 0, buf_span(&b), "abcd");
    assert_int_equal(store[5], '\0');
    b = (struct buf){ .at = store, .cap = 5 };
    store[5] = 'Z';
    buf_printf(&b, "%s", "abcdefgh");
    assert_true(b.over);
    assert_int_equal(b.len, 0);
    assert_int_equal(store[5], 'Z');
}

static void empty_storage(void **state)
{
    struct buf b = { 0 };

    (void)state;
    assert_string_equal(buf_cstr(&b), "");
    buf_put(&b, SPAN(""));
    assert_false(b.over);
    buf_printf(&b, "%s", "");
    buf_putc(&b, 'a');
    assert_true(b.over);
    assert_int_equal(buf_span(&b).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends), cmocka_unit_test(exact_fit), cmocka_unit_test(nothing_after_over),
        cmocka_unit_test(printf_is_whole_or_nothing), cmocka_unit_test(empty_storage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

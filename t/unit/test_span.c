/* span: cutting, trimming, finding and numbers, with empty and NULL spans everywhere. */
#include "unit.h"

static const struct span nothing = { NULL, 0 };

static void of_null_is_empty(void **state)
{
    (void)state;
    assert_int_equal(span_of(NULL).len, 0);
    assert_int_equal(span_of("abc").len, 3);
}

static void equality(void **state)
{
    (void)state;
    assert_true(span_eq(nothing, SPAN("")));
    assert_true(span_eq(SPAN("a\0b"), SPAN("a\0b")));
    assert_false(span_eq(SPAN("a\0b"), SPAN("a\0c")));
    assert_false(span_eq(SPAN("a"), SPAN("ab")));
    assert_false(span_eq(SPAN("a"), SPAN("A")));
    assert_true(span_ieq(nothing, SPAN("")));
    assert_true(span_ieq(SPAN("MlSd"), SPAN("mLsD")));
    assert_false(span_ieq(SPAN("ab"), SPAN("abc")));
    /* neighbours of the letters, and bytes above ASCII, are not folded */
    assert_false(span_ieq(SPAN("@[`{"), SPAN("`{@[")));
    assert_false(span_ieq(SPAN("\xC0"), SPAN("\xE0")));
}

static void prefixes(void **state)
{
    (void)state;
    assert_true(span_starts(SPAN("abc"), SPAN("ab")));
    assert_true(span_starts(SPAN("abc"), SPAN("abc")));
    assert_true(span_starts(SPAN("abc"), nothing));
    assert_true(span_starts(nothing, nothing));
    assert_false(span_starts(SPAN("ab"), SPAN("abc")));
    assert_false(span_starts(nothing, SPAN("a")));
}

static void mentions(void **state)
{
    (void)state;
    assert_true(span_mentions(SPAN("Sorry, TOO many of you"), SPAN("too MANY")));
    assert_true(span_mentions(SPAN("abc"), SPAN("abc")));
    assert_true(span_mentions(SPAN("aab"), SPAN("AB")));
    assert_false(span_mentions(SPAN("ab"), SPAN("abc")));
    assert_false(span_mentions(SPAN("too  many"), SPAN("too many")));
    assert_false(span_mentions(nothing, SPAN("a")));
    assert_false(span_mentions(nothing, nothing));
}

static void cutting(void **state)
{
    static const struct {
        const char *in, *head, *rest;
    } rows[] = {
        { "a,b", "a", "b" }, { "a,b,c", "a", "b,c" }, { ",b", "", "b" }, { "a,", "a", "" },
        { "abc", "abc", "" }, { ",", "", "" },        { "", "", "" },
    };
    struct span rest = nothing;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span s = span_of(rows[i].in), head = span_cut(&s, ',');

        same_text("head", i, head, rows[i].head);
        same_text("rest", i, s, rows[i].rest);
    }
    assert_int_equal(span_cut(&rest, ',').len, 0);
    assert_int_equal(rest.len, 0);
}

static void cut_rest_points_behind(void **state)
{
    struct span s = SPAN("abc"), whole = s;

    (void)state;
    span_cut(&s, ',');
    assert_ptr_equal(s.at, whole.at + 3);
}

static void trimming(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "", "" }, { "  ", "" }, { " a ", "a" }, { "\t a b\t ", "a b" }, { "a", "a" }, { "\na", "\na" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        same_text("trim", i, span_trim(span_of(rows[i].in)), rows[i].out);
    assert_int_equal(span_trim(nothing).len, 0);
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(span_find(SPAN("abab"), 'b'), 1);
    assert_int_equal(span_rfind(SPAN("abab"), 'a'), 2);
    assert_int_equal(span_find(SPAN("ab\0"), '\0'), 2);
    assert_int_equal(span_find(SPAN("ab"), '\0'), -1);
    assert_int_equal(span_rfind(SPAN("ab"), 'c'), -1);
    assert_int_equal(span_find(nothing, 'a'), -1);
    assert_int_equal(span_rfind(nothing, 'a'), -1);
}

static void from(void **state)
{
    (void)state;
    same_text("from", 0, span_from(SPAN("abc"), 0), "abc");
    same_text("from", 1, span_from(SPAN("abc"), 2), "c");
    same_text("from", 2, span_from(SPAN("abc"), 3), "");
    same_text("from", 3, span_from(SPAN("abc"), 99), "");
    assert_int_equal(span_from(nothing, 5).len, 0);
}

static void numbers(void **state)
{
    static const struct {
        const char *in;
        uint64_t max;
        int rc;
        uint64_t value;
    } rows[] = {
        { "0", 0, 0, 0 },
        { "1", 0, -ERANGE, 0 },
        { "007", 7, 0, 7 },
        { "255", 255, 0, 255 },
        { "256", 255, -ERANGE, 0 },
        { "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
        { "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
        { "18446744073709551620", UINT64_MAX, -ERANGE, 0 },
        { "99999999999999999999", UINT64_MAX, -ERANGE, 0 },
        { "36893488147419103233", UINT64_MAX, -ERANGE, 0 }, /* wraps around to 1 */
        { "99999999999999999999x", UINT64_MAX, -EINVAL, 0 },
        { "", 9, -EINVAL, 0 },
        { "-1", 9, -EINVAL, 0 },
        { "+1", 9, -EINVAL, 0 },
        { " 1", 9, -EINVAL, 0 },
        { "1 ", 9, -EINVAL, 0 },
        { "1a", 99, -EINVAL, 0 },
        { "0x1", 99, -EINVAL, 0 },
        { "\xB2", 9, -EINVAL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 4711;

        same_int("rc", i, span_u64(span_of(rows[i].in), rows[i].max, &value), rows[i].rc);
        if (value != (rows[i].rc ? 4711 : rows[i].value))
            fail_msg("row %zu: value %llu", i, (unsigned long long)value);
    }
}

static void number_with_nul(void **state)
{
    uint64_t value = 4711;

    (void)state;
    assert_int_equal(span_u64(SPAN("1\0"), 9, &value), -EINVAL);
    assert_int_equal(span_u64(nothing, 9, &value), -EINVAL);
    assert_int_equal(value, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_null_is_empty), cmocka_unit_test(equality), cmocka_unit_test(prefixes), cmocka_unit_test(mentions),
        cmocka_unit_test(cutting), cmocka_unit_test(cut_rest_points_behind), cmocka_unit_test(trimming),
        cmocka_unit_test(finding), cmocka_unit_test(from), cmocka_unit_test(numbers), cmocka_unit_test(number_with_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

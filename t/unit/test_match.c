/* match: what each special character does, and patterns made to be slow. */
#include <time.h>

#include "wire/match.h"
#include "unit.h"

static void matching(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool want;
    } rows[] = {
        { "", "", true }, { "", "a", false }, { "a", "", false }, { "abc", "abc", true }, { "abc", "abd", false },
        { "abc", "ab", false }, { "ab", "abc", false }, { "A", "a", false },
        { "*", "", true }, { "*", "anything.txt", true }, { "*", ".hidden", true }, { "**", "", true },
        { "***", "abc", true }, { "*.c", "a.c", true }, { "*.c", ".c", true }, { "*.c", "a.h", false },
        { "*.c", "a.c.c", true }, { "a*b*c", "abc", true }, { "a*b*c", "aXXbYYbZc", true }, { "a*b*c", "acb", false },
        { "*ab", "aab", true }, { "*aab", "aaab", true }, { "a*", "a", true }, { "*a*", "bab", true },
        { "*a*", "bbb", false }, { "a*a", "a", false },
        { "?", "a", true }, { "?", "", false }, { "?", "ab", false }, { "?", "/", false }, { "a?c", "abc", true },
        { "*?", "", false }, { "*?", "a", true }, { "?*?", "a", false }, { "?*?", "ab", true },
        { "?", "\xC3\xA4", false }, { "??", "\xC3\xA4", true },
        { "*", "a/b", false }, { "*/b", "a/b", true }, { "*/*", "a/b", true }, { "a*/c", "ab/c", true },
        { "a*c", "a/c", false }, { "*b", "a/b", false }, { "*/b", "a/x/b", false }, { "*/*b", "xa/yab", true },
        { "/", "/", true }, { "[/]", "/", false }, { "[!a]", "/", false }, { "[.-0]", "/", false },
        { "[abc]", "b", true }, { "[abc]", "d", false }, { "[abc]", "", false }, { "[abc]x", "cx", true },
        { "[a-c]", "a", true }, { "[a-c]", "c", true }, { "[a-c]", "d", false }, { "[c-a]", "b", false },
        { "[!a-c]", "d", true }, { "[!a-c]", "b", false }, { "[^a]", "^", true }, { "[^a]", "b", false },
        { "[]]", "]", true }, { "[]a]", "a", true }, { "[]a]", "]", true }, { "[!]]", "a", true },
        { "[!]]", "]", false }, { "[a-]", "-", true }, { "[-a]", "-", true }, { "[a-]", "b", false },
        { "[!]", "[!]", true }, { "[!]", "a", false }, { "[!!]", "a", true }, { "[!!]", "!", false },
        { "[\\]]", "]", true }, { "[\\]]", "\\", false }, { "[a\\-z]", "-", true }, { "[a\\-z]", "m", false },
        { "[\\a-\\c]", "b", true }, { "[a-c-e]", "-", true }, { "[a-c-e]", "d", false },
        { "[", "[", true }, { "[abc", "[abc", true }, { "[abc", "a", false }, { "[]", "[]", true },
        { "*[", "x[", true }, { "*[x", "[[x", true }, { "[a[b]", "[", true }, { "[a][", "a[", true },
        { "[\\]", "[]", true }, { "[\xC0-\xFF]", "\xE4", true }, { "[a-z]", "\xE4", false },
        { "*[0-9].tx[t]", "log7.txt", true }, { "*[0-9].txt", "logx.txt", false },
        { "\\*", "*", true }, { "\\*", "a", false }, { "\\?", "?", true }, { "\\[a]", "[a]", true },
        { "\\\\", "\\", true }, { "\\a", "a", true }, { "\\", "\\", true }, { "a\\", "a\\", true },
        { "*\\*", "a*", true }, { "*\\*", "ab", false }, { "{a,b}", "a", false }, { "{a,b}", "{a,b}", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (match(span_of(rows[i].pattern), span_of(rows[i].name)) != rows[i].want)
            fail_msg("row %zu: pattern %s, name %s: want %d", i, rows[i].pattern, rows[i].name, rows[i].want);
}

static void bytes_of_all_kinds(void **state)
{
    (void)state;
    assert_true(match(SPAN("a\0*"), SPAN("a\0b")));
    assert_false(match(SPAN("a"), SPAN("a\0")));
    assert_true(match((struct span){ NULL, 0 }, (struct span){ NULL, 0 }));
    assert_true(match(SPAN("*"), (struct span){ NULL, 0 }));
    assert_true(match(SPAN("[\xFF]"), SPAN("\xFF")));
}

/* The processor time of one call in ms. */
static double cost(struct span pattern, struct span name)
{
    clock_t start = clock();

    match(pattern, name);
    return (double)(clock() - start) * 1000 / CLOCKS_PER_SEC;
}

static void fill(char *out, size_t cap, const char *unit)
{
    for (size_t i = 0; i < cap; i++)
        out[i] = unit[i % strlen(unit)];
}

/* 4096 x 4096 steps take some 50 ms, in a sanitized build some 500; one power more would take minutes. */
static void slow_patterns(void **state)
{
    static const char *const units[] = { "*a", "*", "*?", "[", "*[", "[!", "*[a", "[a-z]*", "[\\]", "\\[*", "*[!]" };
    static const char *const names[] = { "a", "[", "]", "ab", "\\" };
    static char pattern[4096], name[4096];

    (void)state;
    for (size_t i = 0; i < COUNT(units); i++) {
        for (size_t k = 0; k < COUNT(names); k++) {
            fill(pattern, sizeof pattern, units[i]);
            fill(name, sizeof name, names[k]);
            pattern[sizeof pattern - 1] = 'z';
            assert_true(cost((struct span){ pattern, sizeof pattern }, (struct span){ name, sizeof name }) < 5000);
            pattern[0] = '*'; /* one star before a long tail: the worst that one star can do */
            assert_true(cost((struct span){ pattern, sizeof pattern }, (struct span){ name, sizeof name }) < 5000);
        }
    }
}

static void one_star_and_half_a_name(void **state)
{
    static char pattern[2048], name[4096];

    (void)state;
    fill(pattern, sizeof pattern, "[");
    fill(name, sizeof name, "[");
    pattern[0] = '*';
    pattern[sizeof pattern - 1] = 'z';
    assert_true(cost((struct span){ pattern, sizeof pattern }, (struct span){ name, sizeof name }) < 5000);
}

static void is_pattern(void **state)
{
    (void)state;
    assert_true(match_is_pattern(SPAN("*.c")));
    assert_true(match_is_pattern(SPAN("a?")));
    assert_true(match_is_pattern(SPAN("a[")));
    assert_false(match_is_pattern(SPAN("a]b\\c{d}")));
    assert_false(match_is_pattern(SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matching), cmocka_unit_test(bytes_of_all_kinds), cmocka_unit_test(slow_patterns),
        cmocka_unit_test(one_star_and_half_a_name), cmocka_unit_test(is_pattern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

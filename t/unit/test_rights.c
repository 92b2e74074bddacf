/* Rights: words and rules, which rule decides, and what is said of them. */
#include "unit.h"

#include "wire/rights.h"

#define EXPECT(true_, ...)         \
    do {                           \
        if (!(true_))              \
            fail_msg(__VA_ARGS__); \
    } while (0)

static void what_is_understood(void **state)
{
    static const struct {
        const char *text;
        int rc;
        unsigned base;
        const char *rules;
    } rows[] = {
        { "read", 0, RIGHTS_READ, "" },
        { "none", 0, RIGHTS_NONE, "" },
        { "drop", 0, RIGHTS_DROP, "" },
        { "add", 0, RIGHTS_ADD, "" },
        { "write,/in=add,/pub/x=none", 0, RIGHTS_WRITE, "/in=add,/pub/x=none" },
        { "/in=add", 0, RIGHTS_NONE, "/in=add" },
        { "/=read", 0, RIGHTS_NONE, "/=read" },
        { "read,/in/=add", 0, RIGHTS_READ, "/in/=add" },
        { "", -EINVAL, 0, "" },
        { "all", -EINVAL, 0, "" },
        { "read,", -EINVAL, 0, "" },
        { ",read", -EINVAL, 0, "" },
        { "read,add", -EINVAL, 0, "" },
        { "read,in=add", -EINVAL, 0, "" },
        { "read,/in", -EINVAL, 0, "" },
        { "read,/in=", -EINVAL, 0, "" },
        { "read,/in=all", -EINVAL, 0, "" },
        { "read,/in=add,", -EINVAL, 0, "" },
        { "read,,/in=add", -EINVAL, 0, "" },
        { "read,/a//b=add", -EINVAL, 0, "" },
        { "read,//=add", -EINVAL, 0, "" },
        { "read,/a/../b=add", -EINVAL, 0, "" },
        { "read,/./b=add", -EINVAL, 0, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rights r = { .base = 99 };
        int rc = rights_parse(span_of(rows[i].text), &r);

        EXPECT(rc == rows[i].rc, "row %zu: %s gives %d", i, rows[i].text, rc);
        EXPECT(r.base == (rc ? 99 : rows[i].base), "row %zu: %s has base %u", i, rows[i].text, r.base);
        EXPECT(rc || span_eq(r.rules, span_of(rows[i].rules)), "row %zu: %s", i, rows[i].text);
    }
}

static void the_nearest_rule_decides(void **state)
{
    static const char text[] = "read,/in=add,/in/deep=none,/p%2cq=write,/in=drop,/way/to/it=read,/way=none,/t%=write,/%2561=write";
    static const struct {
        const char *path;
        unsigned rights;
        bool seen, below;
    } rows[] = {
        { "/", RIGHTS_READ, true, true },
        { "/x", RIGHTS_READ, true, false },
        { "/in", RIGHTS_DROP, true, true }, /* of two for one place the later */
        { "/in/x", RIGHTS_DROP, true, false },
        { "/inside", RIGHTS_READ, true, false },
        { "/i", RIGHTS_READ, true, false },
        { "/in/deep", RIGHTS_NONE, false, false },
        { "/in/deep/er", RIGHTS_NONE, false, false },
        { "/in/deeper", RIGHTS_DROP, true, false },
        { "/p,q", RIGHTS_WRITE, true, false },
        { "/p,q/r", RIGHTS_WRITE, true, false },
        { "/p%2cq", RIGHTS_READ, true, false },
        { "/t%", RIGHTS_WRITE, true, false },
        { "/%61", RIGHTS_WRITE, true, false },
        { "/a", RIGHTS_READ, true, false },
        { "/way", RIGHTS_NONE, true, true },
        { "/way/to", RIGHTS_NONE, true, true },
        { "/way/to/it", RIGHTS_READ, true, false },
        { "/way/to/it/x", RIGHTS_READ, true, false },
        { "/way/else", RIGHTS_NONE, false, false },
    };
    struct rights r;

    (void)state;
    assert_int_equal(rights_parse(span_of(text), &r), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span path = span_of(rows[i].path);

        EXPECT(rights_at(&r, path) == rows[i].rights, "%s: %u", rows[i].path, rights_at(&r, path));
        EXPECT(rights_seen(&r, path) == rows[i].seen, "%s: seen is not %d", rows[i].path, rows[i].seen);
        EXPECT(rights_below(&r, path) == rows[i].below, "%s: below is not %d", rows[i].path, rows[i].below);
    }
}

static void what_is_said(void **state)
{
    char text[100], small[60];
    struct buf b = BUF(text), s = BUF(small);
    struct rights r;

    (void)state;
    assert_int_equal(rights_parse(SPAN("read,/in=drop"), &r), 0);
    rights_print(&b, &r);
    assert_string_equal(buf_cstr(&b), "list and download; in /in upload new files and see none");
    assert_int_equal(rights_parse(SPAN("read,/in=drop,/another=write,/third=none"), &r), 0);
    rights_print(&s, &r);
    assert_string_equal(buf_cstr(&s), "list and download; and other rules");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_understood), cmocka_unit_test(the_nearest_rule_decides), cmocka_unit_test(what_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

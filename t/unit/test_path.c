/* path: no argument leads out of the root, none leaves an empty or dotted component, and limits are exact. */
#include "wire/path.h"
#include "unit.h"

static void joining(void **state)
{
    static const struct {
        const char *cwd, *arg, *out;
    } rows[] = {
        { "/", "", "/" }, { "/", ".", "/" }, { "/", "/", "/" }, { "/", "..", "/" }, { "/", "../../..", "/" },
        { "/a", "", "/a" }, { "/a", ".", "/a" }, { "/a", "./", "/a" }, { "/a", "..", "/" }, { "/a", "../", "/" },
        { "/a/b", "..", "/a" }, { "/a/b", "../..", "/" }, { "/a/b", "../../../../x", "/x" },
        { "/a/b", "c", "/a/b/c" }, { "/a/b", "c/", "/a/b/c" }, { "/a/b", "c//", "/a/b/c" },
        { "/a/b", "/c", "/c" }, { "/a/b", "//c", "/c" }, { "/a/b", "///", "/" }, { "/a/b", "/", "/" },
        { "/", "a/./b", "/a/b" }, { "/", "a//b", "/a/b" }, { "/", "a/../b", "/b" }, { "/", "a/b/../../c", "/c" },
        { "/", "a/../../b", "/b" }, { "/x", "a/../../b", "/b" }, { "/x/y", "a/../../b", "/x/b" },
        { "/x", "/../a", "/a" }, { "/x", "/..", "/" }, { "/x", "/a/../..", "/" }, { "/x", "../y/../../z", "/z" },
        { "/", "...", "/..." }, { "/", "..a", "/..a" }, { "/", ".a", "/.a" }, { "/", "a..", "/a.." },
        { "/", ". ", "/. " }, { "/", " ..", "/ .." }, { "/", "a b", "/a b" }, { "/", " a ", "/ a " },
        { "/", "~", "/~" }, { "/", "~root", "/~root" }, { "/", "..\\..\\x", "/..\\..\\x" }, { "/", "C:\\", "/C:\\" },
        { "/", "\"x\"", "/\"x\"" }, { "/", "%2e%2e/x", "/%2e%2e/x" }, { "/", "\xFF\xC0\xAF", "/\xFF\xC0\xAF" },
        { "/", "a\rb\nc", "/a\rb\nc" }, { "/", "-la", "/-la" }, { "/", "*", "/*" },
        { "/a/b/c", "../../d/./e/..", "/a/d" }, { "/long/er", "../short", "/long/short" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[64];
        int n = path_join(span_of(rows[i].cwd), span_of(rows[i].arg), out, sizeof out);

        same_int("length", i, n, (long long)strlen(rows[i].out));
        same_text("path", i, span_of(out), rows[i].out);
    }
}

static void numbers(void **state)
{
    static const struct {
        const char *path, *out;
    } rows[] = {
        { "/a.txt", "/a (2).txt" }, { "/d.d/a", "/d.d/a (2)" }, { "/d/.a", "/d/.a (2)" }, { "/a.tar.gz", "/a.tar (2).gz" }, { "/a.", "/a (2)." },
    };
    char out[NAME_CAP + 60], name[NAME_CAP + 2];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int n = path_numbered(span_of(rows[i].path), 2, out, sizeof out);

        same_int("length", i, n, (long long)strlen(rows[i].out));
        same_text("path", i, span_of(out), rows[i].out);
    }
    snprintf(name, sizeof name, "/%0251d.txt", 0);
    memcpy(name + NAME_CAP - 9, "\xE4\xBD\xA0", 3); /* one character, in the way of the cut */
    assert_int_equal(path_numbered(span_of(name), 2, out, sizeof out), NAME_CAP - 1);
    assert_string_equal(out + NAME_CAP - 10, "0 (2).txt");
    memset(name + 2, 'e', NAME_CAP - 1);
    name[2] = '.';
    assert_int_equal(path_numbered(span_of(name), 2, out, sizeof out), 6);
    assert_int_equal(path_numbered(SPAN("/"), 2, out, sizeof out), -EINVAL);
    assert_int_equal(path_numbered(SPAN("/abc"), 2, out, 8), -ENAMETOOLONG);
}

static void nul_is_refused(void **state)
{
    char out[16] = "kept";

    (void)state;
    assert_int_equal(path_join(SPAN("/"), SPAN("a\0b"), out, sizeof out), -EINVAL);
    assert_int_equal(path_join(SPAN("/"), SPAN("\0"), out, sizeof out), -EINVAL);
    assert_int_equal(path_join(SPAN("/"), SPAN("x/\0/.."), out, sizeof out), -EINVAL);
    assert_string_equal(out, "kept");
}

static void long_components(void **state)
{
    char name[300], out[1024] = "kept";

    (void)state;
    memset(name, 'n', sizeof name);
    assert_int_equal(path_join(SPAN("/"), (struct span){ name, 256 }, out, sizeof out), -ENAMETOOLONG);
    memcpy(name + 256, "/../x", 5); /* it does not help to leave it again */
    assert_int_equal(path_join(SPAN("/"), (struct span){ name, 261 }, out, sizeof out), -ENAMETOOLONG);
    assert_string_equal(out, "kept");
    name[255] = '/';
    assert_int_equal(path_join(SPAN("/"), (struct span){ name, 255 }, out, sizeof out), 256);
    assert_int_equal(path_join(SPAN("/"), (struct span){ name, 256 }, out, sizeof out), 256);
}

/* "a/a/a/..." is as long as one wants without a long component. */
static void long_paths(void **state)
{
    static char arg[PATH_CAP + 2], out[PATH_CAP + 1];

    (void)state;
    for (size_t i = 0; i < sizeof arg; i++)
        arg[i] = i % 2 ? '/' : 'a';
    out[PATH_CAP] = '!';
    assert_int_equal(path_join(SPAN("/"), (struct span){ arg, PATH_CAP - 3 }, out, PATH_CAP), PATH_CAP - 2);
    assert_int_equal(path_join(SPAN("/"), (struct span){ arg, PATH_CAP - 1 }, out, PATH_CAP), -ENAMETOOLONG);
    arg[PATH_CAP - 3] = 'a'; /* one byte more, now exactly full */
    assert_int_equal(path_join(SPAN("/"), (struct span){ arg, PATH_CAP - 2 }, out, PATH_CAP), PATH_CAP - 1);
    assert_int_equal(out[PATH_CAP - 1], '\0');
    assert_int_equal(path_join(SPAN("/a"), (struct span){ arg, PATH_CAP - 2 }, out, PATH_CAP), -ENAMETOOLONG);
    assert_int_equal(out[PATH_CAP], '!');
}

static void long_but_winding(void **state)
{
    static char arg[9000];
    char out[8];

    (void)state;
    for (size_t i = 0; i < sizeof arg; i++)
        arg[i] = "a/../"[i % 5];
    assert_int_equal(path_join(SPAN("/"), (struct span){ arg, sizeof arg }, out, sizeof out), 1);
    assert_string_equal(out, "/");
}

static void tiny_room(void **state)
{
    char out[3] = "~~";

    (void)state;
    assert_int_equal(path_join(SPAN("/"), SPAN(""), out, 0), -ENAMETOOLONG);
    assert_int_equal(path_join(SPAN("/"), SPAN(""), out, 1), -ENAMETOOLONG);
    assert_int_equal(path_join(SPAN("/"), SPAN("a"), out, 2), -ENAMETOOLONG);
    assert_string_equal(out, "~~");
    assert_int_equal(path_join(SPAN("/"), SPAN(""), out, 2), 1);
    assert_int_equal(path_join(SPAN("/"), SPAN("a"), out, 3), 2);
    assert_string_equal(out, "/a");
}

static void failure_leaves_output(void **state)
{
    char out[8] = "kept";

    (void)state;
    assert_int_equal(path_join(SPAN("/"), SPAN("12345678"), out, sizeof out), -ENAMETOOLONG);
    assert_string_equal(out, "kept");
}

static void parent_and_leaf(void **state)
{
    static const struct {
        const char *path, *parent, *leaf;
    } rows[] = {
        { "/", "/", "" }, { "/a", "/", "a" }, { "/a/b", "/a", "b" }, { "/a/b/c", "/a/b", "c" }, { "", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        same_text("parent", i, path_parent(span_of(rows[i].path)), rows[i].parent);
        same_text("leaf", i, path_leaf(span_of(rows[i].path)), rows[i].leaf);
    }
}

static void hidden(void **state)
{
    (void)state;
    assert_true(path_hidden(SPAN("/.ssh")));
    assert_true(path_hidden(SPAN("/a/.git/b")));
    assert_false(path_hidden(SPAN("/a.b/c.")));
    assert_false(path_hidden(SPAN("/")));
}

static void within(void **state)
{
    (void)state;
    assert_true(path_within(SPAN("/"), SPAN("/")));
    assert_true(path_within(SPAN("/"), SPAN("/a")));
    assert_true(path_within(SPAN("/a"), SPAN("/a")));
    assert_true(path_within(SPAN("/a"), SPAN("/a/b")));
    assert_false(path_within(SPAN("/a"), SPAN("/ab")));
    assert_false(path_within(SPAN("/a"), SPAN("/")));
    assert_false(path_within(SPAN("/a/b"), SPAN("/a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joining), cmocka_unit_test(numbers), cmocka_unit_test(nul_is_refused), cmocka_unit_test(long_components),
        cmocka_unit_test(long_paths), cmocka_unit_test(long_but_winding), cmocka_unit_test(tiny_room),
        cmocka_unit_test(failure_leaves_output), cmocka_unit_test(parent_and_leaf), cmocka_unit_test(hidden),
        cmocka_unit_test(within),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Lines of the accounts file: what is understood, what is refused and why, and that what is written is read the same. */
#include "unit.h"

#include "wire/users.h"

#define EXPECT(true_, ...)         \
    do {                           \
        if (!(true_))              \
            fail_msg(__VA_ARGS__); \
    } while (0)

static void a_whole_line(void **state)
{
    static struct user u;
    const char *why;

    (void)state;
    assert_int_equal(user_parse(SPAN("ann:$y$j9T$s$h:/users/ann:read,/in=drop:sessions=4 down=2M up=500K:of %3a note%25"), &u, &why), 1);
    assert_true(span_eq(u.name, SPAN("ann")) && span_eq(u.hash, SPAN("$y$j9T$s$h")) && span_eq(u.home, SPAN("/users/ann")));
    assert_true(span_eq(u.rights, SPAN("read,/in=drop")) && span_eq(u.notes, SPAN("of : note%")));
    assert_int_equal(u.may.base, RIGHTS_READ);
    assert_int_equal(rights_at(&u.may, SPAN("/in")), RIGHTS_DROP);
    assert_int_equal(u.limits.sessions, 4);
    assert_int_equal(u.limits.down, 2 << 20);
    assert_int_equal(u.limits.up, 500 << 10);
    assert_int_equal(user_parse(SPAN("b:::::"), &u, &why), 1);
    assert_int_equal(u.may.base, RIGHTS_ADD);
    assert_int_equal(u.limits.sessions + u.limits.down + u.limits.up, 0);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *line, *why;
    } rows[] = {
        { "ann", "six fields" },
        { "ann::::", "six fields" },
        { "ann::::::", "six fields" },
        { ":::::", "name is empty" },
        { "anonymous:::::", "everybody" },
        { "FTP:::::", "everybody" },
        { "-x:::::", "begin" },
        { " %23:::::", "blank" },
        { "x :::::", "blank" },
        { "a%3ab:::::", "colon" },
        { "a%00b:::::", "control" },
        { "a\tb:::::", "control" },
        { "ann:x%00::::", "hash" },
        { "ann:::::%", "hexadecimal" },
        { "ann:::::%4", "hexadecimal" },
        { "ann:::::%g0", "hexadecimal" },
        { "ann::up:::", "slash" },
        { "ann::/a/../b:::", "`..`" },
        { "ann::/a//b:::", "`..`" },
        { "ann::/a/:::", "slash" },
        { "ann:::all::", "rights" },
        { "ann:::read,x::", "rights" },
        { "ann::::sessions=x:", "limits" },
        { "ann::::sessions:", "limits" },
        { "ann::::up=1X:", "limits" },
        { "ann::::down=99999999999T:", "limits" },
        { "ann::::speed=1:", "limits" },
    };
    static struct user u;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why = "";
        int rc = user_parse(span_of(rows[i].line), &u, &why);

        EXPECT(rc == -EBADMSG && strstr(why, rows[i].why), "row %zu: %s gives %d, %s", i, rows[i].line, rc, why);
    }
}

static void comments_are_none(void **state)
{
    static struct user u;
    const char *why;

    (void)state;
    assert_int_equal(user_parse(SPAN(""), &u, &why), 0);
    assert_int_equal(user_parse(SPAN(" \t "), &u, &why), 0);
    assert_int_equal(user_parse(SPAN("# ann:::::"), &u, &why), 0);
    assert_int_equal(user_parse(SPAN("  #"), &u, &why), 0);
}

static void what_is_written_is_read_the_same(void **state)
{
    static struct user u, again;
    static char text[USER_LINE];
    struct buf b = BUF(text);
    const char *why = "";

    (void)state;
    u = (struct user){ .name = SPAN("a%b"), .hash = SPAN("x"), .home = SPAN("/a:b"), .rights = SPAN("read,/%3a=add"),
                       .notes = SPAN("l\n: \x7f\xff"), .limits = { .sessions = 3, .down = 1536, .up = 1 << 30 } };
    user_print(&b, &u);
    assert_string_equal(buf_cstr(&b), "a%25b:x:/a%3ab:read,/%253a=add:sessions=3 down=1536 up=1G:l%0a%3a %7f\xff");
    assert_int_equal(user_parse(buf_span(&b), &again, &why), 1);
    assert_true(span_eq(again.name, u.name) && span_eq(again.home, u.home) && span_eq(again.notes, u.notes));
    assert_true(span_eq(again.rights, u.rights) && again.limits.down == 1536 && again.limits.up == 1 << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_line), cmocka_unit_test(what_is_refused), cmocka_unit_test(comments_are_none),
        cmocka_unit_test(what_is_written_is_read_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

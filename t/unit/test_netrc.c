/* netrc: whose login is found, and what is passed over. */
#include "unit.h"
#include "wire/netrc.h"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123"

static void finding(void **state)
{
    static const struct {
        const char *text, *host, *user;
        int rc;
        const char *login, *password;
    } rows[] = {
        { "machine h login ann password one\n", "h", "", 0, "ann", "one" },
        { "machine h login ann password one", "H", "ann", 0, "ann", "one" },
        { "machine h login ann password one", "h", "bob", -ENOENT, NULL, NULL },
        { "machine h login ann password one", "g", "", -ENOENT, NULL, NULL },
        { "machine g login x password y\nmachine h\n\tlogin ann\n\tpassword one\n", "h", "", 0, "ann", "one" },
        { "machine h login ann password one machine h login bob password two", "h", "bob", 0, "bob", "two" },
        { "machine h password two login bob", "h", "", 0, "bob", "two" },
        { "machine h password any", "h", "bob", 0, "", "any" },
        { "machine h login ann", "h", "", 0, "ann", "" },
        { "default login anonymous password me@", "h", "", 0, "anonymous", "me@" },
        { "machine h login ann password one\ndefault login x password y", "h", "", 0, "ann", "one" },
        { "machine h login \"an n\" password \"o\\\"n\\\\e\"", "h", "", 0, "an n", "o\"n\\e" },
        { "# machine h login no password no\nmachine h login ann password #1 # machine h", "h", "", 0, "ann", "#1" },
        { "machine h login ann account acc password one", "h", "", 0, "ann", "one" },
        { "machine g login a macdef init\nmachine h login no\n\nmachine h login yes password p", "h", "", 0, "yes", "p" },
        { "machine login password", "login", "", 0, "", "" }, /* `password` has no value: the entry says nothing */
        { "machine", "h", "", -ENOENT, NULL, NULL },
        { "machine h login", "h", "", 0, "", "" },
        { "machine h login \"ann", "h", "", 0, "ann", "" },
        { "", "h", "", -ENOENT, NULL, NULL },
        { "machine g password " LONG LONG " machine h login a password b", "h", "", 0, "a", "b" },
        { "machine h login a password " LONG LONG, "h", "", -E2BIG, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct netrc n = { "untouched", "" };

        same_int("result", i, netrc_find(span_of(rows[i].text), span_of(rows[i].host), span_of(rows[i].user), &n), rows[i].rc);
        same_text("login", i, span_of(n.login), rows[i].rc ? "untouched" : rows[i].login);
        same_text("password", i, span_of(n.password), rows[i].rc ? "" : rows[i].password);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(finding) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

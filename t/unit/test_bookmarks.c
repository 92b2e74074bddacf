/* bookmarks: which lines are some, and what stays when one goes. */
#include "unit.h"
#include "wire/bookmarks.h"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123"

static void fitting(void **state)
{
    static const struct {
        const char *name;
        bool fits;
    } rows[] = {
        { "home", true },  { "h-2.x_y", true }, { "图书馆", true },  { LONG, true },    { LONG "x", false }, { "", false },
        { "a b", false },  { "a/b", false },    { "a:1", false },    { "a@b", false },  { "#a", false },     { "-a", false },
        { ".a", false },   { "a\tb", false },   { "a\x1b", false },  { "\xff", false }, { "[::1]", false },  { "a%41", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        same_int("fits", i, bookmark_fits(span_of(rows[i].name)), rows[i].fits);
}

static const char file[] = "# mine\n\nhome ftp://ann@h/x y\r\n \t work\t  h:2121 \nhome second\nodd/name ftp://h\nalone\nesc a\x1b[2J\nlast l";

static void finding(void **state)
{
    static const struct {
        const char *name, *url;
    } rows[] = { { "home", "ftp://ann@h/x y" }, { "work", "h:2121" }, { "last", "l" }, { "odd/name", NULL }, { "alone", NULL },
                 { "esc", NULL },               { "#", NULL },        { "", NULL },    { "hom", NULL } };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span url = SPAN("untouched");

        same_int("result", i, bookmark_find(span_of(file), span_of(rows[i].name), &url), rows[i].url ? 0 : -ENOENT);
        same_text("url", i, url, rows[i].url ? rows[i].url : "untouched");
    }
}

static void dropping(void **state)
{
    char room[sizeof file + 1];
    struct buf b = BUF(room);

    (void)state;
    same_int("dropped", 0, bookmark_drop(span_of(file), SPAN("home"), &b), 2);
    same_text("left", 0, buf_span(&b), "# mine\n\n \t work\t  h:2121 \nodd/name ftp://h\nalone\nesc a\x1b[2J\nlast l\n");
    same_int("dropped", 1, bookmark_drop(SPAN("a b"), SPAN("x"), &(struct buf){ .at = room, .cap = sizeof room }), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(fitting), cmocka_unit_test(finding), cmocka_unit_test(dropping) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

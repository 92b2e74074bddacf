/* client words, choices and target: what a typed line, a typed beginning and a typed address mean. */
#include "client/choices.h"
#include "client/target.h"
#include "client/words.h"
#include "unit.h"

static void first_word(void **state)
{
    static const struct {
        const char *line, *first, *rest;
    } rows[] = {
        { "get a b", "get", "a b" }, { "  G\t a b ", "G", "a b " }, { "list", "list", "" }, { "", "", "" },
        { " \t", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span rest, first = words_first(span_of(rows[i].line), &rest);

        same_text("first", i, first, rows[i].first);
        same_text("rest", i, rest, rows[i].rest);
    }
}

static void name_of(void **state)
{
    static const struct {
        const char *raw, *name, *partial;
    } rows[] = {
        { "a b", "a b", "a b" },
        { " a b ", "a b", " a b " },
        { "\" a \"", " a ", " a " },
        { "\"a\\\"b\\\\c\"", "a\"b\\c", "a\"b\\c" },
        { "\"a", "\"a", "a" },         /* never closed: an ordinary character */
        { "\"a\" b", "\"a\" b", "a" }, /* closed too early: the same */
        { "a\\b \"c\"", "a\\b \"c\"", "a\\b \"c\"" },
        { "\"a\\", "\"a\\", "a\\" },
        { "\"\"", "", "" },
        { "", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64], begun[64];
        struct buf name = BUF(text), partial = BUF(begun);

        words_name(span_of(rows[i].raw), &name);
        same_text("name", i, buf_span(&name), rows[i].name);
        words_partial(span_of(rows[i].raw), &partial);
        same_text("partial", i, buf_span(&partial), rows[i].partial);
    }
}

/* whatever a name holds, its quoted form means it again */
static void quoting_round_trip(void **state)
{
    static const char *const names[] = { "a", "a b", " a", "a ", "\"", "\"a\"", "\\", "a\\", "\" \\", "\t", "文件",
                                         "a\"b" };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        for (int quoted = 0; quoted < 2; quoted++) {
            char raw[64], text[64];
            struct buf b = BUF(raw), name = BUF(text);

            words_quote(&b, span_of(names[i]), quoted, true);
            words_name(buf_span(&b), &name);
            same_text("again", i, buf_span(&name), names[i]);
        }
}

static struct choices c; /* not for the stack */

static void completes(void **state)
{
    static const struct {
        const char *raw, *names[3], *typed; /* typed NULL: nothing is gained */
        unsigned count;
    } rows[] = {
        { "tw", { "two words" }, "two words", 1 },
        { "", { "ab1", "ab2" }, "ab", 2 },
        { "ab", { "ab1", "ab2" }, NULL, 2 },
        { "x", { "ab" }, NULL, 0 },
        { "ab", { "ab" }, NULL, 1 },
        { "\"t", { "two" }, "\"two\"", 1 },
        { "\"two", { "two" }, "\"two\"", 1 },
        { "\"t", { "two", "tw" }, "\"tw", 2 },
        { "", { " lead" }, "\" lead\"", 1 },
        { "tr", { "trail " }, "\"trail \"", 1 },
        { "", { "\"q\"" }, "\"\\\"q\\\"\"", 1 },
        { "", { "\xe6\x96\x87", "\xe6\x96\x88" }, NULL, 2 }, /* never half a character */
        { "\xe6\x96\x87", { "\xe6\x96\x87\xe4\xbb\xb6" }, "\xe6\x96\x87\xe4\xbb\xb6", 1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64] = "";
        struct buf b = BUF(text);
        bool gained;

        c = (struct choices){ 0 };
        choices_begin(&c, 4, span_of(rows[i].raw));
        for (int k = 0; k < 3 && rows[i].names[k]; k++)
            choices_add(&c, span_of(rows[i].names[k]), false);
        gained = choices_extend(&c, &b);
        same_int("gained", i, gained, rows[i].typed != NULL);
        same_int("count", i, c.count, rows[i].count);
        if (gained)
            same_text("typed", i, buf_span(&b), rows[i].typed);
        choices_free(&c);
    }
}

static void folders_stay_open(void **state)
{
    char text[64];
    struct buf b = BUF(text);

    (void)state;
    c = (struct choices){ 0 };
    choices_begin(&c, 0, SPAN("\"d"));
    choices_add(&c, SPAN("deep"), true);
    assert_true(choices_extend(&c, &b));
    same_text("open", 0, buf_span(&b), "\"deep/");
    choices_free(&c);
}

static void many_choices_are_bounded(void **state)
{
    static char name[CHOICE_CAP + 1];

    (void)state;
    c = (struct choices){ 0 };
    choices_begin(&c, 0, SPAN(""));
    for (int i = 0; i < 100000; i++)
        choices_add(&c, (struct span){ name, (size_t)snprintf(name, sizeof name, "n%d", i) }, false);
    memset(name, 'n', sizeof name);
    choices_add(&c, (struct span){ name, sizeof name }, false); /* too long: not offered */
    same_int("count", 0, c.count, 100000);
    same_int("shown", 0, c.shown, CHOICES_SHOWN);
    same_int("common", 0, (long long)c.common_len, 1);
    choices_free(&c);
}

static void addresses(void **state)
{
    static const struct {
        const char *text, *host;
        unsigned port;
        const char *user, *password, *path; /* NULL: not there */
    } rows[] = {
        { "files.example", "files.example", 2121, NULL, NULL, "" },
        { "files.example:21", "files.example", 21, NULL, NULL, "" },
        { "::1", "::1", 2121, NULL, NULL, "" },
        { "[::1]", "::1", 2121, NULL, NULL, "" },
        { "[fe80::1%eth0]:99", "fe80::1%eth0", 99, NULL, NULL, "" },
        { "bob@h/a b", "h", 2121, "bob", NULL, "a b" },
        { "ftp://h", "h", 21, NULL, NULL, "" },
        { "FTP://h:2121/", "h", 2121, NULL, NULL, "" },
        { "ftp://b%40b:p%3Aw@h/%2Fetc/a%20b", "h", 21, "b@b", "p:w", "/etc/a b" },
        { "ftps://h/a", "h", 990, NULL, NULL, "a" },
        { "ftp://b:@h", "h", 21, "b", "", "" },
        { "ftp://b:p@w@h", "h", 21, "b", "p@w", "" },
        { "ftp://h/a;type=i", "h", 21, NULL, NULL, "a" },
        { "ftp://h/a;TYPE=A", "h", 21, NULL, NULL, "a" },
        { "ftp://h/a;type=", "h", 21, NULL, NULL, "a;type=" },
        { "ftp://h/a%3btype=i", "h", 21, NULL, NULL, "a;type=i" },
        { "h/a;type=i", "h", 2121, NULL, NULL, "a;type=i" },
        { "h/a://b", "h", 2121, NULL, NULL, "a://b" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct target t;

        same_int("parsed", i, target_parse(span_of(rows[i].text), &t), 0);
        same_int("tls", i, t.tls, strncmp(rows[i].text, "ftps", 4) == 0);
        same_text("host", i, span_of(t.host), rows[i].host);
        same_int("port", i, t.port, rows[i].port);
        same_int("has user", i, t.has_user, rows[i].user != NULL);
        same_int("has password", i, t.has_password, rows[i].password != NULL);
        same_text("user", i, span_of(t.user), rows[i].user ? rows[i].user : "");
        same_text("password", i, span_of(t.password), rows[i].password ? rows[i].password : "");
        same_text("path", i, span_of(t.path), rows[i].path);
    }
}

static void no_addresses(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        { "", -EINVAL },
        { "h:", -EINVAL },
        { "h:0", -EINVAL },
        { "h:65536", -ERANGE },
        { "h:x", -EINVAL },
        { "[::1", -EINVAL },
        { "[]", -EINVAL },
        { "[::1]x", -EINVAL },
        { "ftp://h/%", -EINVAL },
        { "ftp://h/%4", -EINVAL },
        { "ftp://h/%zz", -EINVAL },
        { "ftp://a%0d%0ab@h", -EINVAL },
        { "ftp://h/%00", -EINVAL },
        { ":21", -EINVAL },
        { "http://h/", -EPROTONOSUPPORT },
        { "ftpx://h", -EPROTONOSUPPORT },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct target t;

        same_int(rows[i].text, i, target_parse(span_of(rows[i].text), &t), rows[i].rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_word), cmocka_unit_test(name_of),           cmocka_unit_test(quoting_round_trip),
        cmocka_unit_test(completes),  cmocka_unit_test(folders_stay_open), cmocka_unit_test(many_choices_are_bounded),
        cmocka_unit_test(addresses),  cmocka_unit_test(no_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

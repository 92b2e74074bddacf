/* http_uri: what is cut, decoded and encoded. */
#include "unit.h"
#include "wire/http_uri.h"

static void decoding(void **state)
{
    static const struct {
        const char *text;
        bool plus;
        int rc;
        const char *out;
    } rows[] = {
        { "/a%20b", false, 4, "/a b" },
        { "a+b", false, 3, "a+b" },
        { "a+b%2B", true, 4, "a b+" },
        { "%c3%A4", false, 2, "\xC3\xA4" },
        { "%2", false, -EINVAL, "" },
        { "%", false, -EINVAL, "" },
        { "%g0", false, -EINVAL, "" },
        { "%0g", false, -EINVAL, "" },
        { "a%00", false, -EINVAL, "" },
        { "1234567", false, 7, "1234567" },
        { "12345678", false, -ENAMETOOLONG, "" },
        { "", false, 0, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[8] = "";
        int rc = http_uri_decode(span_of(rows[i].text), rows[i].plus, out, sizeof out);

        same_int("result", i, rc, rows[i].rc);
        if (rc >= 0)
            same_text("text", i, span_of(out), rows[i].out);
    }
}

static void splitting(void **state)
{
    struct span path, query, rest = SPAN("json&x=1&y&x=&x=2=3"), none = { 0 };

    (void)state;
    http_uri_split(SPAN("/a?b?c"), &path, &query);
    same_text("path", 0, path, "/a");
    same_text("query", 0, query, "b?c");
    http_uri_split(SPAN("/a"), &path, &query);
    assert_null(query.at);
    http_uri_split(SPAN("/a?"), &path, &query);
    assert_non_null(query.at);
    same_text("first", 0, http_query_next(&rest, SPAN("x")), "1");
    same_text("second", 0, http_query_next(&rest, SPAN("x")), "");
    same_text("third", 0, http_query_next(&rest, SPAN("x")), "2=3");
    assert_null(http_query_next(&rest, SPAN("x")).at);
    rest = SPAN("a&json");
    assert_non_null(http_query_next(&rest, SPAN("json")).at);
    assert_null(http_query_next(&none, SPAN("json")).at);
}

static void encoding(void **state)
{
    char text[32], small[4];
    struct buf b = BUF(text), s = BUF(small);

    (void)state;
    http_uri_encode(&b, SPAN("/a b%\xC3~<"));
    same_text("encoded", 0, buf_span(&b), "/a%20b%25%C3~%3C");
    http_uri_encode(&s, SPAN("ab c"));
    same_text("no half", 0, buf_span(&s), "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(decoding), cmocka_unit_test(splitting), cmocka_unit_test(encoding) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

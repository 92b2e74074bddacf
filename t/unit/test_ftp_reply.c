/* ftp_reply: what is printed can be fed back, nothing can be forged, and nothing grows without bound. */
#include "wire/ftp_reply.h"
#include "unit.h"

#define S(lit) { (lit), sizeof(lit) - 1 }

static void printing(void **state)
{
    static const struct {
        int code;
        struct span text, out;
    } rows[] = {
        { 220, S("ready"), S("220 ready\r\n") },
        { 200, S(""), S("200 \r\n") },
        { 211, S("Features:\nMLST\nEnd"), S("211-Features:\r\n MLST\r\n211 End\r\n") },
        { 211, S("a\nb"), S("211-a\r\n211 b\r\n") },
        { 211, S("a\n"), S("211-a\r\n211 \r\n") },
        { 211, S("\n\n"), S("211-\r\n \r\n211 \r\n") },
        { 550, S("x\r\n226 forged"), S("550-x?\r\n550 226 forged\r\n") },
        { 550, S("x\r226 y\0z\x1B\x7F\t"), S("550 x?226 y?z???\r\n") },
        { 257, S("\xC3\xA4 \xE4"), S("257 \xC3\xA4 \xE4\r\n") },
        { 257, S("\xC2\x85"), S("257 ?\r\n") },
        { 257, S("a\xFF" "b\xFF"), S("257 a\xFF\xFF" "b\xFF\xFF\r\n") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[128];
        struct buf b = BUF(out);

        ftp_reply_print(&b, rows[i].code, rows[i].text);
        assert_false(b.over);
        same_span("print", i, buf_span(&b), rows[i].out);
    }
}

static void print_says_over(void **state)
{
    char out[10];
    struct buf b = BUF(out);

    (void)state;
    ftp_reply_print(&b, 220, SPAN("ready")); /* eleven bytes */
    assert_true(b.over);
    assert_true(b.len <= sizeof out);
}

/* Too large for a frame. */
static struct ftp_reply r;

static void start_anew(void)
{
    memset(&r, 0, sizeof r);
}

/* Feeds lines separated by '|'; the last result. */
static int feed_all(const char *lines)
{
    struct span rest = span_of(lines);
    int rc = 0;

    do
        rc = ftp_reply_feed(&r, span_cut(&rest, '|'));
    while (rc == 0 && rest.len);
    return rc;
}

static void feeding(void **state)
{
    static const struct {
        const char *lines;
        int rc, code;
        const char *text;
    } rows[] = {
        { "220 ready", 1, 220, "ready" },
        { "220", 1, 220, "" },
        { "220 ", 1, 220, "" },
        { "220  two", 1, 220, " two" },
        { "599 x", 1, 599, "x" },
        /* RFC 959 section 4.2: the example */
        { "123-First line|Second line|  234 A line beginning with numbers|123 The last line", 1, 123,
          "First line\nSecond line\n 234 A line beginning with numbers\nThe last line" },
        { "211-Features| MLST type*;| SIZE|211 End", 1, 211, "Features\nMLST type*;\nSIZE\nEnd" },
        { "230-a|230-b|230 c", 1, 230, "a\nb\nc" },
        { "230-a|220 not yet|230 c", 1, 230, "a\n220 not yet\nc" },
        { "230-a|230|", 1, 230, "a\n" },
        { "230-a|2300 x|230 c", 1, 230, "a\n2300 x\nc" },
        { "230-a", 0, 230, "a" },
        { "230-a|b", 0, 230, "a\nb" },
        { "", -EBADMSG, 0, "" },
        { "22", -EBADMSG, 0, "" },
        { "2200 x", -EBADMSG, 0, "" },
        { "099 x", -EBADMSG, 0, "" },
        { "600 x", -EBADMSG, 0, "" },
        { "22a x", -EBADMSG, 0, "" },
        { " 220 x", -EBADMSG, 0, "" },
        { "220\tx", -EBADMSG, 0, "" },
        { "220_x", -EBADMSG, 0, "" },
        { "HTTP/1.1 400 Bad Request", -EBADMSG, 0, "" },
        { "SSH-2.0-OpenSSH_9.2", -EBADMSG, 0, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        start_anew();
        same_int("rc", i, feed_all(rows[i].lines), rows[i].rc);
        same_int("code", i, r.code, rows[i].code);
        same_text("text", i, (struct span){ r.text, r.len }, rows[i].text);
        assert_false(r.cut);
    }
}

static void long_text_is_cut(void **state)
{
    static char line[8192];

    (void)state;
    start_anew();
    memset(line, 'x', sizeof line);
    memcpy(line, "220-", 4);
    assert_int_equal(ftp_reply_feed(&r, (struct span){ line, sizeof line }), 0);
    assert_true(r.cut);
    assert_int_equal(r.len, FTP_REPLY_TEXT);
    assert_int_equal(ftp_reply_feed(&r, SPAN("more")), 0);
    assert_int_equal(ftp_reply_feed(&r, SPAN("220 end")), 1);
    assert_int_equal(r.len, FTP_REPLY_TEXT);
}

static void exactly_full_is_not_cut(void **state)
{
    static char line[4 + FTP_REPLY_TEXT];

    (void)state;
    start_anew();
    memset(line, 'x', sizeof line);
    memcpy(line, "220 ", 4);
    assert_int_equal(ftp_reply_feed(&r, (struct span){ line, sizeof line }), 1);
    assert_false(r.cut);
    assert_int_equal(r.len, FTP_REPLY_TEXT);
}

static void lines_are_counted(void **state)
{
    int n = 1;

    (void)state;
    start_anew();
    assert_int_equal(ftp_reply_feed(&r, SPAN("220-")), 0);
    while (ftp_reply_feed(&r, SPAN("")) == 0)
        n++;
    assert_int_equal(n, FTP_REPLY_LINES);
    assert_int_equal(ftp_reply_feed(&r, SPAN("220 end")), -EMSGSIZE);
}

static void round_trip(void **state)
{
    static const char *const texts[] = { "", "a", "a\nb", "a\n b\nc", "a\n220 b\nc", "a\n\n\nb", "\n" };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char out[128];
        struct buf b = BUF(out);
        struct span rest;
        int rc = 0;

        start_anew();
        ftp_reply_print(&b, 220, span_of(texts[i]));
        for (rest = buf_span(&b); rest.len; span_cut(&rest, '\n')) {
            struct span look = rest, line = span_cut(&look, '\r');

            same_int("not before the end", i, rc, 0);
            rc = ftp_reply_feed(&r, line);
        }
        same_int("complete", i, rc, 1);
        same_text("text", i, (struct span){ r.text, r.len }, texts[i]);
    }
}

static void quoted(void **state)
{
    static const struct {
        const char *text;
        int rc;
        const char *out;
    } rows[] = {
        { "\"/\" is the current directory", 0, "/" },
        { "\"/usr/dm\" directory created", 0, "/usr/dm" },
        /* RFC 959 appendix II */
        { "\"/usr/dm/pathname\" directory created", 0, "/usr/dm/pathname" },
        { "\"/foo\"\"bar\" created", 0, "/foo\"bar" },
        { "\"\"\"\"", 0, "\"" },
        { "\"\"", 0, "" },
        { "\"\"\"a\"\"\"", 0, "\"a\"" },
        { "is now \"/a b\"", 0, "/a b" },
        { "\"a\" and \"b\"", 0, "a" },
        { "\"/a", -EBADMSG, "" },
        { "\"", -EBADMSG, "" },
        { "\"\"\"", -EBADMSG, "" },
        { "\"a\"\"", -EBADMSG, "" },
        { "\"a\nb\"", -EBADMSG, "" },
        { "none", -EBADMSG, "" },
        { "", -EBADMSG, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[64];
        struct buf b = BUF(out);

        same_int("rc", i, ftp_reply_quoted(span_of(rows[i].text), &b), rows[i].rc);
        same_text("out", i, buf_span(&b), rows[i].out);
    }
}

static void quoted_too_long(void **state)
{
    char out[3];
    struct buf b = BUF(out);

    (void)state;
    assert_int_equal(ftp_reply_quoted(SPAN("\"abcd\""), &b), 0);
    assert_true(b.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printing), cmocka_unit_test(print_says_over), cmocka_unit_test(feeding),
        cmocka_unit_test(long_text_is_cut), cmocka_unit_test(exactly_full_is_not_cut),
        cmocka_unit_test(lines_are_counted), cmocka_unit_test(round_trip), cmocka_unit_test(quoted),
        cmocka_unit_test(quoted_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

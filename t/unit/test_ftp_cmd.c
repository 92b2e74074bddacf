/* ftp_cmd: Telnet out of the line, verb and argument apart, and browsers recognised. */
#include "wire/ftp_cmd.h"
#include "unit.h"

#define S(lit) { (lit), sizeof(lit) - 1 }

static void telnet(void **state)
{
    static const struct {
        struct span in, out;
    } rows[] = {
        { S(""), S("") },
        { S("NOOP"), S("NOOP") },
        { S("\xFF\xF4\xFF\xF2" "ABOR"), S("ABOR") },
        { S("\xFF\xF4\xF2" "ABOR"), S("ABOR") },    /* the second IAC was the urgent byte */
        { S("\xF2" "ABOR"), S("ABOR") },
        { S("\xFF\xF4\xFF" "ABOR"), S("ABOR") },    /* the DM was */
        { S("\xFF\xFB\x01USER x"), S("USER x") },
        { S("\xFF\xFC\x01\xFF\xFD\x03\xFF\xFE\xFFUSER x"), S("USER x") },
        { S("USER \xFF\xFB\x01x"), S("USER x") },
        { S("USER x\xFF\xFD"), S("USER x") },       /* cut off */
        { S("USER x\xFF\xFA\x18\x00\xFF\xF0y"), S("USER xy") },
        { S("a\xFF\xFA\x18\xFF\xFF\xF0yy\xFF\xF0z"), S("az") }, /* IAC IAC inside */
        { S("a\xFF\xFA\x18zzz"), S("a") },
        { S("a\xFF\xFA"), S("a") },
        { S("a\xFF\xFA\xFF"), S("a") },
        { S("STOR a\xFF\xFF" "b"), S("STOR a\xFF" "b") },
        { S("STOR a\xFF\xFF\xFF\xFF" "b"), S("STOR a\xFF\xFF" "b") },
        { S("STOR a\xFF\xFF\xFB\x01"), S("STOR a\xFF\xFB\x01") },
        { S("STOR a\xFF" "b"), S("STOR a\xFF" "b") },
        { S("STOR a\xFF"), S("STOR a\xFF") },
        { S("STOR \xF2"), S("STOR \xF2") },         /* only in front */
        { S("a\xFF\xF1\xFF\xF3\xFF\xF5\xFF\xF6\xFF\xF9z"), S("az") },
        { S("a\xFF\xEF" "b"), S("a\xFF\xEF" "b") },
        { S("\xFF\xFF\xFF"), S("") },
        { S("STOR \xC3\xBF"), S("STOR \xC3\xBF") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *exact = malloc(rows[i].in.len + !rows[i].in.len); /* for the sanitizer: not a byte more */
        size_t n;

        assert_non_null(exact);
        memcpy(exact, rows[i].in.at, rows[i].in.len);
        n = ftp_telnet_strip(exact, rows[i].in.len);
        same_span("strip", i, (struct span){ exact, n }, rows[i].out);
        free(exact);
    }
}

static void good_lines(void **state)
{
    static const struct {
        const char *line, *verb, *arg;
    } rows[] = {
        { "USER anonymous", "USER", "anonymous" },
        { "user anonymous", "USER", "anonymous" },
        { "QuIt", "QUIT", "" },
        { "QUIT ", "QUIT", "" },
        { "PASS ", "PASS", "" },
        { "PASS  two blanks ", "PASS", " two blanks " },
        { "STOR  x ", "STOR", " x " },
        { "STOR \tx\t", "STOR", "\tx\t" },
        { "PWD", "PWD", "" },
        { "A b", "A", "b" },
        { "ABCDEFG b", "ABCDEFG", "b" },
        { "xmd5 b", "XMD5", "b" },
        { "XSHA256 b", "XSHA256", "b" },
        { "x012345", "X012345", "" },
        { "RETR \xE4\xF6\xFF", "RETR", "\xE4\xF6\xFF" },
        { "RETR -la", "RETR", "-la" },
        { "RETR a\x01\x1B[0m", "RETR", "a\x01\x1B[0m" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_cmd c = { .verb = "OLDOLD" };

        same_int("rc", i, ftp_cmd_parse(span_of(rows[i].line), &c), 0);
        same_text("verb", i, span_of(c.verb), rows[i].verb);
        same_text("arg", i, c.arg, rows[i].arg);
    }
}

static void bad_lines(void **state)
{
    static const struct {
        struct span line;
        int rc;
    } rows[] = {
        { S(""), -EINVAL },
        { S(" "), -EINVAL },
        { S(" USER x"), -EINVAL },
        { S("US3R x"), -EINVAL },
        { S("1"), -EINVAL },
        { S("5XMD x"), -EINVAL },
        { S("XMD5A x"), -EINVAL },
        { S("XMD/ x"), -EINVAL },
        { S("XMD: x"), -EINVAL },
        { S("X1234567 x"), -E2BIG },
        { S("USER\tx"), -EINVAL },
        { S("USER: x"), -EINVAL },
        { S("USER\xFFx"), -EINVAL },
        { S("[\\]^_` x"), -EINVAL },
        { S("@ x"), -EINVAL },
        { S("{ x"), -EINVAL },
        { S("\xC4 x"), -EINVAL },
        { S("ABCDEFGH"), -E2BIG },
        { S("ABCDEFGH x"), -E2BIG },
        { S("USER a\0b"), -EBADMSG },
        { S("USER a\rDELE b"), -EBADMSG },
        { S("USER a\nDELE b"), -EBADMSG },
        { S("\0"), -EBADMSG },
        { S("\r"), -EBADMSG },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_cmd c = { .verb = "KEPT", .arg = { NULL, 7 } };

        same_int("rc", i, ftp_cmd_parse(rows[i].line, &c), rows[i].rc);
        assert_string_equal(c.verb, "KEPT");
        assert_int_equal(c.arg.len, 7);
    }
}

static void very_long_lines(void **state)
{
    static char line[8192];
    struct ftp_cmd c;

    (void)state;
    memset(line, 'A', sizeof line);
    assert_int_equal(ftp_cmd_parse((struct span){ line, sizeof line }, &c), -E2BIG);
    line[4] = ' ';
    assert_int_equal(ftp_cmd_parse((struct span){ line, sizeof line }, &c), 0);
    assert_int_equal(c.arg.len, sizeof line - 5);
    line[sizeof line - 1] = '\0';
    assert_int_equal(ftp_cmd_parse((struct span){ line, sizeof line }, &c), -EBADMSG);
    memset(line, 0xFF, sizeof line);
    assert_int_equal(ftp_telnet_strip(line, sizeof line), 0);
}

static void http_lines(void **state)
{
    static const char *const http[] = {
        "GET / HTTP/1.1", "get / http/1.0", "HEAD /x HTTP/1.0", "POST /a?b=c HTTP/1.1", "PUT /f HTTP/1.1",
        "DELETE /f HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT example.com:443 HTTP/1.1", "TRACE / HTTP/1.1",
        "PATCH / HTTP/1.1", "PRI * HTTP/2.0", "GET / HTTP/1.1 ", "GET /a b HTTP/2", "Host: example.com", "host:x",
        "User-Agent: Mozilla/5.0", "Connection: keep-alive", "ACCEPT: */*", "Accept-Language: en", "Cookie: a=b",
        "Content-Length: 3", "content-type: text/plain", "Origin: null", "Referer: x", "Sec-Fetch-Mode: no-cors",
        "X-Forwarded-For: 1.2.3.4", "Upgrade-Insecure-Requests: 1", "If-None-Match: x", "Transfer-Encoding: chunked",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(http); i++)
        if (!ftp_cmd_is_http(span_of(http[i])))
            fail_msg("not seen: %s", http[i]);
}

static void ftp_lines(void **state)
{
    static const char *const ftp[] = {
        "HOST example.com", "OPTS UTF8 ON", "USER anonymous", "STOR x HTTP/1.1", "RETR GET / HTTP/1.1", "QUIT", "",
        " ", ":", ": x", "GET /", "GET / HTTP/", "GET / HTTP/x.y", "GETX / HTTP/1.1", "HTTP/1.1", "STOR Host: x",
        "MDTM 20260101:x", "EPRT |2|::1|2048|", "USER: x", "Hos: x", "Hosts: x", "Host : x", "Content: x", "X:y",
        "SITE UTIME a HTTP/1.1", "STOR a:b", "DELE http://x HTTP/1.1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ftp); i++)
        if (ftp_cmd_is_http(span_of(ftp[i])))
            fail_msg("taken for HTTP: %s", ftp[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(telnet), cmocka_unit_test(good_lines), cmocka_unit_test(bad_lines),
        cmocka_unit_test(very_long_lines), cmocka_unit_test(http_lines), cmocka_unit_test(ftp_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

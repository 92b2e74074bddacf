/* http_head: which heads are refused with what, and what is read out of the others. */
#include "unit.h"
#include "wire/http_head.h"

#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X512 X64 X64 X64 X64 X64 X64 X64 X64

static void refusals(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        { GET "\r\n", 0 },
        { "\r\n" GET "\r\n", 0 },
        { "\r\n\r\n" GET "\r\n", 0 },
        { "\r\n\r\n\r\n" GET "\r\n", 400 },
        { "", 400 },
        { GET "\r", 400 },
        { GET "\r\nbody", 400 },
        { "GET / HTTP/1.1\nHost: h\n\n", 400 },
        { "GET / HTTP/1.1\rHost: h\r\n\r\n", 400 },
        { "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { GET, 400 },
        { GET "\r\n\r\n", 400 },
        { "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400 },
        { "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET / http/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET /\r\n\r\n", 400 },
        { "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505 },
        { "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0 },
        { "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET http://u@h/a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
        { "GET /" X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 " HTTP/1.1\r\nHost: h\r\n\r\n", 414 },
        { "GET / HTTP/1.1\r\n\r\n", 400 },
        { "GET / HTTP/1.0\r\n\r\n", 0 },
        { "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0 },
        { GET "Host: h\r\n\r\n", 400 },
        { GET "Range : bytes=0-\r\n\r\n", 400 },
        { GET "A: b\r\n c\r\n\r\n", 400 },
        { GET " A: b\r\n\r\n", 400 },
        { GET "A\r\n\r\n", 400 },
        { GET ": a\r\n\r\n", 400 },
        { GET "A: \x01\r\n\r\n", 400 },
        { GET "A: \x7F\r\n\r\n", 400 },
        { GET "A: b\nB: c\r\n\r\n", 400 },
        { GET "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
        { GET "Content-Length: 5, 5\r\n\r\n", 400 },
        { GET "Content-Length: +5\r\n\r\n", 400 },
        { GET "Content-Length:\r\n\r\n", 400 },
        { GET "Content-Length: 9223372036854775808\r\n\r\n", 400 },
        { GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { GET "Transfer-Encoding: gzip, chunked\r\n\r\n", 501 },
        { GET "Transfer-Encoding:\r\n\r\n", 501 },
        { "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { GET "If-None-Match: \"a\"\r\nIf-None-Match: *\r\n\r\n", 400 },
        { GET "Accept: a\r\nAccept: b\r\n\r\n", 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_head h = { .minor = 7 };

        same_int("status", i, http_head_parse(span_of(rows[i].text), &h), rows[i].status);
        if (rows[i].status)
            same_int("untouched", i, h.minor, 7);
    }
}

static void too_many(void **state)
{
    char text[1024];
    struct buf b = BUF(text);
    struct http_head h;

    (void)state;
    buf_text(&b, GET);
    for (int i = 1; i < HTTP_FIELDS_MAX; i++)
        buf_text(&b, "A: b\r\n");
    buf_text(&b, "\r\n");
    same_int("as many as may be", 0, http_head_parse(buf_span(&b), &h), 0);
    b.len -= 2;
    buf_text(&b, "A: b\r\n\r\n");
    same_int("one more", 0, http_head_parse(buf_span(&b), &h), 431);
}

static void reading(void **state)
{
    struct http_head h;

    (void)state;
    same_int("status", 0, http_head_parse(SPAN("PUT http://other:80/a?b HTTP/1.1\r\nHOST: h\r\nexpect: 100-Continue\r\n"
                                               "Content-Length: \t12 \r\nConnection: x\r\nConnection: Close\r\n\r\n"), &h), 0);
    same_text("method", 0, h.method, "PUT");
    same_text("target", 0, h.target, "/a?b");
    same_text("host", 0, h.field[HTTP_HOST], "other:80");
    same_int("length", 0, h.length, 12);
    assert_true(h.expect_continue && !h.keep_alive && !h.chunked && !h.field[HTTP_RANGE].at);
    same_int("status", 1, http_head_parse(SPAN("GET http://h HTTP/1.0\r\nConnection: keep-alive\r\nRange:\r\n\r\n"), &h), 0);
    same_text("target", 1, h.target, "/");
    same_int("length", 1, h.length, -1);
    assert_true(h.keep_alive && h.minor == 0 && h.field[HTTP_RANGE].at && h.field[HTTP_RANGE].len == 0);
    same_int("status", 2, http_head_parse(SPAN(GET "Transfer-Encoding: Chunked\r\n\r\n"), &h), 0);
    assert_true(h.chunked && h.keep_alive && h.length == -1);
}

static void lists(void **state)
{
    (void)state;
    assert_true(http_has_token(SPAN("a, Close ,b"), SPAN("close")));
    assert_false(http_has_token(SPAN("closed, a close"), SPAN("close")));
    assert_true(http_has_etag(SPAN(" * "), SPAN("\"a\""), false));
    assert_true(http_has_etag(SPAN("\"x,y\", \"a\""), SPAN("\"a\""), false));
    assert_false(http_has_etag(SPAN("\"x, \"a\""), SPAN("\"a\""), false));
    assert_false(http_has_etag(SPAN("W/\"a\""), SPAN("\"a\""), false));
    assert_true(http_has_etag(SPAN("W/\"a\""), SPAN("\"a\""), true));
    assert_false(http_has_etag(SPAN("a, \"a"), SPAN("\"a\""), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(too_many),
        cmocka_unit_test(reading),
        cmocka_unit_test(lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

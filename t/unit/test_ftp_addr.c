/* ftp_addr: the examples of RFC 959 and RFC 2428, and everything that looks like an address and is none. */
#include "wire/ftp_addr.h"
#include "unit.h"

static const struct ftp_addr untouched = { .net = 77, .ip = { 1, 2, 3 }, .port = 99 };

static void print_any(struct buf *b, const struct ftp_addr *a)
{
    ftp_addr_print_eprt(b, a);
}

struct row {
    const char *in;
    int rc;
    const char *out; /* as EPRT */
};

static void each(int (*parse)(struct span, struct ftp_addr *), const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ftp_addr a = untouched;
        char text[80];
        struct buf b = BUF(text);

        same_int(rows[i].in, i, parse(span_of(rows[i].in), &a), rows[i].rc);
        if (rows[i].rc == 0) {
            print_any(&b, &a);
            same_text(rows[i].in, i, buf_span(&b), rows[i].out);
        } else {
            assert_memory_equal(&a, &untouched, sizeof a);
        }
    }
}

static void port(void **state)
{
    static const struct row rows[] = {
        { "192,168,1,2,7,138", 0, "|1|192.168.1.2|1930|" },
        { "0,0,0,0,0,0", 0, "|1|0.0.0.0|0|" },
        { "255,255,255,255,255,255", 0, "|1|255.255.255.255|65535|" },
        { "010,002,003,004,000,021", 0, "|1|10.2.3.4|21|" },
        { "256,0,0,1,0,21", -EINVAL, NULL },
        { "1,2,3,4,5,256", -EINVAL, NULL },
        { "1,2,3,4,5", -EINVAL, NULL },
        { "1,2,3,4,5,6,7", -EINVAL, NULL },
        { "1,2,3,4,5,6,", -EINVAL, NULL },
        { ",1,2,3,4,5,6", -EINVAL, NULL },
        { "1,,3,4,5,6", -EINVAL, NULL },
        { "1,2,3,4,5,", -EINVAL, NULL },
        { "1, 2,3,4,5,6", -EINVAL, NULL },
        { "1,2,3,4,5,6 ", -EINVAL, NULL },
        { "1.2.3.4.5.6", -EINVAL, NULL },
        { "-1,2,3,4,5,6", -EINVAL, NULL },
        { "1,2,3,4,5,0x6", -EINVAL, NULL },
        { "99999999999999999999999,2,3,4,5,6", -EINVAL, NULL },
        { "", -EINVAL, NULL },
        { ",,,,,", -EINVAL, NULL },
    };

    (void)state;
    each(ftp_addr_parse_port, rows, COUNT(rows));
}

static void eprt(void **state)
{
    static const struct row rows[] = {
        { "|1|132.235.1.2|6275|", 0, "|1|132.235.1.2|6275|" },
        { "|2|1080::8:800:200C:417A|5282|", 0, "|2|1080::8:800:200c:417a|5282|" },
        { "|2|::1|2048|", 0, "|2|::1|2048|" },
        { "|2|::ffff:1.2.3.4|65535|", 0, "|2|::ffff:1.2.3.4|65535|" },
        { "|1|1.2.3.4|0|", 0, "|1|1.2.3.4|0|" },
        { "!1!1.2.3.4!21!", 0, "|1|1.2.3.4|21|" },
        { "~2~::1~21~", 0, "|2|::1|21|" },
        { "a1a1.2.3.4a21a", 0, "|1|1.2.3.4|21|" },
        { "$01$1.2.3.4$0021$", 0, "|1|1.2.3.4|21|" },
        { "|3|1.2.3.4|21|", -EAFNOSUPPORT, NULL },
        { "|0|x|21|", -EAFNOSUPPORT, NULL },
        { "|99999999999999999999999|x|21|", -EAFNOSUPPORT, NULL },
        { "|3||21|", -EINVAL, NULL },
        { "|3|x|65536|", -EINVAL, NULL },
        { " 1 1.2.3.4 21 ", -EINVAL, NULL },
        { "\xA6" "1\xA6" "1.2.3.4\xA6" "21\xA6", -EINVAL, NULL },
        { "\x7F" "1\x7F" "1.2.3.4\x7F" "21\x7F", -EINVAL, NULL },
        { ":2:::1:21:", -EINVAL, NULL },
        { ".1.1.2.3.4.21.", -EINVAL, NULL },
        { "1111.2.3.41211", -EINVAL, NULL },
        { "|1|1.2.3.4|21", -EINVAL, NULL },
        { "|1|1.2.3.4|21||", -EINVAL, NULL },
        { "|1|1.2.3.4|21|x", -EINVAL, NULL },
        { "|1|1.2.3.4||", -EINVAL, NULL },
        { "|1|1.2.3.4|", -EINVAL, NULL },
        { "||1.2.3.4|21|", -EINVAL, NULL },
        { "|||21|", -EINVAL, NULL },
        { "|1|1.2.3.4|65536|", -EINVAL, NULL },
        { "|1|1.2.3.4|-21|", -EINVAL, NULL },
        { "|1|1.2.3|21|", -EINVAL, NULL },
        { "|1|1.2.3.256|21|", -EINVAL, NULL },
        { "|1|::1|21|", -EINVAL, NULL },
        { "|2|1.2.3.4|21|", -EINVAL, NULL },
        { "|2|fe80::1%eth0|21|", -EINVAL, NULL },
        { "|2|[::1]|21|", -EINVAL, NULL },
        { "|2|1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd|21|", -EINVAL, NULL },
        { "|1|localhost|21|", -EINVAL, NULL },
        { "|", -EINVAL, NULL },
        { "||||", -EINVAL, NULL },
        { "", -EINVAL, NULL },
    };

    (void)state;
    each(ftp_addr_parse_eprt, rows, COUNT(rows));
}

static void eprt_with_nul(void **state)
{
    struct ftp_addr a = untouched;

    (void)state;
    assert_int_equal(ftp_addr_parse_eprt(SPAN("|1|1.2.3.4\0.5|21|"), &a), -EINVAL);
    assert_int_equal(ftp_addr_parse_eprt(SPAN("\0001\0001.2.3.4\00021\000"), &a), -EINVAL);
    assert_memory_equal(&a, &untouched, sizeof a);
}

static void reply_227(void **state)
{
    static const struct row rows[] = {
        { "Entering Passive Mode (127,0,0,1,8,0).", 0, "|1|127.0.0.1|2048|" },
        { "Entering Passive Mode (127,0,0,1,8,0)", 0, "|1|127.0.0.1|2048|" },
        { "Entering Passive Mode. 127,0,0,1,8,0", 0, "|1|127.0.0.1|2048|" },
        { "=127,0,0,1,8,0", 0, "|1|127.0.0.1|2048|" },
        { "127,0,0,1,8,0", 0, "|1|127.0.0.1|2048|" },
        { "mode 7, of 9 (127,0,0,1,8,0)", 0, "|1|127.0.0.1|2048|" },
        { "1,2,3 and 4,5,6", -EINVAL, NULL },
        { "(127,0,0,1,8,0,7)", -EINVAL, NULL },
        { "(1,2,3,4,5,256)", -EINVAL, NULL },
        { "Entering Passive Mode", -EINVAL, NULL },
        { "", -EINVAL, NULL },
    };

    (void)state;
    each(ftp_addr_parse_227, rows, COUNT(rows));
}

static void reply_229(void **state)
{
    static const struct {
        const char *in;
        int rc, port;
    } rows[] = {
        { "Entering Extended Passive Mode (|||6446|)", 0, 6446 },
        { "(|||65535|).", 0, 65535 },
        { "(!!!1!)", 0, 1 },
        { "ok (see below) (|||21|)", 0, 21 },
        { "((|||21|))", 0, 21 },
        { "(|||0|)", -EINVAL, 0 },
        { "(|||65536|)", -EINVAL, 0 },
        { "(|||99999999999999999999999999|)", -EINVAL, 0 },
        { "(|1|1.2.3.4|21|)", -EINVAL, 0 },
        { "(|||21)", -EINVAL, 0 },
        { "(|||21|", -EINVAL, 0 },
        { "(||21|)", -EINVAL, 0 },
        { "(|!|21|)", -EINVAL, 0 },
        { "(   21 )", -EINVAL, 0 },
        { "|||6446|", -EINVAL, 0 },
        { "(|||", -EINVAL, 0 },
        { "(", -EINVAL, 0 },
        { "", -EINVAL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint16_t p = 4711;

        same_int("rc", i, ftp_addr_parse_229(span_of(rows[i].in), &p), rows[i].rc);
        same_int("port", i, p, rows[i].rc ? 4711 : rows[i].port);
    }
}

static void many_open_parentheses(void **state)
{
    static char text[1 << 16];
    uint16_t p = 1;

    (void)state;
    memset(text, '(', sizeof text);
    assert_int_equal(ftp_addr_parse_229((struct span){ text, sizeof text }, &p), -EINVAL);
}

static void printing(void **state)
{
    struct ftp_addr four = { .net = 1, .ip = { 127, 0, 0, 1 }, .port = 2048 };
    struct ftp_addr high = { .net = 1, .ip = { 255, 255, 255, 255 }, .port = 65535 };
    struct ftp_addr six = { .net = 2, .ip = { [15] = 1 }, .port = 2048 };
    char text[200];
    struct buf b = BUF(text);

    (void)state;
    ftp_addr_print_port(&b, &four);
    buf_putc(&b, ' ');
    ftp_addr_print_port(&b, &high);
    buf_putc(&b, ' ');
    ftp_addr_print_eprt(&b, &four);
    buf_putc(&b, ' ');
    ftp_addr_print_eprt(&b, &six);
    same_text("print", 0, buf_span(&b),
        "127,0,0,1,8,0 255,255,255,255,255,255 |1|127.0.0.1|2048| |2|::1|2048|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port), cmocka_unit_test(eprt), cmocka_unit_test(eprt_with_nul), cmocka_unit_test(reply_227),
        cmocka_unit_test(reply_229), cmocka_unit_test(many_open_parentheses), cmocka_unit_test(printing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

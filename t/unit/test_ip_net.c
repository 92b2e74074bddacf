/* ip_net: what is a network and what only looks like one, and who is in it, bit by bit. */
#include "wire/ip_net.h"
#include "unit.h"

static const struct ip_net untouched = { .ip = { 1, 2, 3 }, .len = 77, .bits = 99 };

static void parse(void **state)
{
    static const struct {
        const char *in;
        int rc;
        const char *out;
    } rows[] = {
        { "10.0.0.0/8", 0, "10.0.0.0/8" },
        { "0.0.0.0/0", 0, "0.0.0.0/0" },
        { "192.0.2.128/25", 0, "192.0.2.128/25" },
        { "192.0.2.1", 0, "192.0.2.1/32" },
        { "192.0.2.1/32", 0, "192.0.2.1/32" },
        { "::/0", 0, "::/0" },
        { "2001:db8::/32", 0, "2001:db8::/32" },
        { "::1", 0, "::1/128" },
        { "fe80::/10", 0, "fe80::/10" },
        { "10.1.2.3/8", -ERANGE, NULL },
        { "192.0.2.1/31", -ERANGE, NULL },
        { "::1/127", -ERANGE, NULL },
        { "0.0.0.1/0", -ERANGE, NULL },
        { "10.0.0.0/33", -EINVAL, NULL },
        { "::/129", -EINVAL, NULL },
        { "10.0.0.0/", -EINVAL, NULL },
        { "10.0.0.0/8/8", -EINVAL, NULL },
        { "10.0.0.0/-8", -EINVAL, NULL },
        { "10.0.0.0/ 8", -EINVAL, NULL },
        { "10.0.0.0/255.0.0.0", -EINVAL, NULL },
        { "10.0.0/8", -EINVAL, NULL },
        { "10/8", -EINVAL, NULL },
        { "/8", -EINVAL, NULL },
        { "", -EINVAL, NULL },
        { "fe80::1%lo", -EINVAL, NULL },
        { "host.example/24", -EINVAL, NULL },
        { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/8", -EINVAL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_net n = untouched;
        char text[80];
        struct buf b = BUF(text);

        same_int(rows[i].in, i, ip_net_parse(span_of(rows[i].in), &n), rows[i].rc);
        if (rows[i].rc == 0) {
            ip_net_print(&b, &n);
            same_text(rows[i].in, i, buf_span(&b), rows[i].out);
        } else {
            assert_memory_equal(&n, &untouched, sizeof n);
        }
    }
    assert_int_equal(ip_net_parse((struct span){ "1.2.3.4\0", 8 }, &(struct ip_net){ 0 }), -EINVAL);
}

static void members(void **state)
{
    static const struct {
        const char *net, *ip;
        bool in;
    } rows[] = {
        { "10.0.0.0/8", "10.255.1.2", true },     { "10.0.0.0/8", "11.0.0.0", false },
        { "10.0.0.0/8", "9.255.255.255", false }, { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "::1", false },            { "::/0", "10.0.0.1", false },
        { "192.0.2.1", "192.0.2.1", true },       { "192.0.2.1", "192.0.2.0", false },
        { "192.0.2.128/25", "192.0.2.127", false }, { "192.0.2.128/25", "192.0.2.255", true },
        { "10.8.0.0/13", "10.15.255.255", true }, { "10.8.0.0/13", "10.16.0.0", false },
        { "fe80::/10", "febf::1", true },         { "fe80::/10", "fec0::1", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_net net, one;

        assert_int_equal(ip_net_parse(span_of(rows[i].net), &net), 0);
        assert_int_equal(ip_net_parse(span_of(rows[i].ip), &one), 0);
        same_int(rows[i].ip, i, ip_net_has(&net, one.ip, one.len), rows[i].in);
    }
}

/* Of every prefix length: flipping a bit matters when it is in the prefix, and only then. */
static void each_bit(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 128; bits++) {
        struct ip_net n = { .len = 16, .bits = bits };

        for (unsigned bit = 0; bit < 128; bit++) {
            unsigned char ip[16] = { 0 };

            ip[bit / 8] = (unsigned char)(0x80 >> bit % 8);
            same_int("bit", bits * 128 + bit, ip_net_has(&n, ip, 16), bit >= bits);
        }
    }
}

static void loopback(void **state)
{
    static const struct {
        const char *net;
        bool is;
    } rows[] = {
        { "127.0.0.0/8", true }, { "127.0.0.1", true }, { "126.0.0.0/7", false }, { "0.0.0.0/0", false },
        { "10.0.0.0/8", false }, { "::1", true },       { "::/127", false },      { "::/0", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_net n;

        assert_int_equal(ip_net_parse(span_of(rows[i].net), &n), 0);
        same_int(rows[i].net, i, ip_net_is_loopback(&n), rows[i].is);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse), cmocka_unit_test(members), cmocka_unit_test(each_bit), cmocka_unit_test(loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

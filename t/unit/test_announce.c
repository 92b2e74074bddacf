/* --passive-address: who is told which address, and what is said about values that make no sense. */
#include "unit.h"

#include "io/announce.h"

static const struct log silent = { .fd = -1 };

#define RULES(...) rules((const char *const[]){ __VA_ARGS__, NULL })

static struct announce *rules(const char *const *item)
{
    struct conf_list list = { 0 };
    struct announce *a;
    char text[300];
    struct buf err = BUF(text);

    while (item[list.n]) {
        list.item[list.n] = item[list.n];
        list.n++;
    }
    if (announce_open(&list, &a, &err) < 0)
        fail_msg("%s", buf_cstr(&err));
    return a;
}

/* NULL: the address that the client came to. */
static void told(const struct announce *a, const char *client, const char *want)
{
    struct sock_addr peer, said;
    char text[64] = "nothing";
    struct buf b = BUF(text);
    unsigned char ip[4];

    assert_int_equal(sock_addr_parse(client, 4711, &peer), 0);
    if (announce_find(a, &peer, ip)) {
        sock_addr_make(ip, 4, 0, &said);
        sock_addr_print(&b, &said);
        buf_cstr(&b);
    }
    if (strcmp(text, want ? want : "nothing") != 0)
        fail_msg("%s is told %s, not %s", client, text, want ? want : "nothing");
}

static void nothing_to_say(void **state)
{
    struct conf_list none = { 0 };
    struct announce *a;
    struct buf err = { 0 };

    (void)state;
    assert_int_equal(announce_open(&none, &a, &err), 0);
    assert_null(a);
    told(a, "198.51.100.7", NULL);
    assert_int_equal(announce_watch(a, (struct rt_stop){ -1, -1 }, NULL, &silent), 0);
    announce_close(&a);
}

static void a_fixed_address(void **state)
{
    struct announce *a = RULES("203.0.113.5");

    (void)state;
    told(a, "198.51.100.7", "203.0.113.5");
    told(a, "10.0.0.1", "203.0.113.5");
    told(a, "127.0.0.1", NULL);
    told(a, "127.1.2.3", NULL);
    told(a, "2001:db8::1", NULL);
    announce_close(&a);
}

static void by_network(void **state)
{
    struct announce *a = RULES("203.0.113.5", "10.9.0.0/16=10.9.0.1", "10.0.0.0/8=10.1.2.3", "192.0.2.7=192.0.2.8");

    (void)state;
    told(a, "10.9.8.7", "10.9.0.1");
    told(a, "10.8.8.7", "10.1.2.3");
    told(a, "192.0.2.7", "192.0.2.8");
    told(a, "192.0.2.6", "203.0.113.5");
    told(a, "127.0.0.1", NULL);
    announce_close(&a);
    a = RULES("10.0.0.0/8=10.1.2.3", "10.9.0.0/16=10.9.0.1");
    told(a, "10.9.8.7", "10.1.2.3"); /* the first that matches */
    told(a, "192.0.2.6", NULL);
    announce_close(&a);
}

static void loopback_must_be_meant(void **state)
{
    struct announce *a = RULES("0.0.0.0/0=203.0.113.5");

    (void)state;
    told(a, "127.0.0.1", NULL);
    told(a, "198.51.100.7", "203.0.113.5");
    announce_close(&a);
    a = RULES("127.0.0.0/8=127.0.0.9", "203.0.113.5");
    told(a, "127.0.0.1", "127.0.0.9");
    told(a, "198.51.100.7", "203.0.113.5");
    announce_close(&a);
    a = RULES("127.0.0.2=127.0.0.9");
    told(a, "127.0.0.1", NULL);
    told(a, "127.0.0.2", "127.0.0.9");
    announce_close(&a);
}

static void a_name(void **state)
{
    struct announce *a = RULES("localhost", "10.0.0.0/8=localhost");

    (void)state;
    told(a, "198.51.100.7", "127.0.0.1");
    told(a, "10.1.1.1", "127.0.0.1");
    assert_int_equal(announce_refresh(a, &silent), 0);
    told(a, "198.51.100.7", "127.0.0.1");
    announce_close(&a);
}

static void nonsense(void **state)
{
    static const struct {
        const char *item[3], *word;
    } rows[] = {
        { { "" }, "is not an address" },
        { { "300.1.2.3" }, "is not an address" },
        { { "10.1" }, "is not an address" },
        { { "no such host" }, "is not an address" },
        { { "0.0.0.0" }, "no address that a client" },
        { { "2001:db8::1" }, "IPv6" },
        { { "10.0.0.0/8=::1" }, "IPv6" },
        { { "2001:db8::/32=10.0.0.1" }, "IPv6" },
        { { "10.0.0.0/8" }, "is not an address" },
        { { "10.0.0.0/8=" }, "is not an address" },
        { { "=10.0.0.1" }, "network" },
        { { "10.0.0.0/33=10.0.0.1" }, "network" },
        { { "lan=10.0.0.1" }, "network" },
        { { "10.1.2.3/8=10.0.0.1" }, "10.0.0.0/8, not" },
        { { "10.0.0.0/8=10.0.0.1=10.0.0.2" }, "is not an address" },
        { { "203.0.113.5", "203.0.113.6" }, "second" },
        { { "no.such.host.invalid" }, "no.such.host.invalid" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct conf_list list = { 0 };
        struct announce *a;
        char text[300];
        struct buf err = BUF(text);

        while (rows[i].item[list.n]) {
            list.item[list.n] = rows[i].item[list.n];
            list.n++;
        }
        same_int(rows[i].word, i, announce_open(&list, &a, &err), -EINVAL);
        assert_null(a);
        if (!strstr(buf_cstr(&err), rows[i].word) || !strstr(text, "--passive-address"))
            fail_msg("row %zu: %s", i, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_say), cmocka_unit_test(a_fixed_address), cmocka_unit_test(by_network),
        cmocka_unit_test(loopback_must_be_meant), cmocka_unit_test(a_name), cmocka_unit_test(nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who guesses passwords is counted: by address (IPv6 by /64) and by name, for a time, in a table that does not grow, for all processes
 * alike; the clock is the test's. */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "obs/bans.h"

#define SECOND INT64_C(1000000000)
#define START (100000 * SECOND)

static const struct ban_rules rules = { .after = 10, .seconds = 600 };

static struct guest at(const unsigned char *addr, unsigned len, int64_t now)
{
    return (struct guest){ .addr = addr, .addr_len = len, .now = now };
}

static struct ban_verdict fail_at(struct board *b, uint32_t addr, const char *name, int64_t now)
{
    unsigned char a[4] = { addr >> 24, addr >> 16, addr >> 8, addr };
    struct guest g = at(a, 4, now);

    return ban_failed(b, rules, &g, span_of(name));
}

static bool banned(struct board *b, uint32_t addr, int64_t now)
{
    unsigned char a[4] = { addr >> 24, addr >> 16, addr >> 8, addr };
    struct guest g = at(a, 4, now);
    unsigned over;

    return ban_holds(b, &g, &over);
}

static void ten_and_out_and_longer_each_time(void **state)
{
    struct board *b = board_new(4);
    static const unsigned delays[] = { 1, 2, 4, 8, 8, 8, 8, 8, 8, 8 };
    int64_t now = START;

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        int64_t time = (600 * SECOND) << round;

        for (unsigned i = 0; i < 10; i++) {
            char name[8];
            struct ban_verdict v;

            snprintf(name, sizeof name, "n%u", i); /* ten names from one address count together */
            assert_false(banned(b, 1, now));
            v = fail_at(b, 1, name, now);
            assert_int_equal(v.delay, delays[i]);
            assert_int_equal(v.banned, i == 9 ? time : 0);
        }
        assert_true(banned(b, 1, now + time - 1));
        assert_false(banned(b, 2, now));
        assert_false(banned(b, 1, now + time));
        now += time;
    }
}

static void failures_are_forgotten(void **state)
{
    struct board *b = board_new(4);
    unsigned char a[4] = { 0, 0, 0, 1 };
    struct guest g = at(a, 4, START);

    (void)state;
    for (unsigned i = 0; i < 9; i++)
        fail_at(b, 1, "x", START);
    assert_int_equal(ban_passed(b, rules, &g, SPAN("y")), 0);
    assert_int_equal(fail_at(b, 1, "x", START).failures, 1);
    for (unsigned i = 0; i < 8; i++)
        fail_at(b, 1, "x", START);
    assert_int_equal(fail_at(b, 1, "x", START + 601 * SECOND).failures, 1);
}

static void six_by_network(void **state)
{
    struct board *b = board_new(4);
    unsigned char six[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 7 }, other[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 8 }, home[16] = { [15] = 1 };
    struct guest g = at(six, 16, START), o = at(other, 16, START), h = at(home, 16, START);
    unsigned over;

    (void)state;
    for (unsigned char i = 0; i < 10; i++) {
        six[15] = i;
        ban_failed(b, rules, &g, SPAN("x"));
    }
    assert_true(ban_holds(b, &g, &over));
    assert_false(ban_holds(b, &o, &over));
    assert_false(ban_holds(b, &h, &over));
}

static void a_name_is_slow_but_never_banned(void **state)
{
    struct board *b = board_new(4);
    unsigned char a[4] = { 9, 9, 9, 9 };
    struct guest owner = at(a, 4, START);

    (void)state;
    for (uint32_t i = 1; i <= 3; i++)
        fail_at(b, i, "bob", START);
    assert_int_equal(ban_passed(b, rules, &owner, SPAN("bob")), 0);
    for (uint32_t i = 4; i <= 100; i++)
        fail_at(b, i, "bob", START);
    assert_int_equal(ban_passed(b, rules, &owner, SPAN("bob")), 8);
    assert_int_equal(fail_at(b, 1000, "bob", START).delay, 8); /* the first from there */
    assert_int_equal(fail_at(b, 1001, "ann", START).delay, 1);
    assert_int_equal(ban_passed(b, rules, &owner, SPAN("ann")), 0);
    owner.now += 601 * SECOND;
    assert_int_equal(ban_passed(b, rules, &owner, SPAN("bob")), 0);
}

/* An attacker with a hundred thousand addresses pushes no ban out, and finds no place where he is not slowed. */
static void a_flood_evicts_no_ban(void **state)
{
    struct board *b = board_new(4);

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        fail_at(b, 7, "x", START);
    for (uint32_t i = 1000; i < 101000; i++) {
        char name[16];

        snprintf(name, sizeof name, "f%u", i);
        assert_true(fail_at(b, i, name, START + i).delay >= 1);
    }
    assert_true(banned(b, 7, START + 200000));
    for (uint32_t i = 200000; i < 220000; i++) /* all bans that there is room for */
        for (unsigned k = 0; k < 10; k++)
            fail_at(b, i, "x", START);
    assert_true(banned(b, 7, START + 200000));
    assert_int_equal(fail_at(b, 999999, "y", START).delay, 8);
}

static void nothing_is_counted_when_switched_off(void **state)
{
    struct board *b = board_new(4);
    unsigned char a[4] = { 1 };
    struct guest g = at(a, 4, START);
    unsigned over;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(ban_failed(b, (struct ban_rules){ 0 }, &g, SPAN("x")).delay, 1);
    assert_false(ban_holds(b, &g, &over));
}

static void processes_count_together(void **state)
{
    struct board *b = board_new(4);
    int status;

    (void)state;
    for (unsigned i = 0; i < 9; i++)
        if (fork() == 0) {
            fail_at(b, 5, "x", START);
            _exit(0);
        }
    for (unsigned i = 0; i < 9; i++)
        assert_true(wait(&status) > 0 && status == 0);
    assert_false(banned(b, 5, START));
    assert_true(fail_at(b, 5, "x", START).banned > 0);
    assert_true(banned(b, 5, START));
}

static void a_ban_is_seen_and_lifted(void **state)
{
    struct board *b = board_new(4);
    struct ban_view v;
    unsigned rows = 0;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        fail_at(b, 0x7f000001, "bob", START);
    assert_true(banned(b, 0x7f000001, START));
    for (unsigned i = 0; i < ban_places(); i++) {
        if (!ban_view(b, i, &v))
            continue;
        rows++;
        if (v.addr_len)
            assert_true(v.addr_len == 4 && v.addr[0] == 127 && v.addr[3] == 1 && v.refused == 1 && v.until == START + 600 * SECOND);
        else
            assert_string_equal(v.name, "bob");
        ban_lift(b, i);
    }
    assert_int_equal(rows, 2);
    assert_false(banned(b, 0x7f000001, START));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_and_out_and_longer_each_time), cmocka_unit_test(failures_are_forgotten),
        cmocka_unit_test(six_by_network),                   cmocka_unit_test(a_name_is_slow_but_never_banned),
        cmocka_unit_test(a_flood_evicts_no_ban),            cmocka_unit_test(nothing_is_counted_when_switched_off),
        cmocka_unit_test(processes_count_together),         cmocka_unit_test(a_ban_is_seen_and_lifted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

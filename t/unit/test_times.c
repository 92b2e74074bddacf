/* times: what is told lies close to what was noted, from a nanosecond to minutes. */
#include "bench/times.h"
#include "unit.h"

static void within(double got, double want)
{
    assert_true(got >= want * 0.98 - 0.5 && got <= want * 1.02 + 0.5);
}

static void one_value(void **state)
{
    (void)state;
    for (int64_t ns = 1; ns < INT64_C(1) << 39; ns += 1 + ns / 7) {
        static struct times t;

        memset(&t, 0, sizeof t);
        times_note(&t, ns);
        assert_int_equal(times_count(&t), 1);
        within(times_quantile(&t, 0.5), (double)ns);
        within(times_quantile(&t, 0.99), (double)ns);
    }
}

static void a_row_of_values(void **state)
{
    static struct times t;

    (void)state;
    for (int64_t us = 1; us <= 1000; us++)
        times_note(&t, us * 1000);
    assert_int_equal(times_count(&t), 1000);
    within(times_quantile(&t, 0.5), 500e3);
    within(times_quantile(&t, 0.99), 990e3);
    within(times_quantile(&t, 1), 1000e3);
}

static void the_edges(void **state)
{
    static struct times t;

    (void)state;
    assert_true(times_quantile(&t, 0.99) == 0);
    times_note(&t, -5);
    assert_true(times_quantile(&t, 1) == 0);
    times_note(&t, INT64_MAX);
    assert_int_equal(times_count(&t), 2);
    assert_true(times_quantile(&t, 1) > 1e12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value),
        cmocka_unit_test(a_row_of_values),
        cmocka_unit_test(the_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The lazy heap against a list that is searched: whatever is set and dropped, what comes due is the same, in order. */
#include "unit.h"

#include "rt/timers.h"

enum { N = 200, ROUNDS = 20000 };

static unsigned random_next(unsigned *seed)
{
    return *seed = *seed * 1103515245u + 12345u, *seed >> 8;
}

/* The naive oracle: the earliest promise of each timer, or INT64_MAX. */
static int64_t first_of(const int64_t *at)
{
    int64_t first = INT64_MAX;

    for (int i = 0; i < N; i++)
        first = at[i] < first ? at[i] : first;
    return first;
}

static void the_same_as_a_list(void **state)
{
    static struct timer timer[N];
    static int64_t at[N];
    struct timers t;
    unsigned seed = 7;

    (void)state;
    assert_int_equal(timers_init(&t, N), 0);
    for (int i = 0; i < N; i++)
        at[i] = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned i = random_next(&seed) % N, what = random_next(&seed) % 4;
        int64_t when = (int64_t)(random_next(&seed) % 1000);
        struct timer *due;

        if (what < 2) {
            timers_set(&t, &timer[i], when);
            at[i] = when < at[i] ? when : at[i]; /* a later deadline stays where it is */
        } else if (what == 2) {
            timers_drop(&t, &timer[i]);
            at[i] = INT64_MAX;
        } else if ((due = timers_due(&t, when))) {
            assert_int_equal(at[due - timer], first_of(at));
            assert_true(at[due - timer] <= when);
            at[due - timer] = INT64_MAX;
        } else {
            assert_true(first_of(at) > when);
        }
        assert_int_equal(timers_first(&t), first_of(at));
    }
    timers_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_same_as_a_list) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

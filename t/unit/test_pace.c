/* Limits of bandwidth: exact and fair for any number of takers on a clock of the test's own; exact when processes take at the same
 * time; and a taker who is killed costs the others one piece at most. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/rates.h"
#include "obs/board.h"
#include "obs/board_impl.h"
#include "obs/pace.h"

#define SECOND INT64_C(1000000000)

enum { MOST = 64 };

/* Takers who always want more; each waits for its turn, and comes up to `late` ns after it. */
struct crowd {
    unsigned n;
    int64_t now, late, until[MOST], bytes[MOST], want;
    struct pace pace[MOST];
};

static unsigned next_of(const struct crowd *c)
{
    unsigned next = 0;

    for (unsigned i = 1; i < c->n; i++)
        if (c->until[i] < c->until[next])
            next = i;
    return next;
}

/* From c->now on, for so long; how many bytes moved. */
static int64_t run(struct crowd *c, int64_t time)
{
    int64_t end = c->now + time, total = 0, seed = 7;
    int64_t step[MOST] = { 0 };

    for (unsigned i = 0; i < c->n; i++)
        c->until[i] = c->now;
    for (;;) {
        unsigned i = next_of(c);
        int64_t when;

        c->now = c->until[i] > c->now ? c->until[i] : c->now;
        if (c->now >= end)
            break;
        if (step[i]) {
            pace_used(&c->pace[i], step[i]);
            c->bytes[i] += step[i];
            total += step[i];
        }
        step[i] = pace_take(&c->pace[i], c->want, c->now, &when);
        assert_true(step[i] >= 1 && step[i] <= c->want);
        seed = (seed * 1103515245 + 12345) % 2147483648;
        c->until[i] = when + (c->late && when > c->now ? seed % c->late : 0);
    }
    c->now = end;
    return total;
}

/* One at a time. */
static struct crowd *crowd_of(unsigned n, struct pace_bucket *bucket, int64_t rate)
{
    static struct crowd c;

    memset(&c, 0, sizeof c);
    c.n = n;
    c.now = 1000 * SECOND;
    c.want = 1 << 20;
    for (unsigned i = 0; i < n; i++)
        pace_add(&c.pace[i], bucket, rate);
    return &c;
}

static void near(const char *what, size_t row, int64_t got, int64_t want, unsigned percent)
{
    int64_t slack = want * percent / 100;

    if (got < want - slack || got > want + slack)
        fail_msg("%s, row %zu: %lld, and not %lld to %u %%", what, row, (long long)got, (long long)want, percent);
}

static void exact_and_fair(void **state)
{
    static const struct {
        int64_t rate, want, late;
        unsigned takers;
    } rows[] = {
        { 1 << 20, 1 << 20, 0, 1 },         { 1 << 20, 1 << 20, 0, 4 },       { 1 << 20, 1 << 20, 0, 64 },
        { 1000, 1 << 20, 0, 1 },            { 1000, 1 << 20, 0, 3 },          { 100, 1 << 20, 0, 1 },
        { 4 << 20, 1 << 20, SECOND / 20, 1 }, { 4 << 20, 1 << 20, SECOND / 20, 4 }, { 10000000000, 1 << 20, 0, 4 },
        { 1 << 20, 700, 0, 5 },             { 1 << 20, 1, 0, 2 },             { INT64_C(1) << 40, 1 << 20, 0, 2 },
    };

    (void)state;
    for (size_t r = 0; r < COUNT(rows); r++) {
        struct pace_bucket bucket = { 0 };
        struct crowd *c = crowd_of(rows[r].takers, &bucket, rows[r].rate);
        int64_t seconds = rows[r].rate < 4000 ? 60 : rows[r].rate > 1 << 30 ? 1 : 10, total;

        c->want = rows[r].want;
        c->late = rows[r].late;
        total = run(c, seconds * SECOND);
        near("total", r, total, rows[r].rate * seconds, 5);
        for (unsigned i = 0; i < c->n; i++)
            near("share", r, c->bytes[i], total / c->n, 10);
    }
}

/* Whatever is asked for at once, and however long nobody asked. */
static void bursts_are_bounded(void **state)
{
    struct pace_bucket bucket = { 0 };
    struct crowd *c = crowd_of(2, &bucket, 1 << 20);

    (void)state;
    assert_true(run(c, SECOND / 10) < (1 << 20) / 6);
    for (unsigned i = 0; i < c->n; i++)
        pace_end(&c->pace[i]);
    c = crowd_of(2, &bucket, 1 << 20);
    c->now = 2000 * SECOND;
    assert_true(run(c, SECOND / 10) < (1 << 20) / 6);
}

static void what_was_not_used_is_given_back(void **state)
{
    struct pace_bucket bucket = { 0 };
    int64_t now = 5000 * SECOND, when;

    (void)state;
    for (int i = 0; i < 1000; i++) { /* a thousand uploads of ten bytes: nobody knew how short they would be */
        struct pace p = { 0 };

        pace_add(&p, &bucket, 64000);
        assert_int_equal(pace_take(&p, 1 << 20, now, &when), 1000);
        pace_used(&p, 10);
        pace_end(&p);
    }
    near("time", 0, bucket.free_at - now, 10000 * SECOND / 64000, 1);
}

static void asked_again_costs_nothing(void **state)
{
    struct pace_bucket bucket = { 0 };
    struct pace p = { 0 };
    int64_t now = 5000 * SECOND, when, n;

    (void)state;
    pace_add(&p, &bucket, 64000);
    n = pace_take(&p, 1 << 20, now, &when);
    for (int i = 0; i < 10; i++)
        assert_int_equal(pace_take(&p, 1 << 20, now, &when), n);
    near("time", 0, bucket.free_at - now, SECOND / 64, 1);
}

/* Two sessions of one account that may have 100 KB/s, and one of another that may have all: of 1 MB/s he gets the rest. And a slow
 * one takes his full share where all are slow. */
static void several_limits_hold_at_once(void **state)
{
    struct pace_bucket server = { 0 }, account = { 0 };
    struct crowd *c = crowd_of(3, &server, 1000000);
    int64_t total;

    (void)state;
    pace_add(&c->pace[0], &account, 100000);
    pace_add(&c->pace[1], &account, 100000);
    total = run(c, 10 * SECOND);
    near("all", 0, total, 10000000, 5);
    near("the account", 0, c->bytes[0] + c->bytes[1], 1000000, 5);
    near("one of it", 0, c->bytes[0], 500000, 10);

    server.free_at = account.free_at = 0;
    c = crowd_of(2, &server, 200000);
    pace_add(&c->pace[0], &account, 110000);
    total = run(c, 10 * SECOND);
    near("half", 0, c->bytes[0], 1000000, 10);
    near("half", 1, c->bytes[1], 1000000, 10);
}

/* ---- processes ---- */

enum { PROCESSES = 4, TAKES = 20000 };

static void take_often(struct pace_bucket *bucket, int64_t now, unsigned times)
{
    struct pace p = { 0 };
    int64_t when;

    pace_add(&p, bucket, 6400000);
    for (unsigned i = 0; i < times; i++) {
        assert_int_equal(pace_take(&p, 1 << 20, now, &when), 100000);
        pace_used(&p, 100000);
    }
}

static struct pace_bucket *shared_bucket(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void processes_take_the_same_only_once(void **state)
{
    struct pace_bucket *bucket = shared_bucket();
    int64_t now = 5000 * SECOND;
    int status;

    (void)state;
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            take_often(bucket, now, TAKES);
            _exit(0);
        }
    for (int i = 0; i < PROCESSES; i++)
        assert_true(wait(&status) > 0 && status == 0);
    assert_int_equal(bucket->free_at, now + PROCESSES * (int64_t)TAKES * (SECOND / 64));
}

static void the_killed_stop_nobody(void **state)
{
    struct pace_bucket *bucket = shared_bucket();
    int64_t now = 5000 * SECOND, when;

    (void)state;
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();

        if (pid == 0) { /* takes a piece, and never uses it */
            struct pace p = { 0 };

            pace_add(&p, bucket, 6400000);
            pace_take(&p, 1 << 20, now, &when);
            kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
    assert_int_equal(bucket->free_at, now + 20 * (SECOND / 64));
    take_often(bucket, now, 1);
    assert_int_equal(bucket->free_at, now + 21 * (SECOND / 64));
}

/* ---- the buckets of accounts ---- */

static void each_account_has_its_own(void **state)
{
    struct board *b = board_new(4);
    int64_t now = 100000 * SECOND;
    struct pace_bucket *ann = board_account_pace(b, "ann", 0, now), *bob = board_account_pace(b, "bob", 0, now);

    (void)state;
    assert_ptr_not_equal(ann, bob);
    assert_ptr_not_equal(ann, board_account_pace(b, "ann", 1, now));
    for (int i = 0; i < 5000; i++) { /* more accounts than rows: those in use stay whose they are */
        char name[16];

        snprintf(name, sizeof name, "n%d", i);
        board_account_pace(b, name, 0, now);
    }
    assert_ptr_equal(board_account_pace(b, "ann", 0, now), ann);
    assert_ptr_equal(board_account_pace(b, "bob", 0, now + 599 * SECOND), bob);
    now += 3600 * SECOND; /* all are free again */
    for (int i = 0; i < 100; i++) {
        char name[16];
        struct pace_bucket *mine;

        snprintf(name, sizeof name, "m%d", i);
        mine = board_account_pace(b, name, 0, now);
        assert_ptr_equal(board_account_pace(b, name, 0, now + SECOND), mine);
    }
}

static void options_of_rates(void **state)
{
    static const struct {
        const char *text;
        int64_t down, up;
        int rc;
    } rows[] = {
        { "10M", 10 << 20, 10 << 20, 0 }, { "1M/500K", 1 << 20, 500 << 10, 0 }, { "0/1K", 0, 1024, 0 }, { "77", 77, 77, 0 },
        { "", 0, 0, -EINVAL }, { "/1M", 0, 0, -EINVAL }, { "1M/", 0, 0, -EINVAL }, { "1M/2M/3M", 0, 0, -EINVAL },
        { "fast", 0, 0, -EINVAL }, { "-1", 0, 0, -EINVAL }, { "9000G", 0, 0, -EINVAL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct conf c;
        static struct rates r;
        char text[300];
        struct buf err = BUF(text);

        c.rate = rows[i].text;
        same_int("rc", i, rates_init(&r, &c, &err), rows[i].rc);
        same_int("said", i, err.len > 0, rows[i].rc < 0);
        if (rows[i].rc == 0) {
            same_int("down", i, r.server.way[RATE_DOWN], rows[i].down);
            same_int("up", i, r.server.way[RATE_UP], rows[i].up);
        }
    }
}

static void the_nearest_limit_of_an_account_counts(void **state)
{
    static struct conf c = { .rate_account = { 2, { "3K", "ann=1K/2K" } } };
    static struct rates r;
    char text[300];
    struct buf err = BUF(text);

    (void)state;
    assert_int_equal(rates_init(&r, &c, &err), 0);
    assert_int_equal(rates_of_account(&r, SPAN("ann"), RATE_DOWN, 77), 1024);
    assert_int_equal(rates_of_account(&r, SPAN("ann"), RATE_UP, 77), 2048);
    assert_int_equal(rates_of_account(&r, SPAN("bob"), RATE_UP, 77), 77);
    assert_int_equal(rates_of_account(&r, SPAN("bob"), RATE_UP, 0), 3072);
    c.rate_account.item[1] = "=1K";
    assert_int_equal(rates_init(&r, &c, &err), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_and_fair),
        cmocka_unit_test(bursts_are_bounded),
        cmocka_unit_test(what_was_not_used_is_given_back),
        cmocka_unit_test(asked_again_costs_nothing),
        cmocka_unit_test(several_limits_hold_at_once),
        cmocka_unit_test(processes_take_the_same_only_once),
        cmocka_unit_test(the_killed_stop_nobody),
        cmocka_unit_test(each_account_has_its_own),
        cmocka_unit_test(options_of_rates),
        cmocka_unit_test(the_nearest_limit_of_an_account_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The scoreboard: limits hold at any concurrency, and a process that dies gives its seats back. */
#include "unit.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "obs/board.h"

static const unsigned char A[4] = { 10, 0, 0, 1 }, B[4] = { 10, 0, 0, 2 };

static void seats_run_out(void **state)
{
    struct board *b = board_new(3);
    struct seat *s[4] = { NULL };

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(seat_take(b, A, 4, 0, &s[i]), 0);
    assert_int_equal(board_count(b), 3);
    assert_int_equal(seat_take(b, B, 4, 0, &s[3]), -EUSERS);
    seat_leave(&s[1]);
    assert_null(s[1]);
    assert_int_equal(seat_take(b, B, 4, 0, &s[3]), 0);
    assert_int_equal(board_count(b), 3);
}

static void one_address_has_its_share(void **state)
{
    struct board *b = board_new(10);
    struct seat *s[4] = { NULL };

    (void)state;
    assert_int_equal(seat_take(b, A, 4, 2, &s[0]), 0);
    assert_int_equal(seat_take(b, A, 4, 2, &s[1]), 0);
    assert_int_equal(seat_take(b, A, 4, 2, &s[2]), -EDQUOT);
    assert_null(s[2]);
    assert_int_equal(board_count(b), 2);
    assert_int_equal(seat_take(b, B, 4, 2, &s[2]), 0);
    seat_leave(&s[0]);
    assert_int_equal(seat_take(b, A, 4, 2, &s[3]), 0);
}

/* An IPv6 address that begins with the bytes of an IPv4 one is somebody else. */
static void families_do_not_mix(void **state)
{
    struct board *b = board_new(10);
    unsigned char six[16] = { 10, 0, 0, 1 };
    struct seat *s[2];

    (void)state;
    assert_int_equal(seat_take(b, A, 4, 1, &s[0]), 0);
    assert_int_equal(seat_take(b, six, 16, 1, &s[1]), 0);
}

static void a_dead_process_leaves_its_seats(void **state)
{
    struct board *b = board_new(10);
    struct seat *mine;
    pid_t pid;

    (void)state;
    assert_int_equal(seat_take(b, A, 4, 0, &mine), 0);
    pid = fork();
    if (pid == 0) {
        struct seat *s[2];

        seat_take(b, A, 4, 0, &s[0]);
        seat_take(b, B, 4, 0, &s[1]);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    assert_int_equal(board_count(b), 3);
    board_reap(b, pid);
    assert_int_equal(board_count(b), 1);
}

enum { THREADS = 8, ROUNDS = 20000, LIMIT = 3 };

struct crowd {
    struct board *board;
    _Atomic(int) inside, most;
};

static void *come_and_go(void *arg)
{
    struct crowd *c = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct seat *s = NULL;
        int now;

        if (seat_take(c->board, A, 4, LIMIT, &s) < 0)
            continue;
        now = ++c->inside;
        if (now > c->most)
            c->most = now;
        c->inside--;
        seat_leave(&s);
    }
    return NULL;
}

static void a_crowd_never_exceeds_the_limit(void **state)
{
    struct crowd c = { .board = board_new(THREADS) };
    pthread_t id[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&id[i], NULL, come_and_go, &c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(id[i], NULL);
    assert_in_range(c.most, 1, LIMIT);
    assert_int_equal(board_count(c.board), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seats_run_out),
        cmocka_unit_test(one_address_has_its_share),
        cmocka_unit_test(families_do_not_mix),
        cmocka_unit_test(a_dead_process_leaves_its_seats),
        cmocka_unit_test(a_crowd_never_exceeds_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

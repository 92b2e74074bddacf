/* The scoreboard: limits and totals hold at any concurrency, a process that dies gives its seats back, readers
 * never see half of what a seat tells, and the file is found while its server lives and swept afterwards. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "obs/board.h"
#include "obs/board_file.h"
#include "obs/board_impl.h"

static const unsigned char A[4] = { 10, 0, 0, 1 }, B[4] = { 10, 0, 0, 2 };

static int take(struct board *b, const unsigned char *addr, unsigned len, unsigned per_address, struct seat **out)
{
    struct guest g = { .addr = addr, .addr_len = len, .port = 4711, .now = 1 };

    return seat_take(b, &g, per_address, out);
}

static void seats_run_out(void **state)
{
    struct board *b = board_new(3);
    struct seat *s[4] = { NULL };

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(take(b, A, 4, 0, &s[i]), 0);
    assert_int_equal(board_count(b), 3);
    assert_int_equal(take(b, B, 4, 0, &s[3]), -EUSERS);
    seat_leave(&s[1]);
    assert_null(s[1]);
    assert_int_equal(take(b, B, 4, 0, &s[3]), 0);
    assert_int_equal(board_count(b), 3);
}

static void one_address_has_its_share(void **state)
{
    struct board *b = board_new(10);
    struct seat *s[4] = { NULL };

    (void)state;
    assert_int_equal(take(b, A, 4, 2, &s[0]), 0);
    assert_int_equal(take(b, A, 4, 2, &s[1]), 0);
    assert_int_equal(take(b, A, 4, 2, &s[2]), -EDQUOT);
    assert_null(s[2]);
    assert_int_equal(board_count(b), 2);
    assert_int_equal(take(b, B, 4, 2, &s[2]), 0);
    seat_leave(&s[0]);
    assert_int_equal(take(b, A, 4, 2, &s[3]), 0);
}

/* An IPv6 address that begins with the bytes of an IPv4 one is somebody else. */
static void families_do_not_mix(void **state)
{
    struct board *b = board_new(10);
    unsigned char six[16] = { 10, 0, 0, 1 };
    struct seat *s[2];

    (void)state;
    assert_int_equal(take(b, A, 4, 1, &s[0]), 0);
    assert_int_equal(take(b, six, 16, 1, &s[1]), 0);
}

static void a_dead_process_leaves_its_seats(void **state)
{
    struct board *b = board_new(10);
    struct seat *mine;
    pid_t pid;

    (void)state;
    assert_int_equal(take(b, A, 4, 0, &mine), 0);
    pid = fork();
    if (pid == 0) {
        struct seat *s[2];

        take(b, A, 4, 0, &s[0]);
        take(b, B, 4, 0, &s[1]);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    assert_int_equal(board_count(b), 3);
    board_reap(b, pid);
    assert_int_equal(board_count(b), 1);
}

/* Two addresses in one bucket (a board of one bucket: all of them) do not use up each other's share. */
static void a_collision_refuses_nobody(void **state)
{
    struct board *b = board_new(2);
    struct seat *s[2];
    unsigned char other[4] = { 10, 0, 0, 2 };

    (void)state;
    assert_int_equal(take(b, A, 4, 1, &s[0]), 0);
    for (unsigned i = 0; i < 8; i++) { /* among eight, some share A's bucket */
        other[3] = (unsigned char)(2 + i);
        assert_int_equal(take(b, other, 4, 1, &s[1]), 0);
        seat_leave(&s[1]);
    }
}

/* The memory grows with the crowd, not with the number of sessions that ever were. */
static void the_lowest_seat_is_taken(void **state)
{
    struct board *b = board_new(1000);
    struct seat *s[200], *again;

    (void)state;
    for (int i = 0; i < 200; i++)
        assert_int_equal(take(b, A, 4, 0, &s[i]), 0);
    again = s[70];
    seat_leave(&s[70]);
    assert_int_equal(take(b, B, 4, 0, &s[70]), 0);
    assert_ptr_equal(s[70], again);
    for (int i = 0; i < 5000; i++) {
        seat_leave(&s[199]);
        assert_int_equal(take(b, A, 4, 0, &s[199]), 0);
    }
    assert_int_equal(board_top(b), 200);
}

static void a_seat_tells_what_happens(void **state)
{
    struct board *b = board_new(4);
    struct seat *s;
    struct seat_view v;

    (void)state;
    assert_int_equal(take(b, A, 4, 0, &s), 0);
    assert_true(board_view(b, 0, &v));
    assert_int_equal(v.pid, getpid());
    assert_int_equal(v.port, 4711);
    assert_memory_equal(v.addr, A, 4);
    assert_int_equal(v.addr_len, 4);
    assert_int_equal(v.doing, SEAT_CONNECTED);
    assert_string_equal(v.account, "");
    assert_int_equal(v.since, 1);
    seat_account(s, "bob", 5);
    seat_doing(s, SEAT_SENDING, "/a", 100, 7);
    seat_moved(s, 30);
    seat_moved(s, 12);
    assert_true(board_view(b, 0, &v));
    assert_int_equal(v.doing, SEAT_SENDING);
    assert_string_equal(v.account, "bob");
    assert_string_equal(v.path, "/a");
    assert_int_equal(v.bytes, 42);
    assert_int_equal(v.size, 100);
    assert_int_equal(v.since, 1);
    assert_int_equal(v.doing_since, 7);
    seat_done(s, true, 9);
    seat_done(s, true, 9); /* there is nothing more to end */
    assert_true(board_view(b, 0, &v));
    assert_int_equal(v.doing, SEAT_IDLE);
    assert_string_equal(v.path, "");
    seat_doing(s, SEAT_RECEIVING, "/b", -1, 10);
    seat_moved(s, 5);
    seat_done(s, false, 11);
    assert_int_equal(board_total(b, STAT_downloads), 1);
    assert_int_equal(board_total(b, STAT_uploads), 0);
    assert_int_equal(board_total(b, STAT_failures), 1);
    assert_int_equal(board_total(b, STAT_bytes_sent), 42);
    assert_int_equal(board_total(b, STAT_bytes_received), 5);
    seat_account(s, NULL, 12);
    assert_true(board_view(b, 0, &v));
    assert_string_equal(v.account, "");
    assert_int_equal(v.doing, SEAT_CONNECTED);
    seat_leave(&s);
    assert_false(board_view(b, 0, &v));
    assert_false(board_view(b, 4, &v));
    assert_int_equal(take(b, B, 4, 0, &s), 0); /* nothing of the last guest is left */
    assert_true(board_view(b, 0, &v));
    assert_int_equal(v.bytes, 0);
    assert_string_equal(v.account, "");
}

static void long_words_are_cut(void **state)
{
    struct board *b = board_new(1);
    struct seat *s;
    struct seat_view v;
    char name[101], path[1001];

    (void)state;
    memset(name, 'n', 100);
    name[100] = '\0';
    for (int i = 0; i < 1000; i += 2)
        memcpy(path + i, "\xC3\xA4", 2);
    strcpy(path + 999 - 4, ".txt");
    assert_int_equal(take(b, A, 4, 0, &s), 0);
    seat_account(s, name, 1);
    seat_doing(s, SEAT_SENDING, path, 1, 1);
    assert_true(board_view(b, 0, &v));
    assert_int_equal(strlen(v.account), SEAT_ACCOUNT);
    assert_string_equal(v.path + strlen(v.path) - 4, ".txt"); /* the end says more than the beginning */
    assert_in_range(strlen(v.path), SEAT_PATH - 3, SEAT_PATH);
    assert_int_equal((unsigned char)v.path[0], 0xC3); /* not half a character */
}

static void nobody_has_no_seat(void **state)
{
    struct seat *s = NULL;

    (void)state;
    seat_account(s, "bob", 1);
    seat_doing(s, SEAT_SENDING, "/", 1, 1);
    seat_moved(s, 1);
    seat_done(s, true, 1);
    seat_count(s, STAT_logins);
    seat_leave(&s);
}

enum { THREADS = 8, ROUNDS = 20000, LIMIT = 3 };

/* ---- torn reads ---- */

struct painter {
    struct seat *seat;
    _Atomic(int) painted, enough;
};

enum { PAINTS = 300000 };

/* Account and path are one letter each, the same, and the size is that letter: a mixture would show. */
static void *paint(void *arg)
{
    struct painter *p = arg;
    char word[65] = { 0 };

    for (int i = 0; i < PAINTS || !p->enough; i++) {
        memset(word, 'a' + i % 26, 64);
        seat_account(p->seat, word, 1);
        seat_doing(p->seat, SEAT_SENDING, word, word[0], 1);
        p->painted++;
    }
    return NULL;
}

static bool is_whole(const struct seat_view *v)
{
    char word[65] = { 0 };

    memset(word, v->account[0], 64);
    if (v->doing == SEAT_IDLE)
        return strcmp(v->account, word) == 0;
    return strcmp(v->account, word) == 0 && strcmp(v->path, word) == 0 && v->size == word[0];
}

static void no_reader_sees_half_a_word(void **state)
{
    struct board *b = board_new(1);
    struct painter p = { 0 };
    struct seat_view v;
    pthread_t id;
    int seen = 0, from;

    (void)state;
    assert_int_equal(take(b, A, 4, 0, &p.seat), 0);
    seat_account(p.seat, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1);
    assert_int_equal(pthread_create(&id, NULL, paint, &p), 0);
    do {
        from = p.painted;
        if (!board_view(b, 0, &v))
            continue;
        seen += p.painted != from; /* while it was being painted */
        assert_true(is_whole(&v));
    } while (p.painted < PAINTS || seen < 50);
    p.enough = 1;
    pthread_join(id, NULL);
}

/* ---- totals ---- */

struct hall {
    struct board *board;
    pthread_barrier_t gate;
};

enum { TRANSFERS = 20000, COUNTS = 1000000 };

static void *transfer(void *arg)
{
    struct hall *h = arg;
    struct seat *s;

    if (take(h->board, A, 4, 0, &s) < 0)
        abort();
    pthread_barrier_wait(&h->gate);
    for (int i = 0; i < TRANSFERS; i++) {
        seat_doing(s, SEAT_RECEIVING, "/x", -1, 1);
        seat_moved(s, 7);
        seat_done(s, true, 1);
    }
    for (int i = 0; i < COUNTS; i++)
        seat_count(s, STAT_listings);
    seat_leave(&s);
    return NULL;
}

static void totals_add_up_among_threads(void **state)
{
    struct hall h = { .board = board_new(THREADS * STRIPES) };
    struct board *b = h.board;
    struct seat *fill[THREADS * STRIPES];
    pthread_t id[THREADS];

    (void)state;
    for (int i = 0; i < THREADS * STRIPES; i++)
        assert_int_equal(take(b, B, 4, 0, &fill[i]), 0);
    for (int i = 0; i < THREADS; i++) /* all that is free shares one stripe */
        seat_leave(&fill[i * STRIPES]);
    pthread_barrier_init(&h.gate, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&id[i], NULL, transfer, &h), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(id[i], NULL);
    assert_int_equal(board_total(b, STAT_uploads), THREADS * TRANSFERS);
    assert_int_equal(board_total(b, STAT_listings), THREADS * COUNTS);
    assert_int_equal(board_total(b, STAT_bytes_received), 7 * THREADS * TRANSFERS);
    assert_int_equal(board_total(b, STAT_connections), THREADS * STRIPES + THREADS);
}

/* Workers killed at any point: no seat, no share of an address and no count is lost. */
static void kill_9_loses_nothing(void **state)
{
    struct board *b = board_new(4);
    struct seat *s[4];
    uint64_t before = 0;

    (void)state;
    for (int round = 0; round < 200; round++) {
        pid_t pid = fork();

        if (pid == 0) {
            for (;;) {
                if (take(b, round % 2 ? A : B, 4, 3, &s[0]) == 0)
                    seat_account(s[0], "bob", 1);
                seat_leave(&s[0]);
            }
        }
        usleep((unsigned)(round * 7 % 500));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        board_reap(b, pid);
        assert_int_equal(board_count(b), 0);
        assert_true(board_total(b, STAT_logins) >= before);
        before = board_total(b, STAT_logins);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(take(b, A, 4, 3, &s[i]), 0);
    assert_int_equal(take(b, A, 4, 3, &s[3]), -EDQUOT);
    assert_int_equal(take(b, B, 4, 3, &s[3]), 0);
}

/* ---- the file ---- */

static char runtime[] = "/tmp/test_board.XXXXXX";

static const char *in_runtime(const char *name)
{
    static char path[200];

    snprintf(path, sizeof path, "%s/dray/%s", runtime, name);
    return path;
}

static void put_file(const char *name, mode_t mode)
{
    int fd = open(in_runtime(name), O_CREAT | O_WRONLY, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "garbage", 7), 7);
    close(fd);
}

static bool exists(const char *name)
{
    return access(in_runtime(name), F_OK) == 0;
}

static void look(const struct board *b, void *arg)
{
    assert_int_equal(board_seats(b), 7);
    assert_string_equal(board_about(b)->model, "none");
    (*(unsigned *)arg) += board_count(b);
}

static void a_board_is_found_while_its_server_lives(void **state)
{
    struct board_about about = { .pid = getpid(), .model = "none", .folder = "/srv" };
    struct board_file file, second;
    struct board *b, *b2;
    struct seat *s;
    struct stat st;
    char name[40];
    unsigned people = 0;

    (void)state;
    snprintf(name, sizeof name, "%d.board", (int)getpid());
    assert_int_equal(board_publish(7, &about, &file, &b), 0);
    assert_int_equal(stat(in_runtime(""), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(in_runtime(name), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(take(b, A, 4, 0, &s), 0);
    assert_int_equal(board_each(getpid(), look, &people), 1);
    assert_int_equal(people, 1);
    put_file("2147483647.board", 0600); /* no such process */
    put_file("2147483647.new", 0600);
    put_file("1.board", 0600);          /* a process, but not the one that made it */
    put_file("notes", 0600);
    assert_int_equal(board_each(1, look, &people), 0);
    assert_int_equal(board_publish(7, &about, &second, &b2), 0); /* a server that starts sweeps */
    assert_false(exists("2147483647.board") || exists("2147483647.new") || exists("1.board"));
    assert_true(exists("notes"));
    board_withdraw(&second);
    assert_false(exists(name));
    board_withdraw(&file);
    assert_int_equal(board_each(getpid(), look, &people), 0);
}

static void a_folder_that_others_can_write_is_refused(void **state)
{
    struct board_about about = { .pid = getpid() };
    struct board_file file;
    struct board *b;

    (void)state;
    assert_int_equal(chmod(in_runtime(""), 0777), 0);
    assert_int_equal(board_publish(7, &about, &file, &b), -EPERM);
    board_withdraw(&file);
    assert_int_equal(chmod(in_runtime(""), 0700), 0);
}

static int make_runtime(void **state)
{
    (void)state;
    return mkdtemp(runtime) ? setenv("XDG_RUNTIME_DIR", runtime, 1) : -1;
}

static int drop_runtime(void **state)
{
    (void)state;
    unlink(in_runtime("notes"));
    return rmdir(in_runtime("")) || rmdir(runtime);
}

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

        if (take(c->board, A, 4, LIMIT, &s) < 0)
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
        cmocka_unit_test(a_collision_refuses_nobody),
        cmocka_unit_test(the_lowest_seat_is_taken),
        cmocka_unit_test(a_seat_tells_what_happens),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(nobody_has_no_seat),
        cmocka_unit_test(no_reader_sees_half_a_word),
        cmocka_unit_test(totals_add_up_among_threads),
        cmocka_unit_test(kill_9_loses_nothing),
        cmocka_unit_test(a_board_is_found_while_its_server_lives),
        cmocka_unit_test(a_folder_that_others_can_write_is_refused),
    };

    return cmocka_run_group_tests(tests, make_runtime, drop_runtime);
}

/* loop: tasks on an event loop, without sessions: who is woken, when, and by what. Each test runs on each kind of loop.
 * What goes wrong inside a task ends the program (CHECK): a failed assertion of cmocka would jump from stack to stack. */
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "rt/loop.h"
#include "sys/clock.h"
#include "sys/proc.h"
#include "unit.h"

#define MS(n) ((int64_t)(n) * 1000000)

enum { TASKS = 2500, STUCK = 60 /* seconds for a test */ };

static const struct rt_stop never = { -1, -1 };

static struct loop *loop_like(void **state, struct rt_stop stop, unsigned tasks)
{
    struct loop *l = NULL;

    alarm(STUCK);
    same_int("loop_new", 0, loop_new(*state, stop, tasks, &l), 0);
    return l;
}

/* A task gets a copy of what it is started with: here always a pointer to what stays with the test. */
static void start(struct loop *l, void (*fn)(struct rt_task *, void *), void *what)
{
    same_int("loop_start", 0, loop_start(l, fn, &what, sizeof what), 0);
}

static void *given(void *arg)
{
    return *(void **)arg;
}

static void run(struct loop *l)
{
    loop_run(l);
    loop_free(&l);
    assert_null(l);
}

static void pair_of(int fd[2])
{
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
}

static void pair_close(int fd[2])
{
    close(fd[0]);
    close(fd[1]);
}

static void say(int fd)
{
    CHECK(write(fd, "x", 1) == 1);
}

/* One byte is heard: 1, or what the wait said. */
static ssize_t listen_to(struct rt_task *task, int fd, int hear, int64_t when)
{
    char byte;

    return rt_recv(task, fd, hear, &byte, 1, when);
}

static int64_t soon(struct rt_task *task, int ms)
{
    return rt_now(task) + MS(ms);
}

/* ---- many at once ---- */

enum { PAIRS = 1000, ROUNDS = 20 };

struct player {
    int fd;
    bool serves;
    int rounds;
};

static void play(struct rt_task *task, void *arg)
{
    struct player *p = given(arg);

    for (; p->rounds < ROUNDS; p->rounds++) {
        int ball = p->rounds;

        CHECK(!p->serves || rt_send(task, p->fd, -1, &ball, sizeof ball, RT_NEVER) == sizeof ball);
        CHECK(rt_recv(task, p->fd, -1, &ball, sizeof ball, RT_NEVER) == sizeof ball);
        CHECK(ball == p->rounds);
        CHECK(p->serves || rt_send(task, p->fd, -1, &ball, sizeof ball, RT_NEVER) == sizeof ball);
    }
    rt_close(task, p->fd);
}

static void a_thousand_pairs_play(void **state)
{
    static struct player players[PAIRS][2];
    struct loop *l = loop_like(state, never, TASKS);

    for (int i = 0; i < PAIRS; i++) {
        int fd[2];

        pair_of(fd);
        for (int k = 0; k < 2; k++) {
            players[i][k] = (struct player){ .fd = fd[k], .serves = k };
            start(l, play, &players[i][k]);
        }
    }
    run(l);
    for (int i = 0; i < PAIRS; i++)
        assert_true(players[i][0].rounds == ROUNDS && players[i][1].rounds == ROUNDS);
}

static void yield_once(struct rt_task *task, void *arg)
{
    (void)arg;
    CHECK(rt_turn(task, -1) == 0);
}

static void no_more_tasks_than_may_be(void **state)
{
    struct loop *l = loop_like(state, never, 3);

    for (int i = 0; i < 3; i++)
        assert_int_equal(loop_start(l, yield_once, "", 1), 0);
    assert_int_equal(loop_start(l, yield_once, "", 1), -EAGAIN);
    loop_run(l);
    assert_int_equal(loop_start(l, yield_once, "", 1), 0);
    run(l);
}

/* ---- time ---- */

enum { SLEEPERS = 200 };

struct dormitory {
    int64_t when[SLEEPERS], order[SLEEPERS];
    int asleep, up;
};

static void sleeper(struct rt_task *task, void *arg)
{
    struct dormitory *d = given(arg);
    int64_t when = d->when[d->asleep++];

    CHECK(rt_sleep(task, when) == 0);
    CHECK(rt_now(task) >= when);
    d->order[d->up++] = when;
}

static void sleepers_wake_in_order_and_never_early(void **state)
{
    struct loop *l = loop_like(state, never, SLEEPERS);
    struct dormitory d = { .up = 0 };
    int64_t begin = clock_mono() + MS(50);

    for (int i = 0; i < SLEEPERS; i++) {
        d.when[i] = begin + MS(i * 7919 % SLEEPERS) / 2;
        start(l, sleeper, &d);
    }
    run(l);
    assert_int_equal(d.up, SLEEPERS);
    for (int i = 1; i < SLEEPERS; i++)
        assert_true(d.order[i - 1] < d.order[i]);
}

static void wait_in_vain(struct rt_task *task, void *arg)
{
    int *fd = given(arg);
    int64_t when = soon(task, 30);

    CHECK(listen_to(task, fd[0], -1, when) == -ETIMEDOUT);
    CHECK(rt_now(task) >= when);
    CHECK(listen_to(task, fd[0], -1, when) == -ETIMEDOUT); /* it has passed: no wait */
    say(fd[1]);
    CHECK(listen_to(task, fd[0], -1, rt_after(task, STUCK)) == 1);
    when = soon(task, 30); /* earlier than that of the wait before, which is over */
    CHECK(listen_to(task, fd[0], -1, when) == -ETIMEDOUT);
    CHECK(rt_now(task) >= when && rt_now(task) < when + RT_SECONDS(STUCK / 2));
    CHECK(listen_to(task, fd[0], -1, soon(task, 60)) == -ETIMEDOUT); /* and later than that one's */
}

static void a_wait_ends_at_its_deadline(void **state)
{
    struct loop *l = loop_like(state, never, 1);
    int fd[2];

    pair_of(fd);
    start(l, wait_in_vain, fd);
    run(l);
    pair_close(fd);
}

/* ---- turns ---- */

struct street {
    struct player players[2];
    int begun, left; /* those that are not hogs */
    int turns;       /* the hogs' */
    int64_t late;    /* how late the sleeper was woken at worst */
};

static void hog(struct rt_task *task, void *arg)
{
    struct street *s = given(arg);

    for (; s->left; s->turns++)
        CHECK(rt_turn(task, -1) == 0);
}

static void modest_player(struct rt_task *task, void *arg)
{
    struct street *s = given(arg);
    struct player *mine = &s->players[s->begun++];

    play(task, &mine);
    s->left--;
}

static void light_sleeper(struct rt_task *task, void *arg)
{
    struct street *s = given(arg);

    for (int i = 0; i < 10; i++) {
        int64_t when = soon(task, 2);

        CHECK(rt_sleep(task, when) == 0);
        if (rt_now(task) - when > s->late)
            s->late = rt_now(task) - when;
    }
    s->left--;
}

static void those_who_never_wait_starve_nobody(void **state)
{
    struct loop *l = loop_like(state, never, 5);
    struct street s = { .left = 3 };
    int fd[2];

    pair_of(fd);
    s.players[0] = (struct player){ .fd = fd[0] };
    s.players[1] = (struct player){ .fd = fd[1], .serves = true };
    start(l, hog, &s);
    start(l, modest_player, &s);
    start(l, modest_player, &s);
    start(l, light_sleeper, &s);
    start(l, hog, &s);
    run(l);
    assert_int_equal(s.left, 0);
    assert_true(s.turns > 2 * ROUNDS);
    assert_true(s.late < RT_SECONDS(1));
}

/* ---- hearing ---- */

static void hear_while_working(struct rt_task *task, void *arg)
{
    int(*fd)[2] = given(arg), data = fd[0][0], control = fd[1][0];

    CHECK(rt_turn(task, control) == 0);
    say(fd[1][1]);
    CHECK(listen_to(task, data, control, RT_NEVER) == -EINTR);
    CHECK(listen_to(task, data, control, RT_NEVER) == -EINTR); /* it has not been read */
    CHECK(rt_turn(task, control) == -EINTR);
    say(fd[0][1]);
    CHECK(listen_to(task, data, control, RT_NEVER) == 1); /* what can go on goes on */
    CHECK(listen_to(task, control, -1, RT_NEVER) == 1);
    CHECK(listen_to(task, data, control, soon(task, 10)) == -ETIMEDOUT);
    CHECK(rt_turn(task, control) == 0);
}

static void what_is_heard_interrupts_a_wait(void **state)
{
    struct loop *l = loop_like(state, never, 1);
    int fd[2][2];

    pair_of(fd[0]);
    pair_of(fd[1]);
    start(l, hear_while_working, fd);
    run(l);
    pair_close(fd[0]);
    pair_close(fd[1]);
}

/* ---- work that blocks ---- */

enum { CALLERS = 300, MEETING = 30 };

struct office {
    pid_t loop;
    int begun, left, ticks;
    pthread_barrier_t all;
};

struct errand {
    struct office *office;
    int number;
    pid_t thread;
};

static int run_errand(void *arg)
{
    struct errand *e = arg;

    e->thread = gettid();
    usleep(500);
    return e->number;
}

static void caller(struct rt_task *task, void *arg)
{
    struct office *o = given(arg);
    int me = o->begun++;

    for (int i = 0; i < 3; i++) {
        struct errand e = { .office = o, .number = 10 * me + i };

        CHECK(rt_call(task, run_errand, &e) == 10 * me + i);
        CHECK(e.thread != o->loop);
    }
    o->left--;
}

static void ticker(struct rt_task *task, void *arg)
{
    struct office *o = given(arg);

    for (; o->left; o->ticks++)
        CHECK(rt_sleep(task, soon(task, 1)) == 0);
}

static void calls_block_nobody_else_and_answer_their_own_caller(void **state)
{
    struct loop *l = loop_like(state, never, CALLERS + 1);
    struct office o = { .loop = gettid(), .left = CALLERS };

    for (int i = 0; i < CALLERS; i++)
        start(l, caller, &o);
    start(l, ticker, &o);
    run(l);
    assert_int_equal(o.left, 0);
    assert_true(o.ticks > 3);
}

static int meet(void *arg)
{
    struct errand *e = arg;
    int rc = pthread_barrier_wait(&e->office->all);

    return rc == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : rc;
}

static void attend(struct rt_task *task, void *arg)
{
    struct office *o = given(arg);
    struct errand e = { .office = o };

    for (int i = 0; i < 3; i++) {
        CHECK(rt_call(task, meet, &e) == 0);
        CHECK(rt_sleep(task, soon(task, 5)) == 0); /* the threads wait for work again */
    }
}

static void one_early(struct rt_task *task, void *arg)
{
    struct errand e = { .office = given(arg) };

    CHECK(rt_call(task, run_errand, &e) == 0);
    CHECK(rt_sleep(task, soon(task, 20)) == 0);
}

/* Calls that wait for each other: none may stand in line behind another while a thread could be had, in particular not when
 * one thread is free and several calls come before it wakes. */
static void calls_do_not_wait_for_each_other(void **state)
{
    struct loop *l = loop_like(state, never, MEETING);
    struct office o = { .loop = gettid() };

    pthread_barrier_init(&o.all, NULL, MEETING);
    start(l, one_early, &o);
    loop_run(l);
    for (int i = 0; i < MEETING; i++)
        start(l, attend, &o);
    run(l);
    pthread_barrier_destroy(&o.all);
}

/* ---- stopping ---- */

struct shop {
    struct rt_stop stop;
    int busy[2], idle[2];
    int idle_ended, busy_served, busy_ended, asleep_ended;
};

static void idler(struct rt_task *task, void *arg)
{
    struct shop *s = given(arg);

    CHECK(rt_idle(task, true) == 0);
    CHECK(listen_to(task, s->idle[0], -1, RT_NEVER) == -ECANCELED);
    CHECK(rt_idle(task, false) == -ECANCELED);
    CHECK(listen_to(task, s->idle[0], -1, RT_NEVER) == -ECANCELED);
    CHECK(rt_send(task, s->idle[0], -1, "bye", 3, RT_NEVER) == 3); /* what needs no wait still works */
    s->idle_ended++;
}

static void worker(struct rt_task *task, void *arg)
{
    struct shop *s = given(arg);

    CHECK(listen_to(task, s->busy[0], -1, RT_NEVER) == 1);
    s->busy_served++;
    CHECK(listen_to(task, s->busy[0], -1, RT_NEVER) == -ECANCELED);
    s->busy_ended++;
}

/* Work was under way when the drain began; idle after it, a task ends at its next wait. */
static void late_idler(struct rt_task *task, void *arg)
{
    struct shop *s = given(arg);

    CHECK(rt_sleep(task, soon(task, 60)) == 0);
    CHECK(rt_idle(task, true) == 0);
    CHECK(listen_to(task, s->idle[0], -1, RT_NEVER) == -ECANCELED);
    s->idle_ended++;
}

static void long_sleeper(struct rt_task *task, void *arg)
{
    struct shop *s = given(arg);

    CHECK(rt_sleep(task, RT_NEVER) == -ECANCELED);
    s->asleep_ended++;
}

static void closer(struct rt_task *task, void *arg)
{
    struct shop *s = given(arg);

    CHECK(rt_sleep(task, soon(task, 20)) == 0);
    proc_event_raise(s->stop.drain);
    CHECK(rt_sleep(task, soon(task, 100)) == 0);
    CHECK(s->idle_ended == 2 && s->busy_ended == 0 && s->asleep_ended == 0);
    say(s->busy[1]);
    CHECK(rt_sleep(task, soon(task, 20)) == 0);
    CHECK(s->busy_served == 1 && s->busy_ended == 0);
    proc_event_raise(s->stop.now);
    CHECK(rt_sleep(task, RT_NEVER) == -ECANCELED);
    CHECK(rt_turn(task, -1) == -ECANCELED);
}

static void a_drain_ends_the_idle_and_a_stop_ends_all(void **state)
{
    struct shop s = { .stop = { proc_event(), proc_event() } };
    struct loop *l = loop_like(state, s.stop, 5);

    pair_of(s.busy);
    pair_of(s.idle);
    start(l, idler, &s);
    start(l, late_idler, &s);
    start(l, worker, &s);
    start(l, long_sleeper, &s);
    start(l, closer, &s);
    run(l);
    assert_true(s.idle_ended == 2 && s.busy_ended == 1 && s.asleep_ended == 1);
    pair_close(s.busy);
    pair_close(s.idle);
    close(s.stop.drain);
    close(s.stop.now);
}

static void a_deep_sleeper_still_hears_the_drain(void **state)
{
    struct shop s = { .stop = { proc_event(), -1 } };
    struct loop *l = loop_like(state, s.stop, 2);

    pair_of(s.idle);
    start(l, idler, &s);
    loop_start(l, yield_once, "", 1);
    alarm(STUCK);
    if (fork() == 0) { /* a second and a half from now: from outside, as a signal does */
        usleep(1500000);
        proc_event_raise(s.stop.drain);
        proc_exit(0);
    }
    run(l);
    assert_int_equal(s.idle_ended, 1);
    pair_close(s.idle);
    close(s.stop.drain);
}

/* ---- numbers of descriptors ---- */

enum { CHURN = 2000 };

static bool is_ready(struct rt_task *task, int fd, short events, int64_t when)
{
    struct pollfd p = { .fd = fd, .events = events };
    int rc = rt_wait(task, &p, 1, when);

    CHECK(rc == 1 || rc == -ETIMEDOUT);
    return rc == 1;
}

/* What was known of a descriptor, and news of it that are still under way, must not pass for those of the next with its
 * number. In one round of four the news are left in the kernel: nobody looked before the close. */
static void churn(struct rt_task *task, void *arg)
{
    int last = -1, same = 0;

    (void)arg;
    for (int i = 0; i < CHURN; i++) {
        int fd[2];

        pair_of(fd);
        same += fd[0] == last;
        CHECK(!is_ready(task, fd[0], POLLIN, i % 100 ? 0 : soon(task, 3)));
        say(fd[1]);
        CHECK(i % 4 == 0 || is_ready(task, fd[0], POLLIN, RT_NEVER));
        last = fd[0];
        rt_close(task, fd[0]);
        if (i % 2)
            CHECK(rt_turn(task, -1) == 0);
        close(fd[1]);
    }
    CHECK(same > CHURN / 2);
}

static void a_closed_descriptor_says_nothing_of_the_next(void **state)
{
    struct loop *l = loop_like(state, never, 2);

    start(l, churn, NULL);
    run(l);
}

struct door {
    int fd, served;
    struct sock_addr at;
};

/* A visitor: a line and goodbye. */
static void host(struct rt_task *task, void *arg)
{
    struct door *d = *(struct door **)arg;
    struct sock_addr peer;

    while (d->served < CHURN) {
        int fd = rt_accept(task, d->fd, -1, &peer, RT_NEVER);

        CHECK(fd >= 0);
        CHECK(listen_to(task, fd, -1, RT_NEVER) == 1);
        CHECK(rt_send(task, fd, -1, "welcome", 7, RT_NEVER) == 7);
        rt_close(task, fd);
        d->served++;
    }
    rt_close(task, d->fd);
}

static void visit(struct rt_task *task, void *arg)
{
    struct door *d = given(arg);

    while (d->served < CHURN) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        char got[16];

        CHECK(fd >= 0);
        CHECK(rt_connect(task, fd, -1, &d->at, sizeof d->at.in4, RT_NEVER) == 0);
        CHECK(rt_send(task, fd, -1, "x", 1, RT_NEVER) == 1);
        CHECK(rt_recv(task, fd, -1, got, sizeof got, RT_NEVER) == 7);
        CHECK(rt_recv(task, fd, -1, got, sizeof got, RT_NEVER) == 0);
        rt_close(task, fd);
    }
}

static void thousands_come_through_one_door(void **state)
{
    struct loop *l = loop_like(state, never, 2);
    struct door d = { .served = 0 };

    assert_int_equal(sock_addr_parse("127.0.0.1", 0, &d.at), 0);
    d.fd = sock_listen(&d.at, 16, false);
    assert_true(d.fd >= 0);
    assert_int_equal(sock_local(d.fd, &d.at), 0);
    start(l, host, &d);
    start(l, visit, &d);
    run(l);
    assert_int_equal(d.served, CHURN);
}

/* ---- files ---- */

static void copy(struct rt_task *task, void *arg)
{
    static const char text[] = "what was written is read";
    FILE *file = tmpfile();
    int fd, *to = given(arg);
    char got[sizeof text + 8];

    CHECK(file);
    fd = fileno(file);
    for (int local = 0; local < 2; local++) {
        int64_t off = local * 10000;

        CHECK(rt_pwrite(task, fd, text, sizeof text, off, local) == sizeof text);
        CHECK(rt_pread(task, fd, got, sizeof text, off) == sizeof text && memcmp(got, text, sizeof text) == 0);
    }
    CHECK(rt_pread(task, fd, got, sizeof got, 10000) == sizeof text);
    CHECK(rt_pread(task, fd, got, sizeof got, 20000) == 0);
    CHECK(rt_sendfile(task, to[0], -1, fd, 10000, sizeof got, RT_NEVER) == sizeof text);
    CHECK(rt_recv(task, to[1], -1, got, sizeof got, RT_NEVER) == sizeof text && memcmp(got, text, sizeof text) == 0);
    CHECK(rt_sendfile(task, to[0], -1, fd, 20000, 1, RT_NEVER) == 0);
    CHECK(rt_pread(task, -1, got, 1, 0) == -EBADF);
    (void)fclose(file);
}

static void files_are_written_read_and_sent(void **state)
{
    struct loop *l = loop_like(state, never, 1);
    int fd[2];

    pair_of(fd);
    start(l, copy, fd);
    run(l);
    pair_close(fd);
}

/* ---- each test on each kind of loop ---- */

#define ON(kind, test) { #kind ": " #test, test, NULL, NULL, (void *)(uintptr_t)&loop_##kind }
#define ON_BOTH(test) ON(epoll, test), ON(uring, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_thousand_pairs_play),
        ON_BOTH(no_more_tasks_than_may_be),
        ON_BOTH(sleepers_wake_in_order_and_never_early),
        ON_BOTH(a_wait_ends_at_its_deadline),
        ON_BOTH(those_who_never_wait_starve_nobody),
        ON_BOTH(what_is_heard_interrupts_a_wait),
        ON_BOTH(calls_block_nobody_else_and_answer_their_own_caller),
        ON_BOTH(calls_do_not_wait_for_each_other),
        ON_BOTH(a_drain_ends_the_idle_and_a_stop_ends_all),
        ON_BOTH(a_deep_sleeper_still_hears_the_drain),
        ON_BOTH(a_closed_descriptor_says_nothing_of_the_next),
        ON_BOTH(thousands_come_through_one_door),
        ON_BOTH(files_are_written_read_and_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

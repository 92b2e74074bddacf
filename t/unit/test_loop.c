/* The event loop by itself, on both back ends: what a wait answers and when, who runs in which order, what a stop ends.
 * Tasks only note what they saw, since an assertion must not jump off their stacks; the tests judge when the loop has ended.
 * A loop that loses a wake-up would hang: SIGALRM ends the test then, and it has failed. */
#include "unit.h"

#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rt/coro_tools.h"
#include "rt/loop_impl.h"
#include "sys/clock.h"
#include "sys/proc.h"

enum { TASKS = 2000, LIMIT = 60 /* seconds, for all tests of a back end */ };

#define MS(n) ((int64_t)(n) * 1000000)

static const struct loop_ops *ops; /* of the row under test */

/* What the tasks of one test share: descriptors, counters, and what they saw. */
static struct world {
    struct loop *loop;
    struct rt_stop stop;
    int a[2], b[2];
    int turns; /* of the task that only turns */
    bool over;
    long saw[32];
    int64_t took;
} w;

static void pair(int out[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, out), 0);
}

static int begin(void **state)
{
    (void)state;
    w = (struct world){ .stop = { proc_event(), proc_event() } };
    pair(w.a);
    pair(w.b);
    return loop_new(ops, w.stop, TASKS, &w.loop);
}

static int end(void **state)
{
    const int fds[] = { w.a[0], w.a[1], w.b[0], w.b[1], w.stop.drain, w.stop.now };

    (void)state;
    loop_free(&w.loop);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
    return 0;
}

static void start(void (*fn)(struct rt_task *, void *), int number)
{
    assert_int_equal(loop_start(w.loop, fn, &number, sizeof number), 0);
}

static void poke(int fd)
{
    if (write(fd, "x", 1) != 1)
        abort();
}

static int await(struct rt_task *task, int fd, int64_t when)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return rt_wait(task, &p, 1, when);
}

/* Runs beside the others until `over`, and counts how often. */
static void turner(struct rt_task *task, void *arg)
{
    (void)arg;
    for (; !w.over && w.turns < 50000000; w.turns++)
        rt_turn(task, -1);
}

/* ---- resting ---- */

static struct rt_task *rester_task;

static void rester(struct rt_task *task, void *arg)
{
    (void)arg;
    rester_task = task;
    w.saw[0] = loop_rest(task, RT_NEVER);                /* roused by the other task */
    w.saw[1] = loop_rest(task, clock_mono() + MS(5));    /* by nobody */
    loop_rouse(task);
    w.saw[2] = loop_rest(task, RT_NEVER);                /* before it rested */
    w.turns = 1;
    w.saw[3] = rt_sleep(task, clock_mono() + MS(20));    /* a rouse is no end of another wait */
    w.saw[4] = loop_rest(task, clock_mono() + MS(5));    /* but is not lost */
    proc_event_raise(w.stop.now);
    w.saw[5] = loop_rest(task, RT_NEVER);
}

static void rouser(struct rt_task *task, void *arg)
{
    (void)arg;
    rt_sleep(task, clock_mono() + MS(10));
    loop_rouse(rester_task);
    while (!w.turns)
        rt_turn(task, -1);
    loop_rouse(rester_task);
}

static void who_rests_is_roused(void **state)
{
    (void)state;
    start(rester, 0);
    start(rouser, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 0);
    assert_int_equal(w.saw[1], -ETIMEDOUT);
    assert_int_equal(w.saw[2], 0);
    assert_int_equal(w.saw[3], 0);
    assert_int_equal(w.saw[4], 0);
    assert_int_equal(w.saw[5], -ECANCELED);
}

/* ---- deadlines and bits ---- */

static void quiet(struct rt_task *task, void *arg)
{
    int64_t before = clock_mono();

    (void)arg;
    w.saw[0] = await(task, w.a[0], before + MS(30));
    w.took = clock_mono() - before;
    w.saw[1] = rt_sleep(task, clock_mono() + MS(5));
    w.saw[2] = await(task, w.a[0], 0);
}

static void a_deadline_passes_and_not_early(void **state)
{
    (void)state;
    start(quiet, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], -ETIMEDOUT);
    assert_in_range(w.took, MS(30), MS(10000));
    assert_int_equal(w.saw[1], 0);
    assert_int_equal(w.saw[2], -ETIMEDOUT);
}

static void knower(struct rt_task *task, void *arg)
{
    char c;
    int before;

    (void)arg;
    rt_turn(task, -1); /* the turner runs */
    before = w.turns;
    w.saw[0] = await(task, w.a[0], RT_NEVER);
    w.saw[1] = w.turns - before;
    before = w.turns;
    w.saw[2] = await(task, w.a[0], RT_NEVER);
    w.saw[3] = w.turns - before;
    w.saw[4] = rt_recv_now(task, w.a[0], &c, 1);
    w.saw[5] = rt_recv_now(task, w.a[0], &c, 1);
    w.saw[6] = await(task, w.a[0], clock_mono() + MS(5));
    poke(w.a[1]);
    w.saw[7] = await(task, w.a[0], clock_mono() + MS(10000));
    w.over = true;
}

static void a_wait_whose_bit_is_set_does_not_leave_the_task(void **state)
{
    (void)state;
    poke(w.a[1]);
    start(turner, 0);
    start(knower, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 1);
    assert_true(w.saw[1] > 0); /* nothing was known: others ran */
    assert_int_equal(w.saw[2], 1);
    assert_int_equal(w.saw[3], 0);
    assert_int_equal(w.saw[4], 1);
    assert_int_equal(w.saw[5], -EAGAIN);
    assert_int_equal(w.saw[6], -ETIMEDOUT); /* the bit went with -EAGAIN */
    assert_int_equal(w.saw[7], 1);          /* and came again with the next byte */
}

/* ---- hearing ---- */

static void listener(struct rt_task *task, void *arg)
{
    char c;

    (void)arg;
    w.saw[0] = rt_turn(task, w.b[0]);
    w.saw[1] = rt_recv(task, w.a[0], w.b[0], &c, 1, clock_mono() + MS(10000));
    w.saw[2] = rt_turn(task, w.b[0]);
    poke(w.a[1]);
    w.saw[3] = rt_recv(task, w.a[0], w.b[0], &c, 1, RT_NEVER); /* what can go on goes on */
    rt_recv_now(task, w.b[0], &c, 1);
    rt_recv_now(task, w.b[0], &c, 1);
    w.saw[4] = rt_turn(task, w.b[0]);
}

static void caller(struct rt_task *task, void *arg)
{
    (void)arg;
    rt_sleep(task, clock_mono() + MS(10));
    poke(w.b[1]);
}

static void what_is_to_be_heard_interrupts(void **state)
{
    (void)state;
    start(listener, 0);
    start(caller, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 0);
    assert_int_equal(w.saw[1], -EINTR);
    assert_int_equal(w.saw[2], -EINTR);
    assert_int_equal(w.saw[3], 1);
    assert_int_equal(w.saw[4], 0);
}

/* ---- stopping ---- */

static void waiter(struct rt_task *task, void *arg)
{
    int n = *(int *)arg;

    rt_idle(task, n == 0);
    w.saw[n] = await(task, n ? w.b[0] : w.a[0], clock_mono() + MS(10000));
    w.saw[n + 2] = await(task, n ? w.b[0] : w.a[0], clock_mono() + MS(1));
    rt_idle(task, true);
    w.saw[n + 4] = await(task, w.a[0], clock_mono() + MS(10000));
}

static void drainer(struct rt_task *task, void *arg)
{
    (void)arg;
    rt_turn(task, -1);
    proc_event_raise(w.stop.drain);
    rt_sleep(task, clock_mono() + MS(20));
    poke(w.b[1]);
}

static void a_drain_cancels_the_idle(void **state)
{
    (void)state;
    start(waiter, 0);
    start(waiter, 1);
    start(drainer, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], -ECANCELED);
    assert_int_equal(w.saw[2], -ECANCELED); /* it stays so */
    assert_int_equal(w.saw[1], 1);          /* the busy one went on */
    assert_int_equal(w.saw[3], 1);
    assert_int_equal(w.saw[5], -ECANCELED); /* until it was idle */
}

static void stopper(struct rt_task *task, void *arg)
{
    (void)arg;
    rt_turn(task, -1);
    proc_event_raise(w.stop.now);
    w.saw[6] = rt_sleep(task, clock_mono() + MS(10000));
}

static void now_cancels_all(void **state)
{
    (void)state;
    start(waiter, 0);
    start(waiter, 1);
    start(stopper, 0);
    loop_run(w.loop);
    for (int i = 0; i < 7; i++)
        same_int("saw", (size_t)i, w.saw[i], -ECANCELED);
}

/* ---- turns ---- */

static void stepper(struct rt_task *task, void *arg)
{
    for (int i = 0; i < 4; i++) {
        w.saw[w.turns++] = *(int *)arg;
        rt_turn(task, -1);
    }
}

static void everybody_in_turn(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        start(stepper, i);
    loop_run(w.loop);
    assert_int_equal(w.turns, 20);
    for (int i = 0; i < 20; i++)
        same_int("turn", (size_t)i, w.saw[i], i % 5);
}

/* Eight that have always more to do; the fifth step of each is a word to who listens: how many steps there were. */
static void carrier(struct rt_task *task, void *arg)
{
    (void)arg;
    for (int i = 0; i < 8; i++) {
        char steps = (char)++w.turns;

        if (i == 4 && write(w.a[1], &steps, 1) != 1)
            abort();
        rt_turn(task, -1);
    }
}

/* It carried something before: who is idle again is no carrier any more. */
static void hearer(struct rt_task *task, void *arg)
{
    (void)arg;
    rt_turn(task, -1);
    rt_idle(task, true);
    for (int i = 0; i < 8; i++) {
        char steps = 0;

        rt_recv(task, w.a[0], -1, &steps, 1, RT_NEVER);
        w.saw[i] = w.turns - steps;
    }
}

static void a_word_waits_for_one_step(void **state)
{
    (void)state;
    start(hearer, 0);
    for (int i = 0; i < 8; i++)
        start(carrier, i);
    loop_run(w.loop);
    assert_int_equal(w.turns, 64);
    for (size_t i = 0; i < 8; i++)
        same_int("steps of others before the word was heard", i, w.saw[i], 0);
}

static struct rt_task *talker_task[2];

/* Two that rouse each other: one of them is always awake. */
static void talker(struct rt_task *task, void *arg)
{
    int me = *(int *)arg;

    talker_task[me] = task;
    for (int i = 0; i < 100; i++) {
        if (talker_task[!me])
            loop_rouse(talker_task[!me]);
        rt_sleep(task, 1);
    }
    w.over = true;
}

static void who_talks_stops_no_carrier(void **state)
{
    (void)state;
    memset(talker_task, 0, sizeof talker_task);
    start(turner, 0);
    for (int i = 0; i < 2; i++)
        start(talker, i);
    loop_run(w.loop);
    assert_true(w.turns >= 100);
}

/* Steps of sendfile, with and without somebody who has just talked. */
static void step_sender(struct rt_task *task, void *arg)
{
    int from = memfd_create("sent", MFD_CLOEXEC), to = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)arg;
    if (ftruncate(from, 1 << 20) < 0)
        abort();
    w.saw[0] = rt_sendfile(task, to, -1, from, 0, 1 << 20, RT_NEVER);
    w.loop->talked = INT64_MIN / 2;
    w.saw[1] = rt_sendfile(task, to, -1, from, 0, 1 << 20, RT_NEVER);
    close(from);
    close(to);
}

static void steps_are_short_while_others_talk(void **state)
{
    (void)state;
    start(step_sender, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 128 * 1024);
    assert_int_equal(w.saw[1], 1 << 20);
}

/* ---- blocking work ---- */

static pthread_t elsewhere;

/* Blocks until the turner has had its hundred turns: on the loop's thread that would never be. */
static int until_released(void)
{
    char c;
    struct pollfd p = { .fd = w.a[0], .events = POLLIN };

    while (poll(&p, 1, 20000) == 1)
        if (read(w.a[0], &c, 1) == 1)
            return 42;
    return -1;
}

static int block(void *arg)
{
    (void)arg;
    elsewhere = pthread_self();
    return until_released();
}

static void blocked(struct rt_task *task, void *arg)
{
    (void)arg;
    w.saw[0] = rt_call(task, block, NULL);
    w.over = true;
}

static void releaser(struct rt_task *task, void *arg)
{
    (void)arg;
    while (w.turns < 100)
        rt_turn(task, -1);
    poke(w.a[1]);
}

static void blocking_work_is_done_elsewhere(void **state)
{
    (void)state;
    start(blocked, 0);
    start(turner, 0);
    start(releaser, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 42);
    assert_false(pthread_equal(elsewhere, pthread_self()));
}

static int release(void *arg)
{
    (void)arg;
    poke(w.a[1]);
    return 0;
}

/* The first call leaves a thread idle; then two come at once, and the first waits for the second. */
static void caller_of_two(struct rt_task *task, void *arg)
{
    int n = *(int *)arg;
    char c;

    if (n) {
        rt_call(task, release, NULL);
        rt_recv_now(task, w.a[0], &c, 1);
        rt_sleep(task, clock_mono() + MS(20)); /* the thread goes idle */
        w.turns = 1;
        w.saw[1] = rt_call(task, block, NULL);
    } else {
        while (!w.turns)
            rt_turn(task, -1);
        rt_call(task, release, NULL);
    }
}

static void a_call_does_not_wait_for_another(void **state)
{
    (void)state;
    start(caller_of_two, 1);
    start(caller_of_two, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[1], 42);
}

/* A call that waits as long as a slow disk lets it (us), or not at all; was it on the loop's own thread? */
static int quick(void *arg)
{
    if (*(int *)arg)
        usleep((unsigned)*(int *)arg);
    return pthread_equal(pthread_self(), elsewhere);
}

static void quick_caller(struct rt_task *task, void *arg)
{
    int slow[2] = { 0, 20000 };
    int64_t until;

    (void)arg;
    elsewhere = pthread_self();
    for (int i = 0; i < 100; i++)
        w.saw[0] += rt_call_quick(task, quick, &slow[0]);
    for (int i = 1; i <= 3; i++)
        w.saw[i] = rt_call_quick(task, quick, &slow[i == 1]);
    until = w.loop->disk_slow;
    w.saw[4] = rt_call_quick(task, quick, &slow[1]);
    w.saw[5] = w.loop->disk_slow > until; /* it goes on */
    w.loop->disk_slow = 0;                /* ten seconds later */
    w.saw[6] = rt_call_quick(task, quick, &slow[0]);
}

/* A slow one stops the loop once; those that follow are not its own, however quick, for a while: nor for as long as one of them
 * is slow. */
static void quick_calls_leave_the_loop_when_one_was_slow(void **state)
{
    const long want[] = { 100, 1, 0, 0, 0, 1, 1 };

    (void)state;
    start(quick_caller, 0);
    loop_run(w.loop);
    for (size_t i = 0; i < COUNT(want); i++)
        same_int("calls on the loop's thread", i, w.saw[i], want[i]);
}

/* Two at a time, while the disk is taken to be behind. */
static void one_of_two(struct rt_task *task, void *arg)
{
    int us = *(int *)arg;

    elsewhere = pthread_self();
    w.saw[0] += rt_call_quick(task, quick, &us);
}

static int64_t slow_until_after_two(int us)
{
    int64_t until = w.loop->disk_slow = clock_mono() + RT_SECONDS(5);

    start(one_of_two, us);
    start(one_of_two, us);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 0);
    return w.loop->disk_slow - until;
}

/* Those of one folder wait for each other, which is not the disk's fault; for a tenth of a second it is. A machine that has no time for
 * the threads makes it a tenth of a second, too: that says nothing. */
static void quick_calls_among_others_may_be_late(void **state)
{
    int64_t before, longer;

    (void)state;
    do {
        before = clock_mono();
        longer = slow_until_after_two(20000);
    } while (clock_mono() - before > MS(100));
    assert_int_equal(longer, 0);
    assert_int_not_equal(slow_until_after_two(150000), 0);
}

/* ---- computing ---- */

enum { COMPUTERS = 70, /* more than threads there are for what may block */ LOWEST = 19 };

static atomic_int computing, most_at_once;
static int priority[2];

/* Waits for the releaser, which is one of those who block. */
static int compute(void *arg)
{
    int now = atomic_fetch_add(&computing, 1) + 1, rc;

    (void)arg;
    if (now > atomic_load(&most_at_once))
        atomic_store(&most_at_once, now);
    rc = until_released();
    atomic_fetch_sub(&computing, 1);
    return rc;
}

static void computer(struct rt_task *task, void *arg)
{
    int n = *(int *)arg;

    w.saw[n % 32] += rt_compute(task, compute, NULL) == 42;
}

static int release_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < COMPUTERS; i++)
        poke(w.a[1]);
    return 0;
}

static void committer(struct rt_task *task, void *arg)
{
    (void)arg;
    w.saw[31] = rt_call(task, release_all, NULL) == 0;
}

static void blocking_work_waits_for_no_computation(void **state)
{
    (void)state;
    computing = most_at_once = 0;
    for (int i = 0; i < COMPUTERS; i++)
        start(computer, i % 31);
    start(committer, 0);
    loop_run(w.loop);
    for (int i = 0; i < 31; i++)
        same_int("all of them", (size_t)i, w.saw[i], COMPUTERS / 31 + (i < COMPUTERS % 31));
    assert_int_equal(w.saw[31], 1);
    assert_in_range(most_at_once, 1, proc_computers());
}

static int note_priority(void *arg)
{
    *(int *)arg = getpriority(PRIO_PROCESS, 0);
    return 0;
}

static void of_two_priorities(struct rt_task *task, void *arg)
{
    (void)arg;
    rt_call(task, note_priority, &priority[0]);
    rt_compute(task, note_priority, &priority[1]);
}

static void computations_let_all_others_go_first(void **state)
{
    (void)state;
    start(of_two_priorities, 0);
    loop_run(w.loop);
    assert_int_equal(priority[0], getpriority(PRIO_PROCESS, 0));
    assert_int_equal(priority[1], LOWEST);
}

/* As many as can begin, and one more: that one is told, and lets the others end. */
static void computer_until_now(struct rt_task *task, void *arg)
{
    int n = *(int *)arg;

    w.saw[n] = rt_compute(task, compute, NULL);
    if (w.saw[n] == -ECANCELED) {
        w.saw[n + 1] = rt_compute(task, compute, NULL);
        release_all(NULL);
    }
}

static void stop_when_full(struct rt_task *task, void *arg)
{
    (void)arg;
    while (atomic_load(&computing) < (int)proc_computers())
        rt_turn(task, -1);
    proc_event_raise(w.stop.now);
}

static void a_stop_drops_what_is_not_begun(void **state)
{
    int n = (int)proc_computers();

    (void)state;
    computing = 0;
    for (int i = 0; i <= n; i++)
        start(computer_until_now, i);
    start(stop_when_full, 0);
    loop_run(w.loop);
    for (int i = 0; i < n; i++)
        same_int("begun", (size_t)i, w.saw[i], 42);
    assert_int_equal(w.saw[n], -ECANCELED);
    assert_int_equal(w.saw[n + 1], -ECANCELED); /* and none begins */
}

/* Never has to wait, and notes when its thread slept all the same. */
static void restless(struct rt_task *task, void *arg)
{
    struct rusage before, now;

    (void)arg;
    getrusage(RUSAGE_THREAD, &before);
    do {
        rt_turn(task, -1);
        getrusage(RUSAGE_THREAD, &now);
    } while (!w.over && now.ru_nvcsw < before.ru_nvcsw + 5);
    poke(w.a[1]);
}

static void computer_beside(struct rt_task *task, void *arg)
{
    (void)arg;
    w.saw[0] = rt_compute(task, block, NULL);
    w.over = true;
}

static void a_loop_without_rest_takes_some_for_a_late_computation(void **state)
{
    (void)state;
    start(computer_beside, 0);
    start(restless, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 42);
}

/* ---- files ---- */

enum { BIG = 8 << 20, PIECE = 10000 };

static int memory_file(char *bytes)
{
    int fd = memfd_create("loop", MFD_CLOEXEC);

    for (int i = 0; i < BIG; i++)
        bytes[i] = (char)(i * 2654435761u >> 24);
    assert_int_equal(write(fd, bytes, BIG), BIG);
    return fd;
}

static void sender(struct rt_task *task, void *arg)
{
    int64_t off = 0;

    while (off < BIG) {
        ssize_t n = rt_sendfile(task, w.a[0], -1, *(int *)arg, off, 1 << 20, clock_mono() + MS(10000));

        if (n <= 0) {
            w.saw[0] = n;
            break;
        }
        off += n;
    }
    shutdown(w.a[0], SHUT_WR);
}

static char *got;

static void receiver(struct rt_task *task, void *arg)
{
    ssize_t n = 1;

    (void)arg;
    while (w.saw[1] < BIG && (n = rt_recv(task, w.a[1], -1, got + w.saw[1], PIECE, clock_mono() + MS(10000))) > 0)
        w.saw[1] += n;
    w.saw[2] = n;
}

/* Sent by a thread: the page cache of this kind of file cannot be asked. Small reads make the sender wait again and again. */
static void a_file_of_which_nothing_is_known_arrives(void **state)
{
    char *bytes = malloc(BIG);
    int fd = memory_file(bytes);

    (void)state;
    got = calloc(1, BIG + PIECE);
    start(sender, fd);
    start(receiver, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 0);
    assert_int_equal(w.saw[1], BIG);
    assert_memory_equal(got, bytes, BIG);
    close(fd);
    free(bytes);
    free(got);
}

static void filer(struct rt_task *task, void *arg)
{
    char back[6] = "";
    int fd = *(int *)arg;

    w.saw[0] = rt_pwrite(task, fd, "hello", 5, 100, false);
    w.saw[1] = rt_pread(task, fd, back, 5, 100);
    w.saw[2] = strcmp(back, "hello");
    w.saw[3] = rt_pread(task, fd, back, 5, 105);
    w.saw[4] = rt_pread(task, -1, back, 5, 0);
}

static void files_are_read_and_written(void **state)
{
    FILE *f = tmpfile();

    (void)state;
    assert_non_null(f);
    start(filer, fileno(f));
    loop_run(w.loop);
    fclose(f);
    assert_int_equal(w.saw[0], 5);
    assert_int_equal(w.saw[1], 5);
    assert_int_equal(w.saw[2], 0);
    assert_int_equal(w.saw[3], 0); /* the end */
    assert_int_equal(w.saw[4], -EBADF);
}

/* ---- numbers that mean something else ---- */

static void reuser(struct rt_task *task, void *arg)
{
    int old[2], new[2], rc;

    (void)arg;
    rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, old);
    w.saw[0] = rc ? rc : await(task, old[0], clock_mono() + MS(1)); /* registered; its bit is not set */
    poke(old[1]);                                                   /* news that nobody has fetched yet */
    rt_close(task, old[0]);
    rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, new);
    w.saw[1] = new[0] - old[0];
    w.saw[2] = rc ? rc : await(task, new[0], clock_mono() + MS(20));
    poke(new[1]);
    w.saw[3] = await(task, new[0], clock_mono() + MS(10000)); /* its bit is set now */
    rt_close(task, new[0]);
    rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, old + 0);
    w.saw[4] = rc ? rc : await(task, old[0], clock_mono() + MS(20));
    rt_close(task, old[0]);
    close(old[1]);
    close(new[1]);
}

static void old_news_do_not_reach_a_new_descriptor(void **state)
{
    (void)state;
    start(reuser, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], -ETIMEDOUT);
    assert_int_equal(w.saw[1], 0); /* the same number */
    assert_int_equal(w.saw[2], -ETIMEDOUT);
    assert_int_equal(w.saw[3], 1);
    assert_int_equal(w.saw[4], -ETIMEDOUT);
}

/* ---- deep sleep, and crowds ---- */

static struct ctask *sleeper_task;

static void sleeper(struct rt_task *task, void *arg)
{
    volatile unsigned char mine[400];

    (void)arg;
    sleeper_task = (struct ctask *)task;
    for (size_t i = 0; i < sizeof mine; i++)
        mine[i] = (unsigned char)(i * 7);
    rt_idle(task, true);
    w.saw[0] = await(task, w.a[0], RT_NEVER);
    for (size_t i = 0; i < sizeof mine; i++)
        w.saw[1] += mine[i] != (unsigned char)(i * 7);
}

static void waker(struct rt_task *task, void *arg)
{
    (void)arg;
    w.saw[2] = coro_is_deep(coro_of_room(sleeper_task));
    rt_sleep(task, clock_mono() + LOOP_DEEP_AFTER + MS(400));
    /* a machine that gave us no time has both due at once */
    for (int i = 0; i < 100 && !SWITCH_ASAN && !coro_is_deep(coro_of_room(sleeper_task)); i++)
        rt_sleep(task, clock_mono() + MS(50));
    w.saw[3] = coro_is_deep(coro_of_room(sleeper_task));
    poke(w.a[1]);
}

static void who_sleeps_deep_wakes_with_all_it_had(void **state)
{
    (void)state;
    start(sleeper, 0);
    start(waker, 0);
    loop_run(w.loop);
    assert_int_equal(w.saw[0], 1);
    assert_int_equal(w.saw[1], 0);
    assert_int_equal(w.saw[2], false);
#if SWITCH_ASAN
    assert_int_equal(w.saw[3], false); /* its shadow of the stack cannot move along */
#else
    assert_int_equal(w.saw[3], true);
#endif
}

static int crowd[TASKS][2];

static void member(struct rt_task *task, void *arg)
{
    int n = *(int *)arg;
    char c;

    w.saw[0] += rt_recv(task, crowd[n][0], -1, &c, 1, RT_NEVER) == 1;
    w.saw[1] += n;
    rt_close(task, crowd[n][0]);
}

static void crier(struct rt_task *task, void *arg)
{
    (void)arg;
    rt_turn(task, -1);
    w.saw[2] = w.saw[0]; /* nobody was served unasked */
    for (int i = 0; i < TASKS - 1; i++)
        poke(crowd[i * 7 % (TASKS - 1)][1]);
}

static void a_crowd_is_served_to_the_last(void **state)
{
    int number = 0;

    (void)state;
    for (int i = 0; i < TASKS - 1; i++) {
        pair(crowd[i]);
        start(member, i);
    }
    start(crier, 0);
    assert_int_equal(loop_start(w.loop, member, &number, sizeof number), -EAGAIN);
    loop_run(w.loop);
    assert_int_equal(w.saw[2], 0);
    assert_int_equal(w.saw[0], TASKS - 1);
    assert_int_equal(w.saw[1], (long)(TASKS - 1) * (TASKS - 2) / 2);
    for (int i = 0; i < TASKS - 1; i++)
        close(crowd[i][1]);
}

/* ---- the rows ---- */

/* ---- a ring ---- */

enum { OURS = 4711 };

/* Entries are no system calls: a filter of those would not see this one. */
static void a_ring_takes_no_entry_of_another_kind(void **state)
{
    struct io_uring *ring = w.loop->ring;
    struct io_uring_sqe *e;
    struct io_uring_cqe *c;
    int said = 1;

    (void)state;
    if (!ring)
        return;
    e = io_uring_get_sqe(ring);
    io_uring_prep_openat(e, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    io_uring_sqe_set_data64(e, OURS);
    assert_true(io_uring_submit_and_wait(ring, 1) >= 1); /* others of the loop's may go with it */
    for (; io_uring_peek_cqe(ring, &c) == 0; io_uring_cqe_seen(ring, c))
        if (c->user_data == OURS)
            said = c->res;
    assert_int_equal(said, -EACCES);
}

#define LOOP_TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

static int on_both_sides(const char *name)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(who_rests_is_roused),
        LOOP_TEST(a_deadline_passes_and_not_early),
        LOOP_TEST(a_wait_whose_bit_is_set_does_not_leave_the_task),
        LOOP_TEST(what_is_to_be_heard_interrupts),
        LOOP_TEST(a_drain_cancels_the_idle),
        LOOP_TEST(now_cancels_all),
        LOOP_TEST(everybody_in_turn),
        LOOP_TEST(a_word_waits_for_one_step),
        LOOP_TEST(who_talks_stops_no_carrier),
        LOOP_TEST(steps_are_short_while_others_talk),
        LOOP_TEST(blocking_work_is_done_elsewhere),
        LOOP_TEST(a_call_does_not_wait_for_another),
        LOOP_TEST(quick_calls_leave_the_loop_when_one_was_slow),
        LOOP_TEST(quick_calls_among_others_may_be_late),
        LOOP_TEST(blocking_work_waits_for_no_computation),
        LOOP_TEST(computations_let_all_others_go_first),
        LOOP_TEST(a_stop_drops_what_is_not_begun),
        LOOP_TEST(a_loop_without_rest_takes_some_for_a_late_computation),
        LOOP_TEST(a_file_of_which_nothing_is_known_arrives),
        LOOP_TEST(files_are_read_and_written),
        LOOP_TEST(old_news_do_not_reach_a_new_descriptor),
        LOOP_TEST(who_sleeps_deep_wakes_with_all_it_had),
        LOOP_TEST(a_crowd_is_served_to_the_last),
        LOOP_TEST(a_ring_takes_no_entry_of_another_kind),
    };

    alarm(LIMIT);
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

static int refused; /* by the kernel */

static void the_refusal_is_one_that_is_told_apart(void **state)
{
    (void)state;
    assert_true(refused == -ENOSYS || refused == -EPERM);
}

static int on_refusal(const char *name)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_refusal_is_one_that_is_told_apart) };

    printf("# %s: this kernel refuses it (%s): only the refusal was tested\n", name, strerror(-refused));
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

static int run(const char *name, const struct loop_ops *row)
{
    const char *guard;

    ops = row;
    refused = loop_check(row, 1, &guard);
    return refused ? on_refusal(name) : on_both_sides(name);
}

/* Which of them: as there is one TAP plan for each program. */
int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        const struct loop_ops *ops;
    } rows[] = { { "epoll", &loop_epoll }, { "uring", &loop_uring } };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (argc == 2 && strcmp(argv[1], rows[i].name) == 0)
            return run(rows[i].name, rows[i].ops);
    fputs("usage: test_loop epoll|uring\n", stderr);
    return 2;
}

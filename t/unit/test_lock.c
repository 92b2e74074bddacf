/* The lock that processes share: it keeps others out, in threads and in processes, and outlives a holder that is killed. */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/lock.h"
#include "sys/proc.h"

enum { TURNS = 20000, WORKERS = 4 };

struct shared {
    struct lock lock;
    volatile unsigned low, high; /* always the same, but for whoever holds the lock */
    volatile unsigned torn, deaths;
};

static struct shared *shared;

static int set_up(void **state)
{
    (void)state;
    shared = proc_shared(sizeof *shared);
    lock_init(&shared->lock);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    proc_unshare(shared, sizeof *shared);
    return 0;
}

static void *count_up(void *arg)
{
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        shared->deaths += lock_take(&shared->lock);
        shared->torn += shared->low != shared->high;
        shared->low++;
        if (i % 50 == 0)
            sched_yield(); /* the others have their chance to come in between */
        shared->high++;
        lock_give(&shared->lock);
    }
    return NULL;
}

static void threads_take_turns(void **state)
{
    pthread_t t[WORKERS];

    (void)state;
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, count_up, NULL), 0);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(shared->low, WORKERS * TURNS);
    assert_int_equal(shared->torn + shared->deaths, 0);
}

/* As two tasks of one event loop would. */
static void one_thread_does_not_get_it_twice(void **state)
{
    (void)state;
    assert_true(lock_try(&shared->lock));
    assert_false(lock_try(&shared->lock));
    lock_give(&shared->lock);
    assert_true(lock_try(&shared->lock));
    lock_give(&shared->lock);
}

static pid_t child(void (*run)(void))
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        run();
        _exit(0);
    }
    return pid;
}

static void count_up_in_a_child(void)
{
    count_up(NULL);
}

static void processes_take_turns(void **state)
{
    pid_t pid[WORKERS];

    (void)state;
    for (int i = 0; i < WORKERS; i++)
        pid[i] = child(count_up_in_a_child);
    for (int i = 0; i < WORKERS; i++)
        waitpid(pid[i], NULL, 0);
    assert_int_equal(shared->low, WORKERS * TURNS);
    assert_int_equal(shared->torn + shared->deaths, 0);
}

static void take_and_die(void)
{
    lock_take(&shared->lock);
    kill(getpid(), SIGKILL);
}

static void a_dead_holder_is_told_of_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        waitpid(child(take_and_die), NULL, 0);
        assert_true(lock_take(&shared->lock));
        lock_give(&shared->lock);
        assert_false(lock_take(&shared->lock));
        lock_give(&shared->lock);
    }
}

/* The child that waits gets it, though nobody ever gave it back; and whoever comes after one that died on hearing so hears
 * it, too. */
static void a_death_in_the_middle_of_mending_is_told_of_again(void **state)
{
    (void)state;
    waitpid(child(take_and_die), NULL, 0);
    waitpid(child(take_and_die), NULL, 0);
    assert_true(lock_take(&shared->lock));
    lock_give(&shared->lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_thread_does_not_get_it_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processes_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dead_holder_is_told_of_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_death_in_the_middle_of_mending_is_told_of_again, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

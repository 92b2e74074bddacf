/* Who a process is, and whether it lives. */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/proc_id.h"

static void the_caller_lives(void **state)
{
    struct proc_id me = proc_self(), nobody = { 0 };

    (void)state;
    assert_int_equal(me.pid, getpid());
    assert_int_not_equal(me.born, 0);
    assert_true(proc_lives(&me));
    assert_false(proc_lives(&nobody));
}

static void whoever_has_the_number_later_is_another_one(void **state)
{
    struct proc_id before = proc_self();

    (void)state;
    before.born--;
    assert_false(proc_lives(&before));
    before.born = 0; /* not known: the number has to do */
    assert_true(proc_lives(&before));
}

static void a_child_is_itself_and_dead_before_it_is_reaped(void **state)
{
    struct proc_id child;
    int to_us[2];
    siginfo_t info;

    (void)state;
    proc_self(); /* what is remembered must not be taken for the child */
    assert_int_equal(pipe(to_us), 0);
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        struct proc_id me = proc_self();

        if (write(to_us[1], &me, sizeof me) == sizeof me)
            sleep(20);
        _exit(1);
    }
    assert_int_equal(read(to_us[0], &child, sizeof child), sizeof child);
    assert_int_not_equal(child.pid, getpid());
    assert_true(proc_lives(&child));
    kill(child.pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(proc_lives(&child));
    waitpid(child.pid, NULL, 0);
    assert_false(proc_lives(&child));
    close(to_us[0]);
    close(to_us[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caller_lives),
        cmocka_unit_test(whoever_has_the_number_later_is_another_one),
        cmocka_unit_test(a_child_is_itself_and_dead_before_it_is_reaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

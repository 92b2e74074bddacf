/* clock: what is written is never older than a look at the clock before it, also where a second begins. */
#include "sys/clock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

enum { SECOND = 1000000000, EDGE = 20 * 1000000 };

/* Each time another one: the kernel looks more closely at the time of a file that somebody has asked about. */
static int64_t written(void)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    struct stat st;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    return st.st_mtime;
}

static void files_are_not_older_than_the_clock(void **state)
{
    int64_t left = SECOND - clock_wall_ns() % SECOND, until = clock_wall_ns() + left + EDGE;

    (void)state;
    if (left > EDGE)
        clock_sleep(left - EDGE);
    while (clock_wall_ns() < until) {
        int64_t before = clock_wall();

        assert_true(written() >= before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(files_are_not_older_than_the_clock) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

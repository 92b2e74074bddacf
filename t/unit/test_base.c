/* check, cleanup and err: the small rest of base/. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "unit.h"

/* Runs CHECK(false) in a child; what it said goes to text. */
static int child_status(char *text, size_t cap)
{
    int ends[2], status = 0;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    n = read(ends[0], text, cap - 1);
    close(ends[0]);
    assert_true(n >= 0);
    text[n] = '\0';
    waitpid(pid, &status, 0);
    return status;
}

static void check_aborts_with_one_line(void **state)
{
    char text[512];
    int status = child_status(text, sizeof text);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "test_base.c:"));
    assert_non_null(strstr(text, "1 + 1 == 3"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    CHECK(1 + 1 == 2);
}

static int tries(int rc)
{
    TRY(rc);
    return 7;
}

static void try_passes_errors_on(void **state)
{
    (void)state;
    assert_int_equal(tries(-ENOENT), -ENOENT);
    assert_int_equal(tries(0), 7);
    assert_int_equal(tries(3), 7);
}

static void close_fd_closes_and_keeps_errno(void **state)
{
    int fd = open("/dev/null", O_RDONLY), copy = fd;

    (void)state;
    assert_true(fd >= 0);
    errno = ENOTEMPTY;
    close_fd(&fd);
    assert_int_equal(errno, ENOTEMPTY);
    assert_int_equal(fd, -1);
    assert_int_equal(fcntl(copy, F_GETFD), -1);
    close_fd(&fd);
    errno = EXDEV;
    close_fd(&copy); /* not open any more: close(2) fails */
    assert_int_equal(errno, EXDEV);
    assert_int_equal(copy, -1);
}

static void free_text_nulls(void **state)
{
    char *text = strdup("x");

    (void)state;
    free_text(&text);
    assert_null(text);
    free_text(&text);
}

static void err_texts(void **state)
{
    (void)state;
    assert_string_equal(err_text(-ENOENT), err_text(ENOENT));
    assert_string_equal(err_text(ENOENT), "no such file or folder");
    assert_string_equal(err_text(999999), "internal error");
    assert_string_equal(err_text(INT_MIN), "internal error");
    assert_string_equal(err_text(INT_MAX), "internal error");
}

static void err_texts_are_plain(void **state)
{
    (void)state;
    for (int e = -200; e <= 200; e++) {
        const char *text = err_text(e);
        size_t n = strlen(text);

        assert_in_range(n, 1, 60);
        assert_true(text[0] >= 'a' && text[0] <= 'z');
        assert_true(text[n - 1] != '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_aborts_with_one_line), cmocka_unit_test(try_passes_errors_on),
        cmocka_unit_test(close_fd_closes_and_keeps_errno), cmocka_unit_test(free_text_nulls),
        cmocka_unit_test(err_texts), cmocka_unit_test(err_texts_are_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The log: one line an event, and no byte of a client's can forge another. */
#include "unit.h"

#include <unistd.h>

#include "obs/log.h"

static char line[4000];

static const char *logged(bool json, struct span path)
{
    int fd[2];
    ssize_t n;

    assert_int_equal(pipe(fd), 0);
    struct log log = { .fd = fd[1], .json = json };
    LOG(&log, "stored", LOG_TEXT("path", path), LOG_NUMBER("bytes", 12));
    n = read(fd[0], line, sizeof line - 1);
    assert_true(n > 0);
    line[n] = '\0';
    close(fd[0]);
    close(fd[1]);
    return line;
}

static void text_lines(void **state)
{
    (void)state;
    assert_non_null(strstr(logged(false, SPAN("/a")), " stored path=/a bytes=12\n"));
    assert_non_null(strstr(logged(false, SPAN("/a b")), " path=\"/a b\" bytes=12\n"));
}

static void json_lines(void **state)
{
    (void)state;
    assert_non_null(strstr(logged(true, SPAN("/a\"b")), "\"event\":\"stored\",\"path\":\"/a\\\"b\",\"bytes\":12}\n"));
}

static void no_line_can_be_forged(void **state)
{
    struct span nasty = SPAN("/x\n2026-01-01T00:00:00Z login user=root\r\x1b[2J");

    (void)state;
    for (int json = 0; json < 2; json++) {
        const char *got = logged(json, nasty);

        assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
        assert_null(strchr(got, '\r'));
        assert_null(strchr(got, '\x1b'));
    }
}

/* An item too long to fit is left out, and the line stays well-formed. */
static void a_long_item_is_left_out(void **state)
{
    static char huge[3000];
    const char *got;

    (void)state;
    memset(huge, 'x', sizeof huge);
    got = logged(true, (struct span){ huge, sizeof huge });
    assert_null(strstr(got, "path"));
    assert_non_null(strstr(got, ",\"bytes\":12}\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_lines),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(no_line_can_be_forged),
        cmocka_unit_test(a_long_item_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

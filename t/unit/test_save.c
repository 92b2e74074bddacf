/* save: the room that a download takes in advance, that what is left of one holds no more than it has, and how much of it is solid. */
#include "sys/save.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "unit.h"

enum { LARGE = 64 << 20, LITTLE = 4096 };

static char top[64];

static int setup(void **state)
{
    (void)state;
    strcpy(top, "/tmp/dray-save-XXXXXX");
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return chdir("/") == 0 ? rmdir(top) : -1;
}

static int64_t bytes_held(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    return (int64_t)st.st_blocks * 512;
}

static struct save begin(int64_t expected)
{
    struct save s = SAVE_NONE;
    int64_t have;

    assert_int_equal(save_open(".", "x", 7, true, false, &s, &have), 0);
    assert_int_equal(have, expected);
    return s;
}

static void what_is_left_holds_what_it_has(void **state)
{
    struct save s = begin(0);
    struct stat st;
    char temp[SAVE_NAME];

    (void)state;
    strcpy(temp, s.temp);
    assert_int_equal(save_reserve(&s, LARGE), 0);
    assert_int_equal(write(s.fd, top, 10), 10);
    save_leave(&s);
    assert_int_equal(stat(temp, &st), 0);
    assert_int_equal(st.st_size, 10);
    assert_true((int64_t)st.st_blocks * 512 <= LITTLE);
    s = begin(10);
    save_drop(&s);
    assert_int_equal(access(temp, F_OK), -1);
}

/* Only where room is taken at all: elsewhere the disk tells when it is full. To find out, nothing of the disk is taken: it would be full
 * for everybody. */
static void what_does_not_fit_is_told_at_once(void **state)
{
    struct save s = begin(0);
    struct statvfs disk;
    int64_t held, after;
    int rc = -ENOSPC, longer = -ENOSPC;

    (void)state;
    assert_int_equal(save_reserve(&s, LARGE), 0);
    held = after = bytes_held(s.fd);
    if (held >= LARGE) {
        assert_int_equal(fstatvfs(s.fd, &disk), 0);
        rc = save_reserve(&s, (int64_t)(disk.f_blocks * disk.f_frsize) + LARGE);
        longer = save_lengthen(&s, 0, (int64_t)(disk.f_blocks * disk.f_frsize) + LARGE);
        after = bytes_held(s.fd);
    }
    save_drop(&s); /* before anything is found wrong */
    assert_true(rc == -ENOSPC || rc == -EFBIG || rc == -EDQUOT);
    assert_int_equal(longer, -ENOSPC);
    assert_int_equal(after, held);
}

/* Not even if somebody has read it all, and an earlier download had reserved it. */
static void what_is_solid_ends_before_the_first_hole(void **state)
{
    enum { PIECE = 4 << 20 };
    struct save s = begin(0);
    char *bytes = calloc(1, PIECE); /* zeros that are written are no hole */
    int64_t solid;

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(save_reserve(&s, LARGE), 0);
    assert_int_equal(save_lengthen(&s, 0, LARGE), 0);
    assert_int_equal(save_solid(&s), 0);
    assert_int_equal(pwrite(s.fd, bytes, PIECE, 0), PIECE);
    assert_int_equal(pwrite(s.fd, bytes, PIECE, LARGE / 2), PIECE);
    solid = save_solid(&s);
    assert_true(solid == 0 || (solid > PIECE / 2 && solid < PIECE)); /* 0: this file system tells no holes */
    for (int64_t at = 0; at < LARGE; at += PIECE)
        assert_int_equal(pread(s.fd, bytes, PIECE, at), PIECE);
    assert_int_equal(save_solid(&s), solid);
    assert_int_equal(save_cut(&s, PIECE), 0);
    assert_int_equal(save_solid(&s), 0);
    save_drop(&s);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_left_holds_what_it_has, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_told_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_solid_ends_before_the_first_hole, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* left: for which files of a folder an earlier download may have left something. */
#include "sys/left.h"

#include <unistd.h>

#include "sys/save.h"
#include "unit.h"

static char top[64];
static char temps[40][SAVE_NAME];

static int setup(void **state)
{
    (void)state;
    strcpy(top, "/tmp/dray-left-XXXXXX");
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return chdir("/") == 0 ? rmdir(top) : -1;
}

/* As a download does that breaks off. */
static void leave(const char *leaf, char temp[SAVE_NAME])
{
    struct save s = SAVE_NONE;
    int64_t have;

    assert_int_equal(save_open(".", leaf, 7, false, false, &s, &have), 0);
    assert_int_equal(write(s.fd, "x", 1), 1);
    strcpy(temp, s.temp);
    save_leave(&s);
}

static void of_an_empty_folder_nothing(void **state)
{
    struct left l = { 0 };

    (void)state;
    assert_int_equal(left_look(&l, "."), 0);
    assert_false(left_for(&l, SPAN("x")));
    left_free(&l);
}

static void of_those_that_broke_off(void **state)
{
    char leaf[16];
    struct left l = { 0 };

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(leaf, sizeof leaf, "f%d", i * 7 % 40);
        leave(leaf, temps[i]);
    }
    assert_int_equal(left_look(&l, "."), 0);
    assert_int_equal(l.count, 40);
    for (int i = 0; i < 40; i++) {
        snprintf(leaf, sizeof leaf, "f%d", i);
        assert_true(left_for(&l, span_of(leaf)));
        unlink(temps[i]);
    }
    assert_false(left_for(&l, SPAN("f")));
    assert_false(left_for(&l, SPAN("f40")));
    assert_false(left_for(&l, SPAN("F1")));
    left_free(&l);
}

static void a_long_name_is_known_by_its_beginning(void **state)
{
    char temp[SAVE_NAME], leaf[251];
    struct left l = { 0 };

    (void)state;
    memset(leaf, 'l', 250);
    leaf[250] = '\0';
    leave(leaf, temp);
    assert_int_equal(left_look(&l, "."), 0);
    assert_true(left_for(&l, span_of(leaf)));
    assert_true(left_for(&l, (struct span){ leaf, SAVE_LEAF }));
    assert_false(left_for(&l, (struct span){ leaf, SAVE_LEAF - 1 }));
    left_free(&l);
    unlink(temp);
}

static void it_is_looked_once(void **state)
{
    char temp[SAVE_NAME];
    struct left l = { 0 };

    (void)state;
    assert_int_equal(left_look(&l, "."), 0);
    leave("x", temp);
    assert_int_equal(left_look(&l, "."), 0);
    assert_false(left_for(&l, SPAN("x")));
    left_free(&l);
    unlink(temp);
}

static void what_cannot_be_read_may_have_anything(void **state)
{
    struct left l = { 0 };

    (void)state;
    assert_true(left_for(&l, SPAN("x")));
    assert_int_equal(left_look(&l, "none"), -ENOENT);
    assert_true(left_for(&l, SPAN("x")));
    left_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_an_empty_folder_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(of_those_that_broke_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_name_is_known_by_its_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_looked_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_may_have_anything, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

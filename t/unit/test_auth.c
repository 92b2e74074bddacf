/* The accounts file while a server runs: what is held stays, what is new is found, and all processes know the same. */
#include "unit.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/auth.h"
#include "sys/edit.h"

static char folder[] = "/tmp/dray-auth-XXXXXX", path[100];
static struct auth auth;
static struct log quiet = { .fd = -1 };

static void write_file(const char *text)
{
    const char *name;
    int dir = edit_folder(path, &name);

    assert_true(dir >= 0);
    assert_int_equal(edit_write(dir, name, span_of(text)), 0);
    close(dir);
}

static int find(const char *name, const struct account **out)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });

    return auth_find(&auth, &task, span_of(name), out);
}

static bool has(const char *name)
{
    const struct account *a = NULL;
    bool found = find(name, &a) == 0;

    account_drop(&a);
    return found;
}

static int begin(void **state)
{
    char text[200];
    struct buf err = BUF(text);

    (void)state;
    memset(&auth, 0, sizeof auth);
    write_file("ann::/users/ann:read,/in=add:sessions=2:hers\n");
    return auth_users(&auth, path, true, &quiet, &err);
}

static int end(void **state)
{
    (void)state;
    auth_free(&auth);
    unlink(path);
    return 0;
}

static void what_is_held_stays(void **state)
{
    const struct account *ann = NULL;

    (void)state;
    assert_int_equal(find("ann", &ann), 0);
    write_file("bob:::::\n");
    assert_true(has("bob") && !has("ann"));
    assert_string_equal(ann->name, "ann");
    assert_string_equal(ann->home, "/users/ann");
    assert_string_equal(ann->notes, "hers");
    assert_int_equal(ann->limits.sessions, 2);
    assert_int_equal(rights_at(&ann->rights, SPAN("/in/x")), RIGHTS_ADD);
    account_drop(&ann);
    assert_null(ann);
}

static void one_mistake_refuses_all(void **state)
{
    static const char *const wrong[] = { "bob:::::\ncarl\n", "bob:::::\nbob:::::\n", "bob:::::\n# a comment\n\n:::::\n" };

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        write_file(wrong[i]);
        assert_true(has("ann") && !has("bob"));
    }
    write_file("bob:::::\n# a comment\n\ncarl:::::");
    assert_true(has("bob") && has("carl") && !has("ann"));
}

/* A worker that never saw the good version: the others tell it. */
static void those_forked_before_know_the_same(void **state)
{
    int go[2], status = 0;
    char byte = 0;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(go), 0);
    child = fork();
    if (child == 0)
        _exit(read(go[0], &byte, 1) == 1 && has("bob") && !has("ann") ? 0 : 1);
    write_file("bob:::::\n");
    assert_true(has("bob"));
    write_file("not in order\n");
    assert_true(has("bob"));
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(go[0]);
    close(go[1]);
}

static void a_file_of_others_is_not_believed(void **state)
{
    (void)state;
    write_file("bob:::::\n");
    assert_int_equal(chmod(path, 0666), 0);
    assert_true(has("ann") && !has("bob"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(has("bob"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_held_stays, begin, end),
        cmocka_unit_test_setup_teardown(one_mistake_refuses_all, begin, end),
        cmocka_unit_test_setup_teardown(those_forked_before_know_the_same, begin, end),
        cmocka_unit_test_setup_teardown(a_file_of_others_is_not_believed, begin, end),
    };
    int rc;

    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/users", folder);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return rc;
}

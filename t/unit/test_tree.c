/* tree: each file once, whatever the shape of the tree; nothing else, and nothing outside. */
#include "sys/tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char top[64];

static int setup(void **state)
{
    (void)state;
    strcpy(top, "/tmp/dray-tree-XXXXXX");
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return chdir("/") == 0 ? nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) : -1;
}

static void make(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

    assert_true(fd >= 0);
    close(fd);
}

/* The number of files below `folder`; each path must open as what its folder and name say. */
static int count(const char *folder, const char *skip)
{
    struct tree *t = NULL;
    struct tree_file f;
    int n = 0, rc;

    assert_int_equal(tree_open(folder, skip, &t), 0);
    while ((rc = tree_next(t, &f)) == 1) {
        struct stat st;

        assert_int_equal(fstatat(f.dir, f.name, &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_true(S_ISREG(st.st_mode));
        assert_string_equal(f.name, strrchr(f.path, '/') ? strrchr(f.path, '/') + 1 : f.path);
        n++;
    }
    assert_int_equal(rc, 0);
    tree_close(&t);
    assert_null(t);
    return n;
}

static void an_empty_folder(void **state)
{
    (void)state;
    assert_int_equal(count(".", ""), 0);
}

static void what_is_no_folder(void **state)
{
    struct tree *t = NULL;

    (void)state;
    make("f");
    assert_int_equal(tree_open("f", "", &t), -ENOTDIR);
    assert_int_equal(tree_open("g", "", &t), -ENOENT);
    assert_null(t);
    tree_close(&t);
}

static void files_and_nothing_else(void **state)
{
    (void)state;
    make("f");
    assert_int_equal(mkdir("d", 0700), 0);
    make("d/g");
    make("d/.h");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("f", "link"), 0);
    assert_int_equal(symlink("..", "d/up"), 0);
    assert_int_equal(symlink("/etc", "out"), 0);
    assert_int_equal(count(".", ""), 3);
}

static void own_names_are_passed_over(void **state)
{
    (void)state;
    make(".own-a");
    assert_int_equal(mkdir(".own-d", 0700), 0);
    make(".own-d/f");
    make(".own");
    make("x.own-b");
    assert_int_equal(count(".", ".own-"), 2);
    assert_int_equal(count(".", ""), 4);
}

/* More entries than a block holds, and among them folders: the walk comes back to where it was. */
static void a_wide_one(void **state)
{
    enum { N = 900 };
    char path[300];

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(path, sizeof path, "%s%d", i % 3 ? "file with a long name, so that a block is full soon " : "d", i);
        if (i % 3) {
            make(path);
            continue;
        }
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof path, "d%d/f", i);
        make(path);
    }
    assert_int_equal(count(".", ""), N);
}

/* Deeper than a process may have descriptors, and than a path may be long. */
static void a_deep_one(void **state)
{
    enum { DEPTH = 900 };
    int here = open(".", O_RDONLY | O_DIRECTORY);
    struct rlimit few = { 64, 64 };

    (void)state;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; i < DEPTH; i++) {
        make("f");
        assert_int_equal(mkdir("deep", 0700), 0);
        assert_int_equal(chdir("deep"), 0);
    }
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_int_equal(count(".", ""), DEPTH);
    for (int i = 0; i < DEPTH; i++) /* nftw would need descriptors */
        assert_int_equal(chdir("deep"), 0);
    for (int i = 0; i < DEPTH; i++) {
        assert_int_equal(chdir(".."), 0);
        assert_int_equal(rmdir("deep"), 0);
        assert_int_equal(unlink("f"), 0);
    }
}

/* Also as root, whom permissions do not stop. */
static void what_cannot_be_opened(void **state)
{
    struct tree *t = NULL;
    struct tree_file f;
    int files = 0, failures = 0, rc;
    uid_t me = geteuid();

    (void)state;
    make("a");
    make("z");
    assert_int_equal(mkdir("d", 0), 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(tree_open(".", "", &t), 0);
    assert_int_equal(me == 0 ? seteuid(65534) : 0, 0);
    while ((rc = tree_next(t, &f)) != 0) {
        files += rc > 0;
        failures += rc == -EACCES && strcmp(f.path, "d/") == 0;
    }
    assert_int_equal(seteuid(me), 0);
    tree_close(&t);
    assert_int_equal(files, 2);
    assert_int_equal(failures, 1);
    assert_int_equal(chmod("d", 0700), 0);
}

static void a_folder_that_is_moved_meanwhile(void **state)
{
    struct tree *t = NULL;
    struct tree_file f;

    (void)state;
    assert_int_equal(mkdir("a", 0700), 0);
    assert_int_equal(mkdir("a/b", 0700), 0);
    assert_int_equal(mkdir("elsewhere", 0700), 0);
    make("a/b/f");
    assert_int_equal(tree_open("a", "", &t), 0);
    assert_int_equal(tree_next(t, &f), 1);
    assert_string_equal(f.path, "b/f");
    assert_int_equal(rename("a/b", "elsewhere/b"), 0);
    assert_int_equal(tree_next(t, &f), -ESTALE);
    tree_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(files_and_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(own_names_are_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wide_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_deep_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_moved_meanwhile, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

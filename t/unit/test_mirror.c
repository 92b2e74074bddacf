/* mirror: what is removed, what stays, and that no link on the way leads out. */
#include "sys/mirror.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char top[64];
static unsigned gone;

static int setup(void **state)
{
    (void)state;
    gone = 0;
    strcpy(top, "/tmp/dray-mirror-XXXXXX");
    return mkdtemp(top) && chdir(top) == 0 && mkdir("root", 0700) == 0 && mkdir("outside", 0700) == 0 ? 0 : -1;
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

static bool keeps(void *arg, const char *path, bool folder)
{
    return arg && !folder && strcmp(path, arg) == 0;
}

static void count(void *arg, const char *path, bool folder)
{
    (void)arg;
    (void)path;
    (void)folder;
    gone++;
}

static int removes(const char *what, char *kept, bool dry)
{
    static char path[4096];
    const struct mirror_hand hand = { .dry = dry, .keep = keeps, .gone = count, .arg = kept };

    snprintf(path, sizeof path, "%s", what);
    return mirror_remove("root", path, sizeof path, &hand);
}

static void no_link_leads_out(void **state)
{
    (void)state;
    make("outside/precious");
    assert_int_equal(symlink("../outside", "root/link"), 0);
    assert_int_equal(mkdir("root/old", 0700), 0);
    assert_int_equal(symlink("../../outside", "root/old/link"), 0);
    assert_true(removes("link/precious", NULL, false) < 0); /* as when a folder was replaced since it was listed */
    assert_int_equal(removes("old", NULL, false), 0);
    assert_int_equal(removes("link", NULL, false), 0);
    assert_int_equal(access("outside/precious", F_OK), 0);
    assert_int_equal(rmdir("root"), 0);
    assert_int_equal(gone, 3);
    assert_int_equal(mkdir("root", 0700), 0);
}

static void what_is_kept_keeps_its_folders(void **state)
{
    char kept[] = "a/b/stays";

    (void)state;
    assert_int_equal(mkdir("root/a", 0700) | mkdir("root/a/b", 0700) | mkdir("root/a/c", 0700), 0);
    make("root/a/b/stays");
    make("root/a/b/goes");
    make("root/a/c/goes");
    assert_int_equal(removes("a", kept, true), 1);
    assert_int_equal(gone, 3);
    assert_int_equal(access("root/a/b/goes", F_OK), 0);
    assert_int_equal(removes("a", kept, false), 1);
    assert_int_equal(gone, 6);
    assert_int_equal(access("root/a/b/stays", F_OK), 0);
    assert_int_equal(access("root/a/c", F_OK), -1);
    assert_int_equal(removes("a", NULL, false), 0);
    assert_int_equal(access("root/a", F_OK), -1);
    assert_int_equal(removes("a", NULL, false), 0); /* gone already: as good */
}

static void too_deep_is_told(void **state)
{
    (void)state;
    assert_int_equal(chdir("root"), 0);
    for (unsigned i = 0; i < MIRROR_DEPTH + 3; i++) {
        assert_int_equal(mkdir("d", 0700), 0);
        assert_int_equal(chdir("d"), 0);
    }
    assert_int_equal(chdir(top), 0);
    assert_int_equal(removes("d", NULL, false), -ELOOP);
    assert_int_equal(gone, 0);
}

static bool note_kind(void *arg, const struct mirror_entry *e)
{
    char *kinds = arg;

    kinds[*e->name - 'a'] = e->folder ? 'd' : e->other ? 'o' : 'f';
    return true;
}

static void links_count_as_files_only(void **state)
{
    char kinds[7] = "";

    (void)state;
    make("root/a");
    assert_int_equal(mkdir("root/b", 0700), 0);
    assert_int_equal(symlink("a", "root/c") | symlink("b", "root/d") | symlink("nowhere", "root/e") | mkfifo("root/f", 0600), 0);
    assert_int_equal(mirror_each("root", note_kind, kinds), 0);
    assert_string_equal(kinds, "fdfooo");
    assert_int_equal(mirror_each("nowhere", note_kind, kinds), -ENOENT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_link_leads_out, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_kept_keeps_its_folders, setup, teardown),
        cmocka_unit_test_setup_teardown(too_deep_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(links_count_as_files_only, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The local store, on a folder of its own: what every store promises, and what is its own: nothing else on the disk, links, and
 * paths that try to leave. */
#include "any_local.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Every file below the folder, hidden or not, as the file system sees it. */
static int files_on_disk(void)
{
    char command[120];
    FILE *p;
    int n = 0;

    snprintf(command, sizeof command, "find %s -type f | wc -l", dir);
    p = popen(command, "r");
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

static void nothing_but_what_was_committed_is_on_the_disk(void **state)
{
    struct file *f;

    (void)state;
    assert_int_equal(store_create(&any, &(struct store_upload){ .path = "/new", .how = STORE_PUT }, &f), 0);
    assert_int_equal(file_write(f, "half", 4), 0);
    assert_int_equal(files_on_disk(), 0);
    file_close(&f);
    assert_int_equal(files_on_disk(), 0);
    assert_int_equal(any_store("/new", "whole"), 0);
    assert_int_equal(files_on_disk(), 1);
    assert_int_equal(any_store("/new", "again"), 0);
    assert_int_equal(files_on_disk(), 1);
}

static void in_dir(const char *name, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s", dir, name);
}

static void a_fifo_does_not_notice_and_nobody_waits_for_it(void **state)
{
    CLEANUP(close_fd) int opens = inotify_init1(IN_NONBLOCK);
    struct inotify_event e;
    char path[100];
    struct file *f;

    (void)state;
    in_dir("fifo", path, sizeof path);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_true(inotify_add_watch(opens, path, IN_OPEN) >= 0);
    assert_int_equal(store_open(&any, "/fifo", &f), -ENOENT);
    assert_int_equal(any_store("/fifo", "x"), -EPERM);
    assert_int_equal(read(opens, &e, sizeof e), -1);
    /* one that takes the place of a file */
    assert_int_equal(any_store("/was", "x"), 0);
    assert_int_equal(store_open(&any, "/was", &f), 0);
    file_close(&f);
    in_dir("was", path, sizeof path);
    unlink(path);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_true(inotify_add_watch(opens, path, IN_OPEN) >= 0);
    assert_int_equal(store_open(&any, "/was", &f), -ENOENT);
    assert_int_equal(read(opens, &e, sizeof e), -1);
}

/* Names that lead out, or stand for something that is neither file nor folder, are not there. */
static void nothing_outside_is_reachable(void **state)
{
    static const struct {
        const char *name, *target;
    } links[] = { { "abs", "/etc/passwd" }, { "rel", "../../etc/passwd" }, { "up", ".." }, { "loop", "loop" },
                  { "sub", "/" }, { "dangling", "nowhere" }, { "self", "/proc/self/root" } };
    char path[100];
    struct store_stat stat;
    struct file *f;

    (void)state;
    for (size_t i = 0; i < COUNT(links); i++) {
        char virtual[40];

        in_dir(links[i].name, path, sizeof path);
        assert_int_equal(symlink(links[i].target, path), 0);
        snprintf(virtual, sizeof virtual, "/%s", links[i].name);
        same_int("stat", i, store_stat(&any, virtual, &stat), -ENOENT);
        same_int("open", i, store_open(&any, virtual, &f), -ENOENT);
        same_int("put", i, any_store( virtual, "x"), -EPERM);
        same_int("rm", i, store_change(&any, &(struct store_change){ .verb = STORE_RM, .path = virtual }), -EPERM);
        unlink(path);
    }
    assert_int_equal(store_stat(&any, "/sub/etc/passwd", &stat), -ENOENT);
}

static void links_inside_are_followed(void **state)
{
    char path[100];

    (void)state;
    any_store( "/target", "t");
    in_dir("inside", path, sizeof path);
    assert_int_equal(symlink("target", path), 0);
    any_is("/inside", "t");
}

static int count(const char *path, bool stats)
{
    CLEANUP(dir_close) struct dir *d = NULL;
    const struct dir_entry *e;
    int n = 0;

    assert_int_equal(store_list(&any, path, stats, &d), 0);
    while (dir_next(d, &e) > 0) {
        assert_true(e->stat.kind == STORE_FILE || e->stat.kind == STORE_DIR);
        assert_true(e->name.len && e->name.at[0] != '.');
        n++;
    }
    return n;
}

static void listings_show_files_and_folders_only(void **state)
{
    char name[40], path[120];

    (void)state;
    store_change(&any, &(struct store_change){ .verb = STORE_MKDIR, .path = "/list" });
    any_put("/target", "t");
    assert_int_equal(count("/list", true), 0);
    for (int i = 0; i < 3000; i++) { /* several blocks of entries */
        snprintf(name, sizeof name, "/list/file-with-a-longer-name-%d", i);
        assert_int_equal(any_store( name, ""), 0);
    }
    in_dir("list/fifo", path, sizeof path);
    mkfifo(path, 0666);
    in_dir("list/out", path, sizeof path);
    assert_int_equal(symlink("/etc", path), 0);
    in_dir("list/in", path, sizeof path);
    assert_int_equal(symlink("../target", path), 0);
    assert_int_equal(count("/list", true), 3001);
    assert_int_equal(count("/list", false), 3001);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ANY_OPS(ANY_TEST)
        ANY_FRONT(ANY_TEST)
        ANY_TEST(nothing_but_what_was_committed_is_on_the_disk)
        ANY_TEST(a_fifo_does_not_notice_and_nobody_waits_for_it)
        ANY_TEST(nothing_outside_is_reachable)
        ANY_TEST(links_inside_are_followed)
        ANY_TEST(listings_show_files_and_folders_only)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The local store, on a folder of its own: rights, what is shown, the commit path, and paths that try to leave. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/storage.h"

enum { ALL = RIGHT_READ | RIGHT_ADD | RIGHT_WRITE };

static struct rt_task task;
static struct storage storage;
static char dir[] = "/tmp/dray-store-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    task = rt_block_task((struct rt_stop){ -1, -1 });
    return mkdtemp(dir) && store_local_open(dir, false, &storage) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[100];

    (void)state;
    close(storage.root);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static struct store as(unsigned rights)
{
    return store_bind(&storage, &task, "ann", rights);
}

static int put_how(struct store *st, const char *path, enum store_how how, int64_t keep, const char *text)
{
    CLEANUP(file_close) struct file *f = NULL;

    TRY(store_create(st, &(struct store_upload){ .path = path, .how = how, .keep = keep }, &f));
    TRY(file_write(f, text, strlen(text)));
    return file_commit(f);
}

static int put(struct store *st, const char *path, const char *text)
{
    return put_how(st, path, STORE_PUT, 0, text);
}

static void expect_content(const char *path, const char *want)
{
    struct store st = as(RIGHT_READ);
    CLEANUP(file_close) struct file *f = NULL;
    char got[200];
    ssize_t n;

    assert_int_equal(store_open(&st, path, &f), 0);
    n = file_read(f, got, sizeof got, 0);
    assert_int_equal(n, file_size(f));
    same_text(path, 0, (struct span){ got, (size_t)n }, want);
}

/* Everything in the folder, hidden or not, as the file system sees it. */
static int entries_on_disk(void)
{
    char command[120];
    FILE *p;
    int n = 0;

    snprintf(command, sizeof command, "ls -A %s | wc -l", dir);
    p = popen(command, "r");
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

static void an_upload_exists_only_after_its_commit(void **state)
{
    struct store st = as(ALL);
    struct file *f;
    struct store_stat stat;
    int before = entries_on_disk();

    (void)state;
    assert_int_equal(store_create(&st, &(struct store_upload){ .path = "/new", .how = STORE_PUT }, &f), 0);
    assert_int_equal(file_write(f, "half", 4), 0);
    assert_int_equal(store_stat(&st, "/new", &stat), -ENOENT);
    file_close(&f);
    assert_int_equal(store_stat(&st, "/new", &stat), -ENOENT);
    assert_int_equal(entries_on_disk(), before);
    assert_int_equal(put(&st, "/new", "whole"), 0);
    expect_content("/new", "whole");
}

static void an_overwrite_is_old_or_new(void **state)
{
    struct store st = as(ALL);
    struct file *f, *reader;
    char got[8];

    (void)state;
    put(&st, "/o", "old");
    assert_int_equal(store_open(&st, "/o", &reader), 0);
    assert_int_equal(store_create(&st, &(struct store_upload){ .path = "/o", .how = STORE_PUT }, &f), 0);
    assert_int_equal(file_write(f, "newer", 5), 0);
    expect_content("/o", "old");
    assert_int_equal(file_commit(f), 0);
    file_close(&f);
    expect_content("/o", "newer");
    assert_int_equal(file_read(reader, got, sizeof got, 0), 3); /* who began with the old version ends with it */
    file_close(&reader);
}

static void rest_keeps_a_prefix(void **state)
{
    struct store st = as(ALL);

    (void)state;
    put(&st, "/r", "0123456789");
    assert_int_equal(put_how(&st, "/r", STORE_PUT, 4, "abc"), 0);
    expect_content("/r", "0123abc");
    assert_int_equal(put_how(&st, "/r", STORE_PUT, 8, "x"), -ERANGE);
    assert_int_equal(put_how(&st, "/none", STORE_PUT, 1, "x"), -ERANGE);
    expect_content("/r", "0123abc");
}

static void appends_add_up(void **state)
{
    struct store st = as(ALL);
    struct file *a, *b;

    (void)state;
    assert_int_equal(store_create(&st, &(struct store_upload){ .path = "/a", .how = STORE_APPEND }, &a), 0);
    assert_int_equal(store_create(&st, &(struct store_upload){ .path = "/a", .how = STORE_APPEND }, &b), 0);
    file_write(b, "second", 6);
    file_write(a, "first", 5);
    assert_int_equal(file_commit(a), 0);
    expect_content("/a", "first");
    assert_int_equal(file_commit(b), 0);
    expect_content("/a", "firstsecond");
    file_close(&a);
    file_close(&b);
}

static void whoever_may_only_add_destroys_nothing(void **state)
{
    struct store all = as(ALL), add = as(RIGHT_READ | RIGHT_ADD);
    struct file *f;

    (void)state;
    put(&all, "/mine", "precious");
    assert_int_equal(put(&add, "/mine", "x"), -EEXIST);
    assert_int_equal(put_how(&add, "/mine", STORE_APPEND, 0, "x"), -EEXIST);
    assert_int_equal(put_how(&add, "/mine", STORE_PUT, 3, "x"), -EEXIST);
    assert_int_equal(store_change(&add, &(struct store_change){ .verb = STORE_RM, .path = "/mine" }), -EACCES);
    assert_int_equal(store_change(&add, &(struct store_change){ .verb = STORE_MV, .path = "/mine", .to = "/x" }), -EACCES);
    /* two who add the same new name: the second one loses, at the commit */
    assert_int_equal(store_create(&add, &(struct store_upload){ .path = "/race", .how = STORE_PUT }, &f), 0);
    assert_int_equal(put(&add, "/race", "first"), 0);
    assert_int_equal(file_commit(f), -EEXIST);
    file_close(&f);
    expect_content("/race", "first");
    expect_content("/mine", "precious");
}

static void whoever_may_only_read_brings_nothing(void **state)
{
    struct store read = as(RIGHT_READ), none = as(0);
    struct file *f;
    struct dir *d;

    (void)state;
    assert_int_equal(put(&read, "/n", "x"), -EACCES);
    assert_int_equal(store_change(&read, &(struct store_change){ .verb = STORE_MKDIR, .path = "/d" }), -EACCES);
    assert_int_equal(store_open(&none, "/mine", &f), -EACCES);
    assert_int_equal(store_list(&none, "/", false, &d), -EACCES);
}

static void in_dir(const char *name, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s", dir, name);
}

/* Names that lead out, or stand for something that is neither file nor folder, are not there. */
static void nothing_outside_is_reachable(void **state)
{
    static const struct {
        const char *name, *target;
    } links[] = { { "abs", "/etc/passwd" }, { "rel", "../../etc/passwd" }, { "up", ".." }, { "loop", "loop" },
                  { "sub", "/" }, { "dangling", "nowhere" }, { "self", "/proc/self/root" } };
    struct store st = as(ALL);
    char path[100];
    struct store_stat stat;
    struct file *f;

    (void)state;
    in_dir("fifo", path, sizeof path);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(store_open(&st, "/fifo", &f), -ENOENT);
    assert_int_equal(put(&st, "/fifo", "x"), -EPERM);
    for (size_t i = 0; i < COUNT(links); i++) {
        char virtual[40];

        in_dir(links[i].name, path, sizeof path);
        assert_int_equal(symlink(links[i].target, path), 0);
        snprintf(virtual, sizeof virtual, "/%s", links[i].name);
        same_int("stat", i, store_stat(&st, virtual, &stat), -ENOENT);
        same_int("open", i, store_open(&st, virtual, &f), -ENOENT);
        same_int("put", i, put(&st, virtual, "x"), -EPERM);
        same_int("rm", i, store_change(&st, &(struct store_change){ .verb = STORE_RM, .path = virtual }), -EPERM);
        unlink(path);
    }
    assert_int_equal(store_stat(&st, "/sub/etc/passwd", &stat), -ENOENT);
}

static void links_inside_are_followed(void **state)
{
    struct store st = as(ALL);
    char path[100];

    (void)state;
    put(&st, "/target", "t");
    in_dir("inside", path, sizeof path);
    assert_int_equal(symlink("target", path), 0);
    expect_content("/inside", "t");
}

static void hidden_names_do_not_exist(void **state)
{
    struct store st = as(ALL);
    char path[100];
    struct store_stat stat;
    int fd;

    (void)state;
    in_dir(".secret", path, sizeof path);
    fd = open(path, O_CREAT | O_WRONLY, 0666);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_stat(&st, "/.secret", &stat), -ENOENT);
    assert_int_equal(put(&st, "/.new", "x"), -EPERM);
    assert_int_equal(put(&st, "/.dray-0", "x"), -EPERM);
    storage.hidden = true;
    assert_int_equal(store_stat(&st, "/.secret", &stat), 0);
    assert_int_equal(put(&st, "/.dray-0", "x"), -EPERM);
    storage.hidden = false;
}

static int count(struct store *st, const char *path, bool stats)
{
    CLEANUP(dir_close) struct dir *d = NULL;
    const struct dir_entry *e;
    int n = 0;

    assert_int_equal(store_list(st, path, stats, &d), 0);
    while (dir_next(d, &e) > 0) {
        assert_true(e->stat.kind == STORE_FILE || e->stat.kind == STORE_DIR);
        assert_true(e->name.len && e->name.at[0] != '.');
        n++;
    }
    return n;
}

static void listings_show_files_and_folders_only(void **state)
{
    struct store st = as(ALL);
    char name[40], path[120];

    (void)state;
    store_change(&st, &(struct store_change){ .verb = STORE_MKDIR, .path = "/list" });
    assert_int_equal(count(&st, "/list", true), 0);
    for (int i = 0; i < 3000; i++) { /* several blocks of entries */
        snprintf(name, sizeof name, "/list/file-with-a-longer-name-%d", i);
        assert_int_equal(put(&st, name, ""), 0);
    }
    in_dir("list/fifo", path, sizeof path);
    mkfifo(path, 0666);
    in_dir("list/out", path, sizeof path);
    assert_int_equal(symlink("/etc", path), 0);
    in_dir("list/in", path, sizeof path);
    assert_int_equal(symlink("../target", path), 0);
    assert_int_equal(count(&st, "/list", true), 3001);
    assert_int_equal(count(&st, "/list", false), 3001);
}

static void changes(void **state)
{
    struct store st = as(ALL);
    struct store_stat stat;

    (void)state;
#define CHANGE(...) store_change(&st, &(struct store_change){ __VA_ARGS__ })
    put(&st, "/f", "f");
    put(&st, "/g", "g");
    assert_int_equal(CHANGE(.verb = STORE_MKDIR, .path = "/d"), 0);
    assert_int_equal(CHANGE(.verb = STORE_MKDIR, .path = "/d"), -EEXIST);
    assert_int_equal(CHANGE(.verb = STORE_MV, .path = "/f", .to = "/d"), -EISDIR);
    assert_int_equal(CHANGE(.verb = STORE_MV, .path = "/d", .to = "/f"), -ENOTDIR);
    assert_int_equal(CHANGE(.verb = STORE_MV, .path = "/f", .to = "/d/f"), 0);
    assert_int_equal(CHANGE(.verb = STORE_RMDIR, .path = "/d"), -ENOTEMPTY);
    assert_int_equal(CHANGE(.verb = STORE_RM, .path = "/d"), -EISDIR);
    assert_int_equal(CHANGE(.verb = STORE_MV, .path = "/d/f", .to = "/g"), 0);
    expect_content("/g", "f");
    assert_int_equal(CHANGE(.verb = STORE_RMDIR, .path = "/g"), -ENOTDIR);
    assert_int_equal(CHANGE(.verb = STORE_RMDIR, .path = "/d"), 0);
    assert_int_equal(CHANGE(.verb = STORE_RMDIR, .path = "/"), -EBUSY);
    assert_int_equal(CHANGE(.verb = STORE_MTIME, .path = "/g", .mtime = 86400), 0);
    assert_int_equal(CHANGE(.verb = STORE_MODE, .path = "/g", .mode = 0640), 0);
    assert_int_equal(store_stat(&st, "/g", &stat), 0);
    assert_int_equal(stat.mtime, 86400);
    assert_int_equal(stat.mode, 0640);
    assert_int_equal(CHANGE(.verb = STORE_RM, .path = "/g"), 0);
    assert_int_equal(CHANGE(.verb = STORE_RM, .path = "/g"), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_exists_only_after_its_commit), cmocka_unit_test(an_overwrite_is_old_or_new),
        cmocka_unit_test(rest_keeps_a_prefix),                    cmocka_unit_test(appends_add_up),
        cmocka_unit_test(whoever_may_only_add_destroys_nothing),  cmocka_unit_test(whoever_may_only_read_brings_nothing),
        cmocka_unit_test(nothing_outside_is_reachable),           cmocka_unit_test(links_inside_are_followed),
        cmocka_unit_test(hidden_names_do_not_exist),              cmocka_unit_test(listings_show_files_and_folders_only),
        cmocka_unit_test(changes),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

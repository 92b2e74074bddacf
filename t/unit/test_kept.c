/* Files that are kept open (store/folder_kept.c): when one is opened and when it is not, that nothing is stale, and that none stays.
 * inotify tells of every opening. */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "any_local.h"
#include "base/cleanup.h"
#include "rt/rt_ops.h"
#include "store/access.h"
#include "store/folder.h"
#include "sys/clock.h"

static int64_t later; /* seconds by which the store's clock is ahead */

int64_t __real_clock_wall(void);
int64_t __wrap_clock_wall(void);

int64_t __wrap_clock_wall(void)
{
    return __real_clock_wall() + later;
}

static bool (*tended)(bool all);

static bool tend(struct rt_task *task, bool (*fn)(bool all))
{
    (void)task;
    tended = fn;
    return true;
}

static struct rt_ops tending;
static int opens;

/* A runtime that looks after what is kept, and an hour that has passed since files were made. */
static int set_up(void **state)
{
    TRY(any_set_up(state));
    if (!any.storage->quick)
        return -1;
    tending = rt_block;
    tending.tend = tend;
    any.task->ops = &tending;
    later = 3600;
    opens = inotify_init1(IN_NONBLOCK);
    return opens < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    folder_give_up(true);
    close(opens);
    return any_tear_down(state);
}

static const char *real(const char *path)
{
    static char out[2][120];
    static unsigned turn;

    turn ^= 1;
    snprintf(out[turn], sizeof out[turn], "%s%s", dir, path);
    return out[turn];
}

static void watch(const char *path)
{
    assert_true(inotify_add_watch(opens, real(path), IN_OPEN) >= 0);
}

/* Openings since the last question; the same one twice is told once. */
static int opened(void)
{
    struct inotify_event e;
    int n = 0;

    while (read(opens, &e, sizeof e) == sizeof e)
        n++;
    return n;
}

/* Openings while it is read, and read again. */
static int opened_by(const char *path, const char *text)
{
    int n;

    any_is(path, text);
    n = opened();
    any_is(path, text);
    return n + opened();
}

static void write_in_place(const char *path, const char *text)
{
    CLEANUP(close_fd) int fd = open(real(path), O_WRONLY | O_TRUNC);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Asked first, and then read. */
static void is_now(const char *path, const char *text)
{
    struct store_stat st;

    assert_int_equal(store_stat(&any, path, &st), 0);
    assert_int_equal(st.size, strlen(text));
    any_is(path, text);
}

/* A file that is kept open. */
static void keep(const char *path, const char *text)
{
    assert_int_equal(any_put(path, text), 0);
    any_is(path, text);
}

static int open_files(void)
{
    int n = 0;

    for (int fd = 3; fd < 200; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void what_is_read_again_is_opened_once(void **state)
{
    /* following it would have to be noted there, which the cache alone cannot */
    struct timespec ahead[2] = { { .tv_sec = clock_wall() }, { .tv_nsec = UTIME_OMIT } };

    (void)state;
    any_folder("/d");
    any_put("/a", "one");
    any_put("/d/b", "two");
    assert_int_equal(symlink("d/b", real("/link")), 0);
    assert_int_equal(utimensat(AT_FDCWD, real("/link"), ahead, AT_SYMLINK_NOFOLLOW), 0);
    watch("/a");
    watch("/d/b");
    assert_int_equal(opened_by("/a", "one"), 1);
    assert_int_equal(opened_by("/d/b", "two"), 1);
    assert_int_equal(opened_by("/link", "two"), 1);
    assert_int_equal(opened_by("/a", "one"), 0);
    is_now("/a", "one");
    assert_int_equal(opened(), 0);
}

static void readers_at_once_have_one_each(void **state)
{
    CLEANUP(file_close) struct file *f = NULL;

    (void)state;
    keep("/a", "one");
    watch("/a");
    assert_int_equal(store_open(&any, "/a", &f), 0);
    any_is("/a", "one");
    any_holds(f, "one");
    assert_int_equal(opened(), 1);
}

static void nothing_is_kept_where_nobody_looks_after_it(void **state)
{
    (void)state;
    any.task->ops = &rt_block;
    any_put("/a", "one");
    watch("/a");
    assert_int_equal(opened_by("/a", "one"), 2);
}

static void what_has_just_changed_is_not_kept(void **state)
{
    (void)state;
    later = 0;
    any_put("/a", "one");
    watch("/a");
    assert_int_equal(opened_by("/a", "one"), 2);
}

static void below_a_home_nothing_is_kept(void **state)
{
    (void)state;
    any_folder("/h");
    keep("/a", "outside");
    any_put("/h/a", "at home");
    watch("/a");
    watch("/h/a");
    assert_int_equal(store_enter(&any, "/h"), 0);
    assert_int_equal(opened_by("/a", "at home"), 2);
    store_leave(&any);
    assert_int_equal(opened_by("/a", "outside"), 0); /* nobody took it, and nothing of the same name was put before it */
}

static void every_change_is_seen_at_once(void **state)
{
    CLEANUP(file_close) struct file *f = NULL;
    struct store_stat st;

    (void)state;
    keep("/a", "one");
    keep("/b", "two");
    assert_int_equal(rename(real("/b"), real("/a")), 0);
    is_now("/a", "two");
    write_in_place("/a", "three");
    is_now("/a", "three");
    write_in_place("/a", "four!");
    is_now("/a", "four!");
    assert_int_equal(truncate(real("/a"), 2), 0);
    is_now("/a", "fo");
    assert_int_equal(chmod(real("/a"), 0), 0);
    assert_int_equal(store_open(&any, "/a", &f), geteuid() ? -EACCES : 0);
    assert_int_equal(f ? file_stat(f)->mode : 0, 0);
    unlink(real("/a"));
    assert_int_equal(store_stat(&any, "/a", &st), -ENOENT);
    assert_int_equal(store_open(&any, "/a", &f), -ENOENT);
}

/* The same inode all the time: what is reached through a link that leads out is not there all the same. */
static void what_has_moved_out_is_not_there(void **state)
{
    char out[] = "/tmp/dray-out-XXXXXX", away[100];
    struct file *f;

    (void)state;
    assert_non_null(mkdtemp(out));
    any_folder("/d");
    keep("/d/a", "one");
    keep("/b", "two");
    snprintf(away, sizeof away, "%s/d", out);
    assert_int_equal(rename(real("/d"), away), 0);
    assert_int_equal(symlink(away, real("/d")), 0);
    assert_int_equal(store_open(&any, "/d/a", &f), -ENOENT);
    snprintf(away, sizeof away, "%s/b", out);
    assert_int_equal(rename(real("/b"), away), 0);
    assert_int_equal(symlink(away, real("/b")), 0);
    assert_int_equal(store_open(&any, "/b", &f), -ENOENT);
    snprintf(away, sizeof away, "rm -r %s", out);
    assert_int_equal(system(away), 0);
}

static void a_fifo_in_its_place_does_not_notice(void **state)
{
    struct file *f;

    (void)state;
    any_folder("/d");
    keep("/a", "one");
    keep("/d/a", "one");
    unlink(real("/a"));
    unlink(real("/d/a"));
    assert_int_equal(mkfifo(real("/a"), 0666) | mkfifo(real("/d/a"), 0666), 0);
    watch("/a");
    watch("/d/a");
    assert_int_equal(store_open(&any, "/a", &f), -ENOENT);
    assert_int_equal(store_open(&any, "/d/a", &f), -ENOENT);
    assert_int_equal(opened(), 0);
}

static unsigned sums_of(const char *path)
{
    CLEANUP(file_close) struct file *f = NULL;
    struct sums sums;

    assert_int_equal(store_open(&any, path, &f), 0);
    assert_int_equal(file_sums(f, &sums), 0);
    return sums.has;
}

static void marks_hold_for_the_version_that_is_there(void **state)
{
    (void)state;
    assert_int_equal(any_store("/a", "one"), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sums_of("/a"), SUM_BIT(SUM_CRC32));
    write_in_place("/a", "two");
    assert_int_equal(sums_of("/a"), 0);
    assert_int_equal(any_store("/a", "one"), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sums_of("/a"), SUM_BIT(SUM_CRC32));
    assert_int_equal(removexattr(real("/a"), "user.dray"), 0);
    assert_int_equal(sums_of("/a"), 0);
}

/* What was known when it was opened is no answer to who computes sums for long and then asks. */
static void who_asks_again_asks_the_file(void **state)
{
    CLEANUP(file_close) struct file *f = NULL;
    struct sums sums;

    (void)state;
    assert_int_equal(any_store("/a", "one"), 0);
    assert_int_equal(sums_of("/a"), SUM_BIT(SUM_CRC32));
    assert_int_equal(store_open(&any, "/a", &f), 0);
    assert_int_equal(file_sums(f, &sums), 0);
    assert_int_equal(removexattr(real("/a"), "user.dray"), 0);
    assert_int_equal(file_sums(f, &sums), 0);
    assert_int_equal(sums.has, 0);
}

static void what_is_noted_is_known_to_the_next_reader(void **state)
{
    struct sums sums = { .has = SUM_BIT(SUM_MD5) };
    struct file *f;

    (void)state;
    keep("/a", "one");
    assert_int_equal(sums_of("/a"), 0);
    assert_int_equal(store_open(&any, "/a", &f), 0);
    assert_int_equal(file_note(f, &sums), 0);
    file_close(&f);
    assert_int_equal(sums_of("/a"), SUM_BIT(SUM_MD5));
}

static void what_nobody_reads_is_closed(void **state)
{
    int before = open_files(), turns = 1;

    (void)state;
    keep("/a", "one");
    for (int i = 0; i < 10; i++) {
        any_is("/a", "one");
        assert_true(tended(false));
    }
    assert_int_equal(open_files(), before + 1);
    while (turns < 100 && tended(false))
        turns++;
    assert_in_range(turns, 3, 5);
    assert_int_equal(open_files(), before);
    any_is("/a", "one");
    assert_false(tended(true));
    assert_int_equal(open_files(), before);
}

static void only_a_few_are_kept_and_those_read_last(void **state)
{
    int before = open_files();
    char path[20];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof path, "/%d", i);
        keep(path, path);
        any_is("/0", "/0");
    }
    assert_in_range(open_files() - before, 2, 40);
    watch("/0");
    watch("/1");
    watch("/99");
    any_is("/0", "/0");
    any_is("/99", "/99");
    assert_int_equal(opened(), 0);
    any_is("/1", "/1");
    assert_int_equal(opened(), 1);
}

static void they_make_room_when_descriptors_run_out(void **state)
{
    struct rlimit was, few;
    struct file *f;
    int rc;

    (void)state;
    any_put("/b", "two");
    keep("/a", "one");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    few = was;
    few.rlim_cur = (rlim_t)dup(0); /* the lowest that is free */
    close((int)few.rlim_cur);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    rc = store_open(&any, "/b", &f);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(rc, 0);
    file_close(&f);
}

#define KEPT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down),

int main(void)
{
    static const struct CMUnitTest tests[] = {
        KEPT_TEST(what_is_read_again_is_opened_once)
        KEPT_TEST(readers_at_once_have_one_each)
        KEPT_TEST(nothing_is_kept_where_nobody_looks_after_it)
        KEPT_TEST(what_has_just_changed_is_not_kept)
        KEPT_TEST(below_a_home_nothing_is_kept)
        KEPT_TEST(every_change_is_seen_at_once)
        KEPT_TEST(what_has_moved_out_is_not_there)
        KEPT_TEST(a_fifo_in_its_place_does_not_notice)
        KEPT_TEST(marks_hold_for_the_version_that_is_there)
        KEPT_TEST(who_asks_again_asks_the_file)
        KEPT_TEST(what_is_noted_is_known_to_the_next_reader)
        KEPT_TEST(what_nobody_reads_is_closed)
        KEPT_TEST(only_a_few_are_kept_and_those_read_last)
        KEPT_TEST(they_make_room_when_descriptors_run_out)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

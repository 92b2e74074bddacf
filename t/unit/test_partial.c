/* Partials as the store keeps them: their names and texts, dropping, the sweep, and the word that others leave; and which uploads
 * an event loop begins and ends itself. On a folder of its own. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "rt/rt_ops.h"
#include "store/partial.h"
#include "store/shared.h"
#include "sys/fs.h"

enum { ALL = RIGHT_READ | RIGHT_ADD | RIGHT_WRITE, DAY = 24 * 3600, HOUR = 3600 };

static struct rt_task task;
static struct storage storage;
static char dir[40];

static int set_up(void **state)
{
    struct conf_list list = { .n = 1, .item = { "1000000" } };
    char text[100];
    struct buf err = BUF(text);

    (void)state;
    strcpy(dir, "/tmp/dray-partial-XXXXXX");
    task = rt_block_task((struct rt_stop){ -1, -1 });
    if (!mkdtemp(dir) || store_local_open(dir, false, &storage) < 0)
        return -1;
    storage.keep = true;
    storage.keep_days = 7;
    storage.shared = store_shared_new();
    return quotas_new(&list, 10, &storage.shared->quotas, &err);
}

static int tear_down(void **state)
{
    char command[100];

    (void)state;
    close(storage.root);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static struct store as(const char *account)
{
    return store_bind(&storage, &task, account, ALL);
}

/* An upload that has not come to an end. */
static struct file *begin(const char *account, const char *path, size_t len)
{
    static char zeros[5000];
    struct store st = as(account);
    struct file *f = NULL;

    assert_int_equal(store_create(&st, &(struct store_upload){ .path = path, .how = STORE_PUT }, &f), 0);
    assert_int_equal(file_write(f, zeros, len), 0);
    return f;
}

static void keep(const char *account, const char *path, size_t len)
{
    struct file *f = begin(account, path, len);

    file_keep(&f);
}

static void in_own(const char *name, char out[120])
{
    snprintf(out, 120, "%s" STORE_OWN_FOLDER "/%s", dir, name);
}

static bool there(const char *name)
{
    char path[120];

    in_own(name, path);
    return access(path, F_OK) == 0;
}

static void make(const char *name, const char *text)
{
    char path[120];
    FILE *f;

    in_own(name, path);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void grow_old(const char *name, time_t seconds)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - seconds } };
    char path[120];

    in_own(name, path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static const char *id_of(const char *account, const char *path)
{
    static char own[4][PARTIAL_NAME];
    static unsigned turn;
    char *at = own[turn++ % 4];

    assert_int_equal(partial_name(account, path, at), 0);
    return strrchr(at, '/') + 1;
}

static int64_t used(const char *account)
{
    struct quota_use u;

    assert_int_equal(quota_use(storage.shared->quotas, account, &u), 0);
    return u.bytes;
}

/* ---- names and texts ---- */

static void names_tell_accounts_and_paths_apart(void **state)
{
    static const char *const pairs[][2] = {
        { "ann", "/a" },  { "ann", "/b" },  { "bob", "/a" },  { "an", "n/a" },  { "ann/", "a" }, { "", "ann/a" },
        { "ann/a", "" },  { "a", "nn/a" },  { "ann", "/A" },  { "ann", "//a" }, { "ann", "/a " }, { "ann", "/a/" },
        { "ann\n", "/a" }, { "ann", "\n/a" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        char id[PARTIAL_NAME];

        strcpy(id, id_of(pairs[i][0], pairs[i][1]));
        assert_true(partial_is_id(span_of(id)));
        assert_string_equal(id, id_of(pairs[i][0], pairs[i][1]));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(id, id_of(pairs[k][0], pairs[k][1]));
    }
}

static void what_is_an_id(void **state)
{
    static const struct {
        const char *name;
        bool is;
    } rows[] = {
        { "0123456789abcdef0123456789abcdef", true },     { "0123456789abcdef0123456789abcde", false },
        { "0123456789abcdef0123456789abcdef0", false },   { "0123456789ABCDEF0123456789abcdef", false },
        { "", false },                                    { "x-0123456789abcdef", false },
        { "0123456789abcdef0123456789abcdef.of", false }, { "../../../../../../../../etc/passwd", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        same_int("is an id", i, partial_is_id(span_of(rows[i].name)), rows[i].is);
}

struct seen {
    int n;
    struct partial_view view;
    char path[100];
};

static int see(void *ctx, const struct partial_view *v)
{
    struct seen *s = ctx;

    s->n++;
    s->view = *v;
    snprintf(s->path, sizeof s->path, "%s", v->path);
    return 0;
}

static struct seen look(void)
{
    struct seen s = { 0 };

    assert_int_equal(partials_each(&storage, see, &s), 0);
    return s;
}

static void each_is_told_with_its_text(void **state)
{
    struct seen s = look();
    struct file *f;

    (void)state;
    assert_int_equal(s.n, 0); /* there is no folder yet */
    keep("ann", "/some file", 300);
    s = look();
    assert_int_equal(s.n, 1);
    assert_string_equal(s.view.account, "ann");
    assert_string_equal(s.path, "/some file");
    assert_string_equal(s.view.id, id_of("ann", "/some file"));
    assert_int_equal(s.view.size, 300);
    assert_false(s.view.written);
    storage.hide_from = 1;
    f = begin("ann", "/some file", 500);
    assert_true(look().view.written);
    file_close(&f);
    storage.hide_from = 0;
    assert_int_equal(look().n, 0);
}

/* Texts are for people and for quotas; whatever they say, a partial is one. */
static void texts_of_any_kind(void **state)
{
    static const struct {
        const char *text, *account, *path;
    } rows[] = {
        { "ann\n/a", "ann", "/a" }, { "ann\n/a\nb", "ann", "/a\nb" }, { "ann", "ann", "" }, { "", "", "" }, { "\n/a", "", "/a" },
        { NULL, "", "" },
    };
    const char *id = id_of("ann", "/a");
    char name[PARTIAL_NAME];

    (void)state;
    keep("ann", "/a", 10);
    snprintf(name, sizeof name, "%s.of", id);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen s;
        char path[120];

        in_own(name, path);
        unlink(path);
        if (rows[i].text)
            make(name, rows[i].text);
        s = look();
        same_int("partials", i, s.n, 1);
        assert_string_equal(s.view.account, rows[i].account);
        assert_string_equal(s.path, rows[i].path);
    }
    assert_int_equal(partials_drop(&storage, id), 0);
}

/* ---- going on ---- */

/* Its folder is gone before the commit, which then has no place to put it: the partial stays as it was found, and counts so. */
static void a_commit_that_fails_leaves_it_as_it_was(void **state)
{
    struct store st = as("ann");
    struct store_change folder = { .verb = STORE_MKDIR, .path = "/d" };
    struct store_upload on = { .path = "/d/a", .how = STORE_PUT, .keep = 300 };
    struct file *f = NULL;

    (void)state;
    assert_int_equal(store_change(&st, &folder), 0);
    keep("ann", on.path, 300);
    assert_int_equal(store_create(&st, &on, &f), 0);
    assert_int_equal(file_write(f, "and more", 8), 0);
    folder.verb = STORE_RMDIR;
    assert_int_equal(store_change(&st, &folder), 0);
    assert_int_equal(file_commit(f), -ENOENT);
    file_close(&f);
    assert_int_equal(look().view.size, 300);
    assert_int_equal(used("ann"), 300);
    assert_int_equal(partials_drop(&storage, id_of("ann", on.path)), 0);
    assert_int_equal(used("ann"), 0);
}

static struct file *other;

/* Between opening the partial and asking for its sum. */
static int create_late(const struct store *st, const char *path, struct file **out)
{
    assert_int_equal(file_write(other, "and more", 8), 0);
    file_keep(&other);
    return store_local_ops.create(st, path, out);
}

/* What the other session noted at its end is the sum of more than what was taken over. */
static void the_sum_of_a_partial_that_grew_is_not_taken(void **state)
{
    struct store_ops ops = store_local_ops;
    struct store st = as("ann");
    struct store_upload on = { .path = "/a", .how = STORE_PUT, .keep = 300 };
    struct sums sums;
    struct file *f = NULL;

    (void)state;
    storage.sums = SUM_BIT(SUM_CRC32);
    storage.hide_from = 1;
    other = begin("ann", on.path, 300);
    storage.hide_from = 0;
    ops.create = create_late;
    storage.ops = &ops;
    assert_int_equal(store_create(&st, &on, &f), 0);
    storage.ops = &store_local_ops;
    assert_null(other);
    assert_int_equal(file_commit(f), 0);
    file_close(&f);
    assert_int_equal(store_open(&st, on.path, &f), 0);
    assert_int_equal(file_size(f), 300);
    assert_int_equal(file_sums(f, &sums), 0);
    assert_int_equal(sums.has, 0);
    file_close(&f);
}

/* ---- dropping ---- */

static void dropped_by_its_id(void **state)
{
    const char *id = id_of("ann", "/a"); /* good for three more */
    struct file *f;

    (void)state;
    keep("ann", "/a", 400);
    keep("bob", "/a", 30);
    assert_int_equal(used("ann"), 400);
    assert_int_equal(partials_drop(&storage, id), 0);
    assert_int_equal(used("ann"), 0);
    assert_int_equal(used("bob"), 30);
    assert_int_equal(look().n, 1);
    assert_int_equal(partials_drop(&storage, id), -ENOENT);
    assert_int_equal(partials_drop(&storage, "../a"), -ENOENT);
    storage.hide_from = 1;
    f = begin("ann", "/a", 500);
    assert_int_equal(partials_drop(&storage, id), -EBUSY);
    file_keep(&f);
    storage.hide_from = 0;
    assert_int_equal(used("ann"), 500);
    assert_int_equal(partials_drop(&storage, id), 0);
    assert_int_equal(used("ann"), 0);
}

/* What a process beside the server removes counts once it is asked for, and once only. */
static void word_of_others(void **state)
{
    struct storage beside = storage;

    (void)state;
    beside.shared = NULL;
    keep("ann", "/a", 400);
    keep("ann", "/b", 30);
    assert_int_equal(partials_settle(&storage), 0);
    assert_int_equal(partials_drop(&beside, id_of("ann", "/a")), 0); /* nobody runs: no word is left */
    assert_int_equal(partials_settle(&storage), 0);
    quota_went(storage.shared->quotas, "ann", 400);
    beside.served = true;
    assert_int_equal(partials_drop(&beside, id_of("ann", "/b")), 0);
    assert_int_equal(used("ann"), 30);
    assert_int_equal(partials_settle(&storage), 1);
    assert_int_equal(used("ann"), 0);
    assert_int_equal(partials_settle(&storage), 0);
    make("d-0", "ann\nnonsense");
    make("d-1", "ann\n-5");
    make("d-2", "");
    make("d-3", "ann\n99999999999999999999");
    assert_int_equal(partials_settle(&storage), 0);
    assert_int_equal(used("ann"), 0);
    assert_false(there("d-0") || there("d-1") || there("d-2") || there("d-3"));
}

/* ---- the sweep ---- */

static void old_ones_go(void **state)
{
    (void)state;
    keep("ann", "/old", 400);
    keep("ann", "/young", 30);
    grow_old(id_of("ann", "/old"), 7 * DAY + 60);
    grow_old(id_of("ann", "/young"), 7 * DAY - 60);
    assert_int_equal(partials_sweep(&storage), 1);
    assert_false(there(id_of("ann", "/old")));
    assert_true(there(id_of("ann", "/young")));
    assert_int_equal(used("ann"), 30);
    assert_int_equal(look().n, 1);
}

static void what_is_written_stays_however_old(void **state)
{
    struct file *f;

    (void)state;
    storage.hide_from = 1;
    f = begin("ann", "/a", 100);
    storage.hide_from = 0;
    grow_old(id_of("ann", "/a"), 30 * DAY);
    assert_int_equal(partials_sweep(&storage), 0);
    assert_int_equal(file_commit(f), 0);
    file_close(&f);
    assert_int_equal(used("ann"), 100);
}

/* A name that a commit passes through is locked meanwhile; a text is there a moment before its partial. */
static void what_killed_servers_left_goes(void **state)
{
    static const struct {
        const char *name;
        int age;
        bool locked, stays;
    } rows[] = {
        { "x-0000000000000001", 0, false, false },
        { "x-0000000000000002", 2 * HOUR, false, false },
        { "x-0000000000000003", 2 * HOUR, true, true },
        { "x-0000000000000004", 0, true, true },
        { "0123456789abcdef0123456789abcdef.of", HOUR - 60, false, true },
        { "0123456789abcdef0123456789abcde0.of", HOUR + 60, false, false },
        { "something else", HOUR - 60, false, true },
        { "something old", HOUR + 60, false, false },
    };
    int fds[COUNT(rows)];

    (void)state;
    keep("ann", "/a", 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[120];

        make(rows[i].name, "content");
        in_own(rows[i].name, path);
        grow_old(rows[i].name, rows[i].age);
        fds[i] = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fds[i] >= 0);
        assert_int_equal(rows[i].locked ? fs_lock_now(fds[i]) : 0, 0);
    }
    assert_int_equal(partials_sweep(&storage), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        same_int("stays", i, there(rows[i].name), rows[i].stays);
        close(fds[i]);
    }
    assert_true(there(id_of("ann", "/a")));
}

static void the_text_of_a_partial_stays_with_it(void **state)
{
    char name[PARTIAL_NAME];

    (void)state;
    keep("ann", "/a", 1);
    snprintf(name, sizeof name, "%s.of", id_of("ann", "/a"));
    grow_old(name, 6 * DAY);
    partials_sweep(&storage);
    assert_true(there(name));
}

static void whether_there_are_any(void **state)
{
    struct store st = as("ann");
    struct store_stat found;

    (void)state;
    assert_false(partial_any(&storage));
    keep("ann", "/a", 1);
    assert_true(partial_any(&storage));
    assert_int_equal(partials_sweep(&storage), 0);
    assert_true(partial_any(&storage));
    assert_int_equal(store_partial(&st, "/a", &found), 0);
    assert_int_equal(partials_drop(&storage, id_of("ann", "/a")), 0);
    assert_int_equal(partials_sweep(&storage), 0);
    assert_false(partial_any(&storage));
    assert_int_equal(store_partial(&st, "/a", &found), -ENOENT);
    partials_end(&storage);
    assert_false(there(""));
}

/* ---- by the hour ---- */

static int64_t clock_says;
static int calls;

static int64_t fake_now(const struct rt_task *t)
{
    (void)t;
    return clock_says;
}

static int fake_call(struct rt_task *t, int (*fn)(void *), void *arg)
{
    (void)t;
    calls++;
    return fn(arg);
}

static const struct rt_ops fake = { .name = "fake", .call = fake_call, .now = fake_now };

static void swept_by_the_hour_and_by_one_of_all(void **state)
{
    struct rt_task one = { .ops = &fake }, two = one;
    struct storage without = { .ops = storage.ops, .root = storage.root };

    (void)state;
    clock_says = RT_SECONDS(5000);
    calls = 0;
    assert_int_equal(store_chores(&storage, &one), RT_SECONDS(5000 + HOUR)); /* at once, when the server begins */
    assert_int_equal(calls, 1);
    keep("ann", "/a", 1);
    grow_old(id_of("ann", "/a"), 8 * DAY);
    for (int i = 0; i < 3; i++) {
        clock_says = RT_SECONDS(5000 + i * 1000);
        assert_int_equal(store_chores(&storage, &two), RT_SECONDS(5000 + HOUR));
    }
    assert_int_equal(calls, 1);
    assert_true(there(id_of("ann", "/a")));
    clock_says = RT_SECONDS(5000 + HOUR);
    assert_int_equal(store_chores(&storage, &two), RT_SECONDS(5000 + 2 * HOUR));
    assert_int_equal(store_chores(&storage, &one), RT_SECONDS(5000 + 2 * HOUR));
    assert_int_equal(calls, 2);
    assert_false(there(id_of("ann", "/a")));
    assert_true(store_chores(&without, &one) == RT_NEVER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- what is done at once, and what is not ---- */

static struct name_locks held;
static unsigned quick_calls;

/* Where a thread would do it: whoever has the name gives it back meanwhile. */
static int late_call(struct rt_task *t, int (*fn)(void *), void *arg)
{
    (void)t;
    calls++;
    names_give(&held);
    return fn(arg);
}

static int quick_call(struct rt_task *t, int (*fn)(void *), void *arg)
{
    (void)t;
    quick_calls++;
    return fn(arg);
}

static const struct rt_ops loop = { .name = "loop", .run = rt_run_by_waiting, .call = late_call, .call_quick = quick_call,
                                      .now = fake_now };

static struct file *begin_at_once(struct rt_task *on, const char *path, const char *text)
{
    struct store st = store_bind(&storage, on, "ann", ALL);
    struct file *f = NULL;

    storage.shared->quotas = NULL;
    calls = quick_calls = 0;
    assert_int_equal(store_create(&st, &(struct store_upload){ .path = path, .how = STORE_PUT }, &f), 0);
    assert_int_equal(file_write(f, text, strlen(text)), 0);
    assert_int_equal(calls, !storage.quick);
    return f;
}

static void ends(struct file *f, unsigned late)
{
    assert_int_equal(file_commit(f), 0);
    file_close(&f);
    assert_int_equal(quick_calls, 1 + storage.quick);
    assert_int_equal(calls, storage.quick ? late : 2);
}

static void is(const char *path, const char *text)
{
    struct store st = as("ann");
    char got[20] = "";
    struct file *f = NULL;

    assert_int_equal(store_open(&st, path, &f), 0);
    assert_int_equal(file_read(f, got, sizeof got - 1, 0), strlen(text));
    assert_string_equal(got, text);
    file_close(&f);
}

static void a_new_file_takes_no_thread(void **state)
{
    struct rt_task on = { .ops = &loop };

    (void)state;
    ends(begin_at_once(&on, "/a", "new"), 0);
    is("/a", "new");
}

/* The loop must not wait for whoever has the name, nor do without it. */
static void a_name_that_somebody_has_takes_one(void **state)
{
    struct rt_task on = { .ops = &loop };
    struct file *f = begin_at_once(&on, "/a", "new");

    (void)state;
    held = names_take(storage.shared, storage.ops->name_id(&(struct store){ .storage = &storage, .task = &task }, "/a"), 0);
    ends(f, 1);
    names_give(&held);
    is("/a", "new");
}

static void a_name_that_was_taken_meanwhile_takes_one(void **state)
{
    struct rt_task on = { .ops = &loop };
    struct file *f = begin_at_once(&on, "/a", "second"), *first = begin("ann", "/a", 5);

    (void)state;
    assert_int_equal(file_commit(first), 0);
    file_close(&first);
    ends(f, 1);
    is("/a", "second");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_tell_accounts_and_paths_apart),
        TEST(what_is_an_id),
        TEST(each_is_told_with_its_text),
        TEST(texts_of_any_kind),
        TEST(a_commit_that_fails_leaves_it_as_it_was),
        TEST(the_sum_of_a_partial_that_grew_is_not_taken),
        TEST(dropped_by_its_id),
        TEST(word_of_others),
        TEST(old_ones_go),
        TEST(what_is_written_stays_however_old),
        TEST(what_killed_servers_left_goes),
        TEST(the_text_of_a_partial_stays_with_it),
        TEST(whether_there_are_any),
        TEST(swept_by_the_hour_and_by_one_of_all),
        TEST(a_new_file_takes_no_thread),
        TEST(a_name_that_somebody_has_takes_one),
        TEST(a_name_that_was_taken_meanwhile_takes_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

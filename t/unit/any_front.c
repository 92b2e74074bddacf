/* The promises of store.h: rights, what is shown, how an upload begins and ends (see any_store.h). */
#include "any_store.h"

#include "base/cleanup.h"

#define OPS (any.storage->ops)
#define CHANGE(st, ...) store_change(st, &(struct store_change){ __VA_ARGS__ })

static struct storage *storage(void)
{
    return (struct storage *)(uintptr_t)any.storage;
}

static struct store as(const char *account, unsigned rights)
{
    return store_bind(any.storage, any.task, account, rights);
}

static int begin(struct store *st, struct store_upload how, struct file **out)
{
    return store_create(st, &how, out);
}
#define BEGIN(st, out, ...) begin(st, (struct store_upload){ __VA_ARGS__ }, out)

static int put(struct store *st, struct store_upload how, const char *text)
{
    CLEANUP(file_close) struct file *f = NULL;

    TRY(store_create(st, &how, &f));
    TRY(file_write(f, text, strlen(text)));
    return file_commit(f);
}
#define PUT(st, text, ...) put(st, (struct store_upload){ __VA_ARGS__ }, text)

/* An upload that breaks off. */
static void half(struct store *st, const char *path, enum store_how how, const char *text)
{
    struct file *f = NULL;

    assert_int_equal(BEGIN(st, &f, .path = path, .how = how), 0);
    assert_int_equal(file_write(f, text, strlen(text)), 0);
    file_keep(&f);
    assert_null(f);
}

/* -1: none */
static int64_t partial(struct store *st, const char *path)
{
    struct store_stat stat;
    int rc = store_partial(st, path, &stat);

    assert_true(rc == 0 || rc == -ENOENT);
    return rc == 0 ? stat.size : -1;
}

void an_upload_exists_only_after_its_commit(void **state)
{
    struct file *f;
    struct store_stat stat;

    (void)state;
    assert_int_equal(BEGIN(&any, &f, .path = "/new", .how = STORE_PUT), 0);
    assert_int_equal(file_write(f, "half", 4), 0);
    assert_int_equal(store_stat(&any, "/new", &stat), -ENOENT);
    file_close(&f);
    assert_int_equal(store_stat(&any, "/new", &stat), -ENOENT);
    assert_int_equal(any_count("/"), 0);
    assert_int_equal(partial(&any, "/new"), -1);
    assert_int_equal(any_store("/new", "whole"), 0);
    any_is("/new", "whole");
}

void an_overwrite_is_old_or_new(void **state)
{
    struct file *f, *reader;

    (void)state;
    any_store("/o", "old");
    assert_int_equal(store_open(&any, "/o", &reader), 0);
    assert_int_equal(BEGIN(&any, &f, .path = "/o", .how = STORE_PUT), 0);
    assert_int_equal(file_write(f, "newer", 5), 0);
    any_is("/o", "old");
    assert_int_equal(file_commit(f), 0);
    file_close(&f);
    any_is("/o", "newer");
    any_holds(reader, "old"); /* who began with the old version ends with it */
    file_close(&reader);
    assert_int_equal(PUT(&any, "x", .path = "/o", .how = STORE_NEW), -EEXIST);
    any_is("/o", "newer");
}

void rest_keeps_a_prefix(void **state)
{
    (void)state;
    any_store("/r", "0123456789");
    assert_int_equal(PUT(&any, "abc", .path = "/r", .how = STORE_PUT, .keep = 4), 0);
    any_is("/r", "0123abc");
    assert_int_equal(PUT(&any, "x", .path = "/r", .how = STORE_PUT, .keep = 8), -ERANGE);
    assert_int_equal(PUT(&any, "x", .path = "/none", .how = STORE_PUT, .keep = 1), -ERANGE);
    any_is("/r", "0123abc");
}

void appends_add_up(void **state)
{
    struct file *a, *b, *c;

    (void)state;
    assert_int_equal(BEGIN(&any, &a, .path = "/a", .how = STORE_APPEND), 0);
    assert_int_equal(BEGIN(&any, &b, .path = "/a", .how = STORE_APPEND), 0);
    file_write(b, "second", 6);
    file_write(a, "first", 5);
    assert_int_equal(file_commit(a), 0);
    any_is("/a", "first");
    assert_int_equal(file_commit(b), 0);
    any_is("/a", "firstsecond");
    file_close(&a);
    file_close(&b);
    assert_int_equal(BEGIN(&any, &a, .path = "/a", .how = STORE_APPEND), 0);
    assert_int_equal(BEGIN(&any, &b, .path = "/a", .how = STORE_APPEND), 0);
    assert_int_equal(BEGIN(&any, &c, .path = "/a", .how = STORE_APPEND), 0);
    file_write(a, "A", 1);
    file_write(b, "B", 1);
    file_write(c, "C", 1);
    assert_int_equal(file_commit(b), 0);
    assert_int_equal(file_commit(a), 0);
    any_is("/a", "firstsecondBA");
    assert_int_equal(CHANGE(&any, .verb = STORE_RM, .path = "/a"), 0);
    assert_int_equal(file_commit(c), 0); /* what it was meant to follow is gone */
    any_is("/a", "C");
    file_close(&a);
    file_close(&b);
    file_close(&c);
}

void whoever_may_only_add_destroys_nothing(void **state)
{
    struct store add = as("ann", RIGHT_READ | RIGHT_ADD);
    struct file *f;

    (void)state;
    any_store("/mine", "precious");
    assert_int_equal(PUT(&add, "x", .path = "/mine", .how = STORE_PUT), -EEXIST);
    assert_int_equal(PUT(&add, "x", .path = "/mine", .how = STORE_APPEND), -EEXIST);
    assert_int_equal(PUT(&add, "x", .path = "/mine", .how = STORE_PUT, .keep = 3), -EEXIST);
    assert_int_equal(CHANGE(&add, .verb = STORE_RM, .path = "/mine"), -EACCES);
    assert_int_equal(CHANGE(&add, .verb = STORE_MV, .path = "/mine", .to = "/x"), -EACCES);
    /* two who add the same new name: the second one loses, at the commit */
    assert_int_equal(BEGIN(&add, &f, .path = "/race", .how = STORE_PUT), 0);
    assert_int_equal(PUT(&add, "first", .path = "/race", .how = STORE_PUT), 0);
    assert_int_equal(file_commit(f), -EEXIST);
    file_close(&f);
    any_is("/race", "first");
    any_is("/mine", "precious");
}

/* Whoever may see nothing cannot find out what is there either, and yet what he brings is kept. */
void where_nothing_is_seen_nothing_is_told(void **state)
{
    static const char *const taken[] = { "/f.txt", "/folder" };
    struct store drop = as("ann", RIGHTS_DROP), all = any, other = drop;
    struct store_stat stat;
    struct file *f;
    struct dir *d;
    const struct dir_entry *e;

    (void)state;
    any_store("/f.txt", "precious");
    any_folder("/folder");
    for (size_t i = 0; i < COUNT(taken); i++) {
        assert_int_equal(PUT(&drop, "x", .path = taken[i], .how = STORE_PUT), 0);
        assert_int_equal(PUT(&drop, "y", .path = taken[i], .how = STORE_APPEND), 0);
        assert_int_equal(PUT(&drop, "z", .path = taken[i], .how = STORE_NEW), 0);
        assert_int_equal(PUT(&drop, "x", .path = taken[i], .how = STORE_PUT, .keep = 1), -ERANGE);
    }
    assert_int_equal(CHANGE(&drop, .verb = STORE_MKDIR, .path = "/folder"), 0);
    assert_int_equal(store_stat(&drop, "/f.txt", &stat), -ENOENT);
    assert_int_equal(store_list(&drop, "/", true, &d), 0);
    assert_int_equal(dir_next(d, &e), 0);
    dir_close(&d);
    any_is("/f.txt", "precious");
    any_is("/f (2).txt", "x");
    any_is("/f (4).txt", "z");
    any_is("/folder (3)", "y");
    for (int i = 0; i < 12; i++) /* however many come */
        assert_int_equal(PUT(&drop, "w", .path = "/f.txt", .how = STORE_PUT), 0);
    assert_int_equal(any_count("/"), 2 + 6 + 12);
    assert_int_equal(BEGIN(&drop, &f, .path = "/new", .how = STORE_PUT), 0);
    assert_string_equal(file_path(f), "/new");
    any_store("/new", "first"); /* meanwhile */
    assert_int_equal(file_commit(f), 0);
    assert_string_equal(file_path(f), "/new (2)");
    file_close(&f);
    /* partials are theirs who have the key */
    drop.key = 1;
    other.key = 2;
    half(&drop, "/half", STORE_PUT, "begin");
    assert_int_equal(partial(&drop, "/half"), 5);
    assert_int_equal(partial(&other, "/half"), -1);
    assert_int_equal(partial(&all, "/half"), -1);
    assert_int_equal(PUT(&other, "x", .path = "/half", .how = STORE_PUT, .keep = 5, .partial = true), -ERANGE);
    assert_int_equal(PUT(&drop, ", end", .path = "/half", .how = STORE_PUT, .keep = 5, .partial = true), 0);
    any_is("/half", "begin, end");
    all.less = RIGHT_READ | RIGHT_WRITE;
    assert_int_equal(store_stat(&all, "/f.txt", &stat), -ENOENT);
    assert_int_equal(store_open(&all, "/f.txt", &f), -EACCES);
    assert_int_equal(CHANGE(&all, .verb = STORE_RM, .path = "/f.txt"), -EACCES);
    assert_int_equal(PUT(&all, "v", .path = "/f.txt", .how = STORE_PUT), 0);
    any_is("/f.txt", "precious");
}

void whoever_may_only_read_brings_nothing(void **state)
{
    struct store read = as("rita", RIGHT_READ), none = as("", 0);
    struct store_stat stat;
    struct file *f;
    struct dir *d;

    (void)state;
    any_store("/mine", "precious");
    assert_int_equal(PUT(&read, "x", .path = "/n", .how = STORE_PUT), -EACCES);
    assert_int_equal(CHANGE(&read, .verb = STORE_MKDIR, .path = "/d"), -EACCES);
    assert_int_equal(store_partial(&read, "/mine", &stat), -EACCES);
    assert_int_equal(store_open(&none, "/mine", &f), -EACCES);
    assert_int_equal(store_list(&none, "/", false, &d), -EACCES);
}

void hidden_names_do_not_exist(void **state)
{
    struct store_stat stat;

    (void)state;
    any_put("/.secret", "");
    any_folder("/.folder");
    any_put("/.folder/f", "");
    assert_int_equal(store_stat(&any, "/.secret", &stat), -ENOENT);
    assert_int_equal(store_stat(&any, "/.folder/f", &stat), -ENOENT);
    assert_int_equal(any_store("/.new", "x"), -EPERM);
    assert_int_equal(any_store("/.folder/g", "x"), -EPERM);
    assert_int_equal(any_store("/.dray-0", "x"), -EPERM);
    storage()->hidden = true;
    assert_int_equal(store_stat(&any, "/.secret", &stat), 0);
    assert_int_equal(any_store("/.dray-0", "x"), -EPERM);
    assert_int_equal(CHANGE(&any, .verb = STORE_MV, .path = "/.secret", .to = "/.dray-0"), -EPERM);
    storage()->hidden = false;
}

void the_shared_folder_itself_stays(void **state)
{
    (void)state;
    assert_int_equal(CHANGE(&any, .verb = STORE_RMDIR, .path = "/"), -EBUSY);
    assert_int_equal(CHANGE(&any, .verb = STORE_MV, .path = "/", .to = "/x"), -EBUSY);
    assert_int_equal(CHANGE(&any, .verb = STORE_MKDIR, .path = "/"), -EEXIST);
    assert_int_equal(any_store("/", "x"), -EISDIR);
}

/* ---- broken uploads ---- */

void a_broken_upload_is_kept_for_its_account(void **state)
{
    struct store ann = as("ann", any.rights);
    struct file *f = NULL;
    struct store_stat stat;

    (void)state;
    half(&any, "/new", STORE_PUT, "half");
    assert_int_equal(store_stat(&any, "/new", &stat), -ENOENT);
    assert_int_equal(store_open(&any, "/new", &f), -ENOENT);
    assert_int_equal(any_count("/"), 0);
    assert_int_equal(partial(&any, "/new"), 4);
    assert_int_equal(partial(&ann, "/new"), -1);
    assert_int_equal(partial(&any, "/other"), -1);
    assert_int_equal(store_partial_open(&any, "/new", &f), 0);
    any_holds(f, "half");
    file_close(&f);
    half(&ann, "/new", STORE_PUT, "ann's half");
    assert_int_equal(partial(&any, "/new"), 4);
    assert_int_equal(partial(&ann, "/new"), 10);
    half(&any, "/new", STORE_PUT, "another");
    assert_int_equal(partial(&any, "/new"), 7);
    assert_int_equal(any_store("/new", "whole"), 0);
    assert_int_equal(partial(&any, "/new"), -1); /* of no use any more */
    assert_int_equal(partial(&ann, "/new"), 10);
    any_is("/new", "whole");
}

void a_broken_upload_is_continued(void **state)
{
    struct file *f = NULL, *g = NULL;

    (void)state;
    half(&any, "/f", STORE_PUT, "0123456789");
    assert_int_equal(PUT(&any, "x", .path = "/f", .how = STORE_PUT, .keep = 11), -ERANGE);
    assert_int_equal(PUT(&any, "end", .path = "/f", .how = STORE_PUT, .keep = 5), 0);
    any_is("/f", "01234end");
    assert_int_equal(partial(&any, "/f"), -1);
    half(&any, "/g", STORE_PUT, "begin");
    half(&any, "/g", STORE_APPEND, ", go on");
    assert_int_equal(partial(&any, "/g"), 12);
    assert_int_equal(BEGIN(&any, &f, .path = "/g", .how = STORE_APPEND), 0);
    assert_int_equal(BEGIN(&any, &g, .path = "/g", .how = STORE_APPEND), -EBUSY);
    file_write(f, ", end", 5);
    assert_int_equal(file_commit(f), 0);
    file_close(&f);
    any_is("/g", "begin, go on, end");
}

void what_shall_not_be_kept_is_not(void **state)
{
    struct file *f = NULL;

    (void)state;
    assert_int_equal(BEGIN(&any, &f, .path = "/f", .how = STORE_PUT, .once = true), 0);
    file_write(f, "half", 4);
    file_keep(&f);
    assert_int_equal(partial(&any, "/f"), -1);
    storage()->keep = false;
    half(&any, "/f", STORE_PUT, "half");
    storage()->keep = true;
    assert_int_equal(partial(&any, "/f"), -1);
    half(&any, "/f", STORE_PUT, "");
    assert_int_equal(partial(&any, "/f"), -1);
    assert_int_equal(any_count("/"), 0);
}

void a_broken_overwrite_leaves_both(void **state)
{
    (void)state;
    any_store("/f", "the old one");
    half(&any, "/f", STORE_PUT, "the new");
    any_is("/f", "the old one");
    assert_int_equal(partial(&any, "/f"), 7);
    assert_int_equal(PUT(&any, " version", .path = "/f", .how = STORE_PUT, .keep = 7, .partial = true), 0);
    any_is("/f", "the new version");
    assert_int_equal(partial(&any, "/f"), -1);
}

/* From some megabytes on an upload has a hidden name while it is written: what a killed server leaves is continued. */
void a_long_upload_survives_its_server(void **state)
{
    enum { LONG = 9 << 20 };
    struct file *f = NULL;
    struct store_stat stat;
    char *bytes = malloc(LONG);

    (void)state;
    any_fill(bytes, 1, 0, LONG);
    assert_int_equal(BEGIN(&any, &f, .path = "/long", .how = STORE_PUT), 0);
    assert_int_equal(file_write(f, bytes, LONG), 0);
    assert_int_equal(store_stat(&any, "/long", &stat), -ENOENT);
    assert_int_equal(partial(&any, "/long"), LONG);
    assert_int_equal(file_commit(f), 0);
    file_close(&f);
    assert_int_equal(partial(&any, "/long"), -1);
    assert_int_equal(store_open(&any, "/long", &f), 0);
    any_holds_pattern(f, 1, LONG);
    file_close(&f);
    free(bytes);
}

void sums_are_noted_while_bytes_arrive(void **state)
{
    static const struct {
        const char *path;
        unsigned char crc[4];
    } rows[] = { { "/f", { 0xcb, 0xf4, 0x39, 0x26 } }, { "/part", { 0xcb, 0xf4, 0x39, 0x26 } }, { "/empty", { 0 } } };
    struct file *f;
    struct sums sums;

    (void)state;
    any_store("/f", "123456789");
    any_store("/empty", "");
    half(&any, "/part", STORE_PUT, "1234");
    assert_int_equal(PUT(&any, "56789", .path = "/part", .how = STORE_APPEND), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(store_open(&any, rows[i].path, &f), 0);
        assert_int_equal(file_sums(f, &sums), 0);
        same_int(rows[i].path, i, sums.has, SUM_BIT(SUM_CRC32));
        assert_memory_equal(sums.of[SUM_CRC32], rows[i].crc, 4);
        sums = (struct sums){ .has = SUM_BIT(SUM_MD5), .of[SUM_MD5] = { 5 } };
        assert_int_equal(file_note(f, &sums), 0);
        assert_int_equal(file_sums(f, &sums), 0);
        assert_int_equal(sums.has, SUM_BIT(SUM_CRC32) | SUM_BIT(SUM_MD5));
        assert_int_equal(sums.of[SUM_MD5][0], 5);
        file_close(&f);
    }
}

/* ---- room ---- */

void space_is_kept_free(void **state)
{
    int64_t all, left;

    (void)state;
    assert_int_equal(store_space(&any, "/", &all), 0);
    assert_true(all > 0);
    assert_int_equal(any_store("/f", "x"), 0);
    storage()->keep_free = INT64_MAX / 2;
    assert_int_equal(store_space(&any, "/", &left), 0);
    assert_int_equal(left, 0);
    assert_int_equal(any_store("/g", "x"), -ENOSPC);
    assert_int_equal(any_store("/f", "y"), -ENOSPC);
    any_is("/f", "x");
    assert_int_equal(CHANGE(&any, .verb = STORE_RM, .path = "/f"), 0);
    storage()->keep_free = 0;
    assert_int_equal(any_store("/g", "x"), 0);
}

void removed_while_it_is_written_and_read(void **state)
{
    struct file *f, *r;

    (void)state;
    any_store("/f", "old");
    assert_int_equal(store_open(&any, "/f", &r), 0);
    assert_int_equal(BEGIN(&any, &f, .path = "/f", .how = STORE_PUT), 0);
    file_write(f, "new", 3);
    assert_int_equal(CHANGE(&any, .verb = STORE_RM, .path = "/f"), 0);
    assert_int_equal(any_count("/"), 0);
    any_holds(r, "old");
    assert_int_equal(file_commit(f), 0);
    any_is("/f", "new");
    any_holds(r, "old");
    file_close(&f);
    file_close(&r);
}

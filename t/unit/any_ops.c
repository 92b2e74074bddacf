/* The promises of store_impl.h about files and names (see any_store.h). */
#include "any_store.h"

#include "base/cleanup.h"
#include "sys/clock.h"
#include "wire/path.h"

#define OPS (any.storage->ops)
#define OWN_FOLDER STORE_OWN_FOLDER
#define OWN OWN_FOLDER "/one"

/* ---- writing ---- */

static struct file *begin(const char *path, const char *text)
{
    struct file *f = NULL;

    same_int(path, 0, OPS->create(&any, path, &f), 0);
    assert_int_equal(f->size, 0);
    assert_int_equal(f->ops->write(f, text, strlen(text)), 0);
    assert_int_equal(f->size, strlen(text));
    return f;
}

static int end(struct file *f, bool replace)
{
    int rc = f->ops->commit(f, replace);

    file_close(&f);
    return rc;
}

static struct file *reader(const char *path)
{
    struct file *f = NULL;

    same_int(path, 0, OPS->open(&any, path, &f), 0);
    return f;
}

static struct store_stat stat_of(const char *path)
{
    struct store_stat st;

    same_int(path, 0, OPS->stat(&any, path, &st), 0);
    return st;
}

void a_file_is_there_after_its_commit_and_not_before(void **state)
{
    struct file *f;
    struct store_stat st;
    int64_t before = clock_wall();

    (void)state;
    f = begin("/f", "whole");
    assert_int_equal(any_kind("/f"), 0);
    assert_int_equal(any_count("/"), 0);
    assert_int_equal(end(f, false), 0);
    any_is("/f", "whole");
    st = stat_of("/f");
    assert_int_equal(st.kind, STORE_FILE);
    assert_int_equal(st.size, 5);
    assert_int_equal(st.nlink, 1);
    assert_true(st.mtime >= before - 1 && st.mtime <= clock_wall() + 1);
    assert_int_equal(any_count("/"), 1);
}

void what_is_closed_without_a_commit_never_was(void **state)
{
    struct file *f;

    (void)state;
    any_put("/old", "old");
    f = begin("/f", "half");
    file_close(&f);
    f = begin("/old", "half");
    file_close(&f);
    assert_int_equal(any_kind("/f"), 0);
    any_is("/old", "old");
    assert_int_equal(any_count("/"), 1);
}

void a_taken_name_is_replaced_only_when_asked(void **state)
{
    (void)state;
    any_put("/f", "old");
    any_folder("/d");
    assert_int_equal(ANY_CHANGE(.verb = STORE_MODE, .path = "/f", .mode = 0640), 0);
    assert_int_equal(end(begin("/f", "new"), false), -EEXIST);
    any_is("/f", "old");
    assert_int_equal(end(begin("/f", "new"), true), 0);
    any_is("/f", "new");
    assert_int_equal(stat_of("/f").mode, 0640);
    assert_int_equal(end(begin("/d", "x"), false), -EEXIST);
    assert_int_equal(end(begin("/d", "x"), true), -EISDIR);
    assert_int_equal(any_kind("/d"), STORE_DIR);
    assert_int_equal(any_count("/"), 2);
}

void of_two_writers_the_last_wins_whole(void **state)
{
    struct file *a = begin("/f", "first"), *b = begin("/f", "second one");

    (void)state;
    assert_int_equal(end(b, true), 0);
    any_is("/f", "second one");
    assert_int_equal(end(a, true), 0);
    any_is("/f", "first");
    assert_int_equal(any_count("/"), 1);
}

void a_reader_keeps_its_version(void **state)
{
    struct file *replaced, *removed, *covered, *again;

    (void)state;
    any_put("/replaced", "one");
    any_put("/removed", "two");
    any_put("/covered", "three");
    any_put("/cover", "cover");
    replaced = reader("/replaced");
    removed = reader("/removed");
    covered = reader("/covered");
    again = reader("/covered");
    any_put("/replaced", "another");
    assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = "/removed"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/cover", .to = "/covered"), 0);
    file_close(&again); /* the first of two readers takes nothing with it */
    for (char name[] = "/0"; name[1] <= '9'; name[1]++)
        any_put(name, "whatever might come in their place");
    any_holds(replaced, "one");
    any_holds(removed, "two");
    any_holds(covered, "three");
    any_is("/covered", "cover");
    file_close(&replaced);
    file_close(&removed);
    file_close(&covered);
}

void any_piece_can_be_read(void **state)
{
    enum { SIZE = 200000 };
    static const int64_t offs[] = { 0, 1, 65535, 65536, 65537, 131072, 196608, 199999, 70000, 3, 200000, 200001, 1LL << 40 };
    static const size_t lens[] = { 0, 1, 7, 65535, 65536, 65537, SIZE };
    struct file *f = begin("/f", "");
    char *got = malloc(SIZE), *want = malloc(SIZE);

    (void)state;
    assert_int_equal(any_write_pattern(f, 5, SIZE), 0);
    assert_int_equal(end(f, false), 0);
    f = reader("/f");
    for (size_t i = 0; i < COUNT(offs); i++)
        for (size_t j = 0; j < COUNT(lens); j++) {
            int64_t there = offs[i] > SIZE ? 0 : SIZE - offs[i];
            size_t n = there < (int64_t)lens[j] ? (size_t)there : lens[j];

            same_int("read", i * 100 + j, f->ops->read(f, got, lens[j], offs[i]), (long long)n);
            any_fill(want, 5, offs[i], n);
            assert_memory_equal(got, want, n);
        }
    any_holds_pattern(f, 5, SIZE);
    file_close(&f);
    free(got);
    free(want);
}

void another_name_can_be_aimed_at(void **state)
{
    struct file *f;
    struct store_found found;
    uint64_t id;

    (void)state;
    any_folder("/d");
    any_put("/d/taken", "old");
    f = begin("/d/taken", "new");
    id = f->ops->name_id(f);
    assert_int_equal(f->ops->commit(f, false), -EEXIST);
    assert_int_equal(f->ops->aim(f, "/d/free"), 0);
    assert_int_equal(f->ops->look(f, &found), -ENOENT);
    assert_true(f->ops->name_id(f) != id);
    assert_int_equal(end(f, true), 0);
    any_is("/d/taken", "old");
    any_is("/d/free", "new");
}

void copies_are_exact(void **state)
{
    enum { SIZE = 300000 };
    static const struct {
        int64_t off, len;
        int rc;
    } rows[] = { { 0, SIZE, 0 }, { 0, 0, 0 }, { 1, 65536, 0 }, { 65536, 65536, 0 }, { 99999, 200001, 0 }, { SIZE, 0, 0 },
                 { 0, SIZE + 1, -ENODATA }, { SIZE, 1, -ENODATA }, { 299999, 2, -ENODATA } };
    struct file *from = begin("/from", "");
    char *got = malloc(SIZE), *want = malloc(SIZE);

    (void)state;
    assert_int_equal(any_write_pattern(from, 1, SIZE), 0);
    assert_int_equal(end(from, false), 0);
    from = reader("/from");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct file *f = begin("/to", "first"), *r;

        same_int("copy", i, f->ops->copy(f, from, rows[i].off, rows[i].len), rows[i].rc);
        if (rows[i].rc == 0) {
            assert_int_equal(f->size, 5 + rows[i].len);
            assert_int_equal(f->ops->write(f, "last", 4), 0);
            assert_int_equal(end(f, true), 0);
            r = reader("/to");
            assert_int_equal(r->size, 9 + rows[i].len);
            assert_int_equal(r->ops->read(r, got, 5, 0), 5);
            assert_memory_equal(got, "first", 5);
            assert_int_equal(r->ops->read(r, got, (size_t)rows[i].len, 5), rows[i].len);
            any_fill(want, 1, rows[i].off, (size_t)rows[i].len);
            assert_memory_equal(got, want, (size_t)rows[i].len);
            assert_int_equal(r->ops->read(r, got, 10, 5 + rows[i].len), 4);
            assert_memory_equal(got, "last", 4);
            file_close(&r);
        } else {
            file_close(&f);
        }
    }
    file_close(&from);
    free(got);
    free(want);
}

void creating_where_no_file_can_be(void **state)
{
    static const struct {
        const char *path;
        int rc;
    } rows[] = { { "/", -EISDIR }, { "/none/f", -ENOENT }, { "/f/g", -ENOTDIR }, { "/f/g/h", -ENOTDIR } };
    struct file *f = NULL;

    (void)state;
    any_put("/f", "f");
    for (size_t i = 0; i < COUNT(rows); i++) {
        same_int("create", i, OPS->create(&any, rows[i].path, &f), rows[i].rc);
        assert_null(f);
    }
}

void opening_what_is_no_file(void **state)
{
    static const struct {
        const char *path;
        int rc;
    } rows[] = { { "/", -EISDIR }, { "/d", -EISDIR }, { "/none", -ENOENT }, { "/none/f", -ENOENT }, { "/f/g", -ENOTDIR } };
    struct file *f = NULL;
    struct dir *d = NULL;
    struct store_stat st = { .size = 77 };

    (void)state;
    any_put("/f", "f");
    any_folder("/d");
    for (size_t i = 0; i < COUNT(rows); i++) {
        same_int("open", i, OPS->open(&any, rows[i].path, &f), rows[i].rc);
        if (rows[i].rc != -EISDIR)
            same_int("stat", i, OPS->stat(&any, rows[i].path, &st), rows[i].rc);
    }
    assert_int_equal(OPS->list(&any, "/none", false, &d), -ENOENT);
    assert_int_equal(OPS->list(&any, "/f", false, &d), -ENOTDIR);
    assert_int_equal(OPS->space(&any, "/none", &(int64_t){ 0 }, &(int64_t){ 0 }), -ENOENT);
    assert_null(f);
    assert_null(d);
    assert_int_equal(st.size, 77);
}

void a_file_arrives_in_its_folder_whatever_that_is_called(void **state)
{
    struct file *moved, *gone, *stands;

    (void)state;
    any_folder("/a");
    any_folder("/b");
    moved = begin("/a/f", "moved");
    gone = begin("/b/f", "gone");
    stands = begin("/a/g", "stands");
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/a", .to = "/c"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = "/b"), 0);
    any_folder("/b"); /* another one of that name */
    assert_int_equal(end(moved, false), 0);
    assert_int_equal(end(gone, false), -ENOENT);
    any_is("/c/f", "moved");
    assert_int_equal(any_count("/b"), 0);
    any_put("/c/g", "quicker");
    assert_int_equal(end(stands, false), -EEXIST);
    any_is("/c/g", "quicker");
}

void numbers_tell_versions_apart(void **state)
{
    struct file *f;
    const struct store_stat *said;
    struct store_stat now;
    uint64_t first;

    (void)state;
    any_put("/f", "one");
    any_put("/g", "g");
    first = stat_of("/f").ino;
    f = reader("/f");
    now = stat_of("/f");
    said = file_stat(f); /* of an open file the same as of its name */
    assert_true(said->kind == now.kind && said->size == now.size && said->mtime == now.mtime && said->dev == now.dev &&
                said->ino == now.ino && said->mode == now.mode);
    assert_int_not_equal(stat_of("/g").ino, first);
    any_put("/f", "two");
    assert_int_not_equal(stat_of("/f").ino, first); /* its number is not free while it is read */
    assert_int_equal(f->opened.ino, first);
    file_close(&f);
}

/* ---- hidden files ---- */

static struct file *hidden(const char *own, const char *path, const char *text)
{
    struct file *f = begin(path, text);
    int64_t replaced = -1;

    ANY_CHANGE(.verb = STORE_MKDIR, .path = OWN_FOLDER);
    assert_int_equal(f->ops->hide(f, own, &replaced), 0);
    assert_int_equal(replaced, -1);
    return f;
}

static struct file *resumed(const char *own, const char *path, int64_t len)
{
    struct file *f = NULL;

    same_int(own, 0, OPS->resume(&any, own, path, len, &f), 0);
    return f;
}

void a_hidden_file_stays_without_a_commit(void **state)
{
    struct file *f = hidden(OWN, "/f", "half");

    (void)state;
    assert_int_equal(f->ops->write(f, " and more", 9), 0);
    assert_int_equal(stat_of(OWN).size, 13); /* what a death leaves of it */
    file_close(&f);
    assert_int_equal(any_kind("/f"), 0);
    any_is(OWN, "half and more");
    f = resumed(OWN, "/f", -1);
    assert_int_equal(f->ops->write(f, "!", 1), 0);
    file_close(&f);
    any_is(OWN, "half and more!");
}

void hiding_replaces_what_nobody_writes(void **state)
{
    struct file *f = hidden(OWN, "/f", "first"), *g = begin("/f", "second one");
    int64_t replaced = 77;

    (void)state;
    assert_int_equal(g->ops->hide(g, OWN, &replaced), -EBUSY);
    file_close(&f);
    any_is(OWN, "first");
    assert_int_equal(g->ops->hide(g, OWN, &replaced), 0);
    assert_int_equal(replaced, 5);
    f = begin("/f", "third");
    assert_int_equal(f->ops->hide(f, OWN, &replaced), -EBUSY);
    file_close(&f);
    file_close(&g);
    any_is(OWN, "second one");
    assert_int_equal(any_count(OWN_FOLDER), 1);
}

void one_at_a_time_continues_a_hidden_file(void **state)
{
    struct file *f = hidden(OWN, "/f", "0123456789"), *g = NULL;

    (void)state;
    assert_true(OPS->busy(&any, OWN));
    assert_int_equal(OPS->resume(&any, OWN, "/f", -1, &g), -EBUSY);
    file_close(&f);
    assert_false(OPS->busy(&any, OWN));
    f = resumed(OWN, "/f", -1);
    assert_true(OPS->busy(&any, OWN));
    assert_int_equal(OPS->resume(&any, OWN, "/f", 4, &g), -EBUSY); /* and cuts nothing */
    assert_int_equal(OPS->resume(&any, OWN, "/f", 99, &g), -EBUSY);
    g = reader(OWN); /* reading is none of it */
    any_holds(g, "0123456789");
    file_close(&g);
    assert_true(OPS->busy(&any, OWN));
    file_close(&f);
    assert_int_equal(OPS->resume(&any, OWN_FOLDER "/none", "/f", -1, &g), -ENOENT);
    assert_false(OPS->busy(&any, OWN_FOLDER "/none"));
    assert_null(g);
}

void a_hidden_file_is_continued_where_asked(void **state)
{
    struct file *f = hidden(OWN, "/f", "0123456789"), *r;

    (void)state;
    file_close(&f);
    assert_int_equal(OPS->resume(&any, OWN, "/f", 11, &f), -ERANGE);
    assert_null(f);
    any_is(OWN, "0123456789");
    f = resumed(OWN, "/f", 10);
    assert_int_equal(f->size, 10);
    file_close(&f);
    f = resumed(OWN, "/f", 4);
    assert_int_equal(f->size, 4);
    assert_int_equal(f->held, 10);
    any_is(OWN, "0123");
    assert_int_equal(f->ops->write(f, "abc", 3), 0);
    file_close(&f);
    any_is(OWN, "0123abc");
    f = resumed(OWN, "/f", 0);
    assert_int_equal(any_write_pattern(f, 9, 150000), 0);
    file_close(&f);
    r = reader(OWN);
    f = resumed(OWN, "/f", 70000); /* while it is read */
    assert_int_equal(any_write_pattern(f, 9, 130000), 0);
    file_close(&r);
    file_close(&f);
    r = reader(OWN);
    any_holds_pattern(r, 9, 200000);
    file_close(&r);
}

void a_hidden_file_becomes_the_real_one(void **state)
{
    struct file *f = hidden(OWN, "/f", "half");

    (void)state;
    assert_int_equal(end(f, false), 0);
    any_is("/f", "half");
    assert_int_equal(any_kind(OWN), 0);
    file_close(&(struct file *){ hidden(OWN, "/f", "part") });
    f = resumed(OWN, "/f", 2);
    f->ops->write(f, "int", 3);
    assert_int_equal(f->ops->commit(f, false), -EEXIST);
    any_is(OWN, "paint"); /* it goes on being what it was */
    assert_int_equal(end(f, true), 0);
    any_is("/f", "paint");
    assert_int_equal(any_kind(OWN), 0);
    assert_int_equal(any_count(OWN_FOLDER), 0);
}

void dropping_takes_what_nobody_writes(void **state)
{
    struct file *f = hidden(OWN, "/f", "half"), *r;
    int64_t size = 77;

    (void)state;
    assert_int_equal(OPS->drop(&any, OWN, &size), -EBUSY);
    file_close(&f);
    r = reader(OWN);
    assert_int_equal(OPS->drop(&any, OWN, &size), 0);
    assert_int_equal(size, 4);
    any_holds(r, "half");
    file_close(&r);
    assert_int_equal(any_kind(OWN), 0);
    assert_int_equal(OPS->drop(&any, OWN, &size), -ENOENT);
}

/* ---- marks ---- */

static struct mark marked_by(const char *who, unsigned char sum)
{
    struct mark m = { .sums.has = SUM_BIT(SUM_CRC32) };

    strcpy(m.account, who);
    memset(m.sums.of[SUM_CRC32], sum, 4);
    return m;
}

static void expect_mark(const char *path, unsigned has, unsigned char sum)
{
    struct file *f = reader(path);
    struct mark m;

    same_int(path, 0, f->ops->get_mark(f, &m), 0);
    assert_string_equal(m.account, "ann");
    same_int(path, 1, m.sums.has, has);
    if (has)
        assert_int_equal(m.sums.of[SUM_CRC32][3], sum);
    file_close(&f);
}

void marks_hold_for_one_content(void **state)
{
    struct mark m = marked_by("ann", 7), got;
    struct file *f = begin("/f", "content");

    (void)state;
    assert_int_equal(f->ops->get_mark(f, &got), -ENODATA);
    assert_int_equal(f->ops->set_mark(f, &m), 0);
    assert_int_equal(end(f, false), 0);
    expect_mark("/f", SUM_BIT(SUM_CRC32), 7);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MTIME, .path = "/f", .mtime = 86400), 0);
    expect_mark("/f", SUM_BIT(SUM_CRC32), 7);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/f", .to = "/g"), 0);
    expect_mark("/g", SUM_BIT(SUM_CRC32), 7);
    f = reader("/g");
    m = marked_by("ann", 8);
    assert_int_equal(f->ops->set_mark(f, &m), 0); /* computed later by whoever read it */
    assert_true(f->ops->same(f));
    file_close(&f);
    expect_mark("/g", SUM_BIT(SUM_CRC32), 8);
    any_put("/g", "content");
    f = reader("/g");
    assert_int_equal(f->ops->get_mark(f, &got), -ENODATA);
    file_close(&f);
    f = hidden(OWN, "/f", "part");
    m = marked_by("ann", 9);
    assert_int_equal(f->ops->set_mark(f, &m), 0);
    file_close(&f);
    expect_mark(OWN, SUM_BIT(SUM_CRC32), 9);
    {
        struct file *r = reader(OWN);

        f = resumed(OWN, "/f", -1);
        assert_true(r->ops->same(r));
        assert_int_equal(f->ops->write(f, "s", 1), 0);
        assert_false(r->ops->same(r));
        file_close(&r);
    }
    file_close(&f);
    expect_mark(OWN, 0, 0);
}

static void expect_account(const char *path, const char *want)
{
    struct store_found found;

    same_int(path, 0, OPS->look(&any, path, &found), 0);
    assert_string_equal(found.account, want);
}

void a_mark_says_who_stored_it(void **state)
{
    struct mark m = { .account = "ann" }, longest = { 0 };
    struct store_found found = { 0 };
    struct file *f = begin("/f", "content");

    (void)state;
    any_put("/nobody", "x");
    expect_account("/nobody", "");
    assert_int_equal(f->ops->set_mark(f, &m), 0);
    assert_int_equal(end(f, false), 0);
    expect_account("/f", "ann");
    memset(longest.account, 'z', MARK_ACCOUNT);
    f = begin("/f", "content");
    assert_int_equal(f->ops->look(f, &found), 0);
    assert_string_equal(found.account, "ann");
    assert_int_equal(f->ops->set_mark(f, &longest), 0);
    assert_int_equal(end(f, true), 0);
    expect_account("/f", longest.account);
}

/* ---- names ---- */

void one_number_for_one_name(void **state)
{
    struct file *f;
    uint64_t id;

    (void)state;
    any_folder("/a");
    f = begin("/a/f", "");
    id = OPS->name_id(&any, "/a/f");
    assert_int_not_equal(id, 0);
    assert_int_equal(f->ops->name_id(f), id);
    assert_int_not_equal(OPS->name_id(&any, "/a/g"), id);
    assert_int_not_equal(OPS->name_id(&any, "/f"), id);
    assert_int_equal(OPS->name_id(&any, "/none/f"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/a", .to = "/b"), 0);
    any_folder("/a");
    assert_int_equal(OPS->name_id(&any, "/b/f"), id);
    assert_int_equal(f->ops->name_id(f), id);
    assert_int_not_equal(OPS->name_id(&any, "/a/f"), id);
    assert_int_equal(end(f, false), 0);
    assert_int_equal(OPS->name_id(&any, "/b/f"), id);
}

void changes_and_their_refusals(void **state)
{
    struct store_stat st;

    (void)state;
    any_put("/f", "f");
    any_put("/g", "g");
    any_folder("/d");
    assert_int_equal(ANY_CHANGE(.verb = STORE_MKDIR, .path = "/d"), -EEXIST);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MKDIR, .path = "/f"), -EEXIST);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MKDIR, .path = "/none/d"), -ENOENT);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MKDIR, .path = "/f/d"), -ENOTDIR);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/f", .to = "/d"), -EISDIR);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/d", .to = "/f"), -ENOTDIR);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/none", .to = "/h"), -ENOENT);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/f", .to = "/none/h"), -ENOENT);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/f", .to = "/f"), 0);
    any_is("/f", "f");
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/f", .to = "/d/f"), 0);
    assert_int_equal(any_kind("/f"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = "/d"), -ENOTEMPTY);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = "/d"), -EISDIR);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/d/f", .to = "/g"), 0);
    any_is("/g", "f");
    assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = "/g"), -ENOTDIR);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MODE, .path = "/d", .mode = 0700), 0);
    assert_int_equal(stat_of("/d").mode, 0700);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = "/d"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = "/d"), -ENOENT);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MTIME, .path = "/g", .mtime = 86400), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MODE, .path = "/g", .mode = 0640), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MTIME, .path = "/none", .mtime = 86400), -ENOENT);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MODE, .path = "/none", .mode = 0640), -ENOENT);
    st = stat_of("/g");
    assert_int_equal(st.mtime, 86400);
    assert_int_equal(st.mode, 0640);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = "/g"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = "/g"), -ENOENT);
    assert_int_equal(any_count("/"), 0);
}

void no_folder_moves_into_itself(void **state)
{
    (void)state;
    any_folder("/a");
    any_folder("/a/b");
    any_folder("/a/b/c");
    any_folder("/ab");
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/a", .to = "/a/x"), -EINVAL);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/a", .to = "/a/b/c/x"), -EINVAL);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/a/b", .to = "/a/b/b"), -EINVAL);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/a/b/c", .to = "/a/c"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/a", .to = "/ab/a"), 0);
    assert_int_equal(any_kind("/ab/a/b"), STORE_DIR);
    assert_int_equal(any_kind("/ab/a/c"), STORE_DIR);
    assert_int_equal(any_count("/"), 1);
}

void looking_says_what_stands_there(void **state)
{
    struct file *f;
    struct store_found found = { 0 };

    (void)state;
    any_put("/f", "content");
    any_folder("/d");
    assert_int_equal(OPS->look(&any, "/f", &found), 0);
    assert_int_equal(found.stat.size, 7);
    assert_int_equal(found.stat.kind, STORE_FILE);
    assert_int_equal(found.stat.ino, stat_of("/f").ino);
    assert_int_equal(OPS->look(&any, "/d", &found), -EISDIR);
    assert_int_equal(OPS->look(&any, "/", &found), -EISDIR);
    assert_int_equal(OPS->look(&any, "/none", &found), -ENOENT);
    assert_int_equal(OPS->look(&any, "/none/f", &found), -ENOENT);
    f = begin("/d/f", "");
    assert_int_equal(f->ops->look(f, &found), -ENOENT);
    any_put("/d/f", "longer content");
    assert_int_equal(f->ops->look(f, &found), 0);
    assert_int_equal(found.stat.size, 14);
    file_close(&f);
}

void long_names(void **state)
{
    char path[2 * NAME_CAP + 3] = "/";

    (void)state;
    memset(path + 1, 'd', NAME_CAP);
    any_folder(path);
    path[NAME_CAP + 1] = '/';
    memset(path + NAME_CAP + 2, 'f', NAME_CAP);
    assert_int_equal(any_put(path, "content"), 0);
    any_is(path, "content");
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = path, .to = "/short"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/short", .to = path), 0);
    any_is(path, "content");
    path[NAME_CAP + 1] = '\0';
    assert_int_equal(any_count(path), 1);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = path), -ENOTEMPTY);
}

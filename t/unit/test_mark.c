/* mark: what is printed comes back, whatever the account is called; what came from elsewhere is refused; a newer version's
 * fields are passed over; and the usual mark is short enough for an ext4 inode. */
#include "wire/mark.h"
#include "unit.h"

static struct mark usual(void)
{
    struct mark m = { .account = "anonymous", .size = 1 << 30, .mtime_ns = 1764096600123456789, .ino = 0x1A2B3C,
                      .gen = 0xDEADBEEF, .sums.has = SUM_BIT(SUM_CRC32), .sums.of[SUM_CRC32] = { 0x7D, 0x3A, 0x10, 0xF2 } };

    return m;
}

static bool same(const struct mark *a, const struct mark *b)
{
    if (a->sums.has != b->sums.has || strcmp(a->account, b->account) || a->size != b->size || a->mtime_ns != b->mtime_ns ||
        a->ino != b->ino || a->gen != b->gen)
        return false;
    for (enum sum_id id = 0; id < SUMS; id++)
        if (a->sums.has & SUM_BIT(id) && !sum_same(&a->sums, &b->sums, id))
            return false;
    return true;
}

static void comes_back(const struct mark *m)
{
    char text[MARK_MAX];
    struct buf b = BUF(text);
    struct mark again;

    mark_print(&b, m);
    assert_false(b.over);
    same_int(buf_cstr(&b), 0, mark_parse(buf_span(&b), &again), 0);
    assert_true(same(m, &again));
}

static void the_form(void **state)
{
    struct mark m = usual();
    char text[MARK_MAX];
    struct buf b = BUF(text);

    (void)state;
    mark_print(&b, &m);
    same_text("print", 0, buf_span(&b), "1 s40000000 t187b5482dfd53d15 i1a2b3c gdeadbeef aanonymous c7d3a10f2");
    assert_true(b.len <= 68); /* what an ext4 inode of 256 bytes has room for */
    comes_back(&m);
}

static void extremes(void **state)
{
    static const struct mark rows[] = {
        { .size = 0 },
        { .size = INT64_MAX, .mtime_ns = INT64_MAX, .ino = UINT64_MAX, .gen = UINT64_MAX },
        { .mtime_ns = -1 },
        { .mtime_ns = INT64_MIN },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        comes_back(&rows[i]);
}

static void any_account(void **state)
{
    struct mark m = usual();

    (void)state;
    for (int first = 1; first < 256; first++) {
        for (int i = 0; i < MARK_ACCOUNT; i++)
            m.account[i] = (char)((first + i) % 255 + 1);
        comes_back(&m);
    }
    strcpy(m.account, "a b%20 c7d3a10f3");
    comes_back(&m);
}

static void the_longest_fits(void **state)
{
    struct mark m = { .size = INT64_MAX, .mtime_ns = INT64_MIN, .ino = UINT64_MAX, .gen = UINT64_MAX,
                      .sums.has = (1u << SUMS) - 1 };
    char text[MARK_MAX];

    (void)state;
    memset(m.account, ' ', MARK_ACCOUNT);
    memset(m.sums.of, 0xAB, sizeof m.sums.of);
    comes_back(&m);
    for (size_t cap = 0; cap < 540; cap++) {
        struct buf b = { .at = text, .cap = cap };

        mark_print(&b, &m);
        assert_true(b.over);
        same_int("nothing of it", cap, (long long)b.len, 0);
    }
}

static void newer_versions(void **state)
{
    static const char *const rows[] = {
        "1 s40000000 t187b5482dfd53d15 i1a2b3c gdeadbeef aanonymous c7d3a10f2 zsomething q",
        "1 z s40000000 y=%% t187b5482dfd53d15 c7d3a10f2 i1a2b3c gdeadbeef aanonymous",
        "1 aanonymous c7D3A10F2 gdeadbeef i01a2b3c s40000000 t187b5482dfd53d15",
    };
    struct mark want = usual();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mark m;

        same_int(rows[i], i, mark_parse(span_of(rows[i]), &m), 0);
        assert_true(same(&m, &want));
    }
}

static void no_marks(void **state)
{
    static const char *const rows[] = {
        "", "1", "2 s1 t1 i1 g1", "11 s1 t1 i1 g1", " 1 s1 t1 i1 g1", "s1 t1 i1 g1", "1 s1 t1 i1", "1 s1 t1 g1", "1 s1 i1 g1",
        "1 t1 i1 g1", "1  s1 t1 i1 g1", "1 s1 t1 i1 g", "1 s t1 i1 g1", "1 s-1 t1 i1 g1", "1 s8000000000000000 t1 i1 g1",
        "1 s1 t8000000000000000 i1 g1", "1 s1 t-8000000000000001 i1 g1", "1 s1 t--1 i1 g1", "1 s1 t i1 g1", "1 s1 t- i1 g1",
        "1 s1 t1 i10000000000000000 g1", "1 s1 t1 i1 g1 c1", "1 s1 t1 i1 g1 c7d3a10f2a", "1 s1 t1 i1 g1 k7d3a10f2",
        "1 s1 t1 i1 g1 m", "1 s1 t1 i1 g1 a%", "1 s1 t1 i1 g1 a%2", "1 s1 t1 i1 g1 a%00", "1 s1 t1 i1 g1 a%2G", "1 sx t1 i1 g1",
        "1 s1 t1 i1 g1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1 s1\n t1 i1 g1", "1 s+1 t1 i1 g1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mark m = usual(), before = usual();

        same_int(rows[i], i, mark_parse(span_of(rows[i]), &m), -EBADMSG);
        assert_true(same(&m, &before));
    }
    assert_int_equal(mark_parse((struct span){ "1 s1 t1 i1 g1 a\0", 16 }, &(struct mark){ 0 }), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form), cmocka_unit_test(extremes), cmocka_unit_test(any_account),
        cmocka_unit_test(the_longest_fits), cmocka_unit_test(newer_versions), cmocka_unit_test(no_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

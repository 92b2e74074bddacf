/* tar: headers against what POSIX says. Whole archives are opened by other programs in t/e2e/test_http_archive.py. */
#include "unit.h"
#include "wire/tar.h"

static char room[TAR_HEAD_MAX];
static struct buf b;

static struct buf *print(struct tar_entry e)
{
    b = BUF(room);
    tar_print(&b, &e);
    assert_false(b.over);
    return &b;
}

static void same_field(size_t block, size_t at, const char *want)
{
    const char *got = room + block * TAR_BLOCK + at;

    if (strcmp(got, want) != 0)
        fail_msg("at %zu of block %zu: \"%s\", want \"%s\"", at, block, got, want);
}

static void sum_holds(size_t block)
{
    const unsigned char *at = (const unsigned char *)room + block * TAR_BLOCK;
    unsigned sum = 0;

    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : at[i];
    assert_int_equal(strtoul((const char *)at + 148, NULL, 8), sum);
}

static void a_file_and_a_folder(void **state)
{
    (void)state;
    assert_int_equal(print((struct tar_entry){ .name = SPAN("a/b"), .mode = 0640, .mtime = 8, .size = 9 })->len, TAR_BLOCK);
    same_field(0, 0, "a/b");
    same_field(0, 100, "0000640");
    same_field(0, 108, "0000000");
    same_field(0, 124, "00000000011");
    same_field(0, 136, "00000000010");
    assert_int_equal(room[156], '0');
    assert_memory_equal(room + 257, "ustar\00000", 8);
    sum_holds(0);
    print((struct tar_entry){ .name = SPAN("a/"), .folder = true, .mode = 07755 });
    assert_int_equal(room[156], '5');
    same_field(0, 100, "0000755");
    sum_holds(0);
}

static void what_ustar_cannot_say(void **state)
{
    static char name[150];
    static const struct {
        struct tar_entry e;
        const char *records;
    } rows[] = {
        { { .name = SPAN("\xc3\xa9") }, "11 path=\xc3\xa9\n" },
        { { .name = SPAN("\xff") }, "21 hdrcharset=BINARY\n9 path=\xff\n" },
        { { .name = SPAN("a\nb") }, "12 path=a\nb\n" },
        { { .name = SPAN("a"), .mtime = -1 }, "12 mtime=-1\n" },
        { { .name = SPAN("a"), .mtime = INT64_C(8589934592) }, "20 mtime=8589934592\n" },
        { { .name = SPAN("a"), .size = INT64_C(8589934592) }, "19 size=8589934592\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char size[24];

        same_int("length", i, (long long)print(rows[i].e)->len, 3 * TAR_BLOCK);
        assert_int_equal(room[156], 'x');
        snprintf(size, sizeof size, "%011zo", strlen(rows[i].records));
        same_field(0, 124, size);
        same_text("records", i, (struct span){ room + TAR_BLOCK, strlen(rows[i].records) }, rows[i].records);
        sum_holds(0);
        sum_holds(2);
    }
    memset(name, 'n', sizeof name);
    print((struct tar_entry){ .name = { name, 100 } });
    assert_int_equal(b.len, TAR_BLOCK);
    print((struct tar_entry){ .name = { name, 101 } });
    same_span("records", 0, (struct span){ room + TAR_BLOCK, 15 }, SPAN("111 path=nnnnnn"));
}

/* Lengths of records around 100 and 1000, where a digit more makes them longer still. */
static void a_record_counts_itself(void **state)
{
    static char name[PATH_CAP];

    (void)state;
    memset(name, '\x7f', sizeof name);
    for (size_t len = 1; len <= sizeof name; len++) {
        char *end;
        unsigned long said;

        print((struct tar_entry){ .name = { name, len }, .mtime = INT64_MIN, .size = INT64_MAX });
        said = strtoul(room + TAR_BLOCK, &end, 10);
        assert_memory_equal(end, " path=", 6);
        assert_int_equal(room[TAR_BLOCK + said - 1], '\n');
        assert_int_equal(end + 6 + len + 1 - (room + TAR_BLOCK), said);
    }
}

static void no_room_is_said(void **state)
{
    struct tar_entry e = { .name = SPAN("\xc3\xa9") };

    (void)state;
    for (size_t cap = 0; cap < 3 * (size_t)TAR_BLOCK; cap++) {
        b = (struct buf){ .at = room, .cap = cap };
        tar_print(&b, &e);
        assert_true(b.over && b.len <= cap);
    }
}

static void padding(void **state)
{
    (void)state;
    assert_int_equal(tar_padding(0), 0);
    assert_int_equal(tar_padding(1), 511);
    assert_int_equal(tar_padding(512), 0);
    assert_int_equal(tar_padding((INT64_C(1) << 40) + 511), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_and_a_folder),
        cmocka_unit_test(what_ustar_cannot_say),
        cmocka_unit_test(a_record_counts_itself),
        cmocka_unit_test(no_room_is_said),
        cmocka_unit_test(padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* zip: each record against what the APPNOTE says, byte for byte, and the numbers that do not fit 32 bits. Whole archives are opened by
 * other programs in t/e2e/test_http_archive.py. */
#include "unit.h"
#include "wire/zip.h"

static char room[2 * ZIP_RECORD_MAX];
static struct buf b;

static struct buf *fresh(void)
{
    b = BUF(room);
    return &b;
}

static uint64_t number(size_t at, unsigned bytes)
{
    uint64_t value = 0;

    assert_true(at + bytes <= b.len);
    while (bytes--)
        value = value << 8 | (unsigned char)room[at + bytes];
    return value;
}

/* The field of an entry with this number, in [at, at + len): where its content is; 0: there is none. */
static size_t field(size_t at, size_t len, unsigned id, size_t *size)
{
    for (size_t end = at + len; at < end; at += 4 + *size) {
        *size = number(at + 2, 2);
        if (number(at, 2) == id)
            return at + 4;
    }
    return 0;
}

static void a_small_entry(void **state)
{
    struct zip_entry e = { .name = SPAN("a/b"), .mode = 0640, .mtime = 1000000001, .size = 5, .crc = 0xAABBCCDD };

    (void)state;
    zip_print_local(fresh(), &e);
    same_span(
        "local", 0, buf_span(&b),
        SPAN("PK\3\4\x14\0\0\x08\0\0\xd4\x0d\x29\x2b\xdd\xcc\xbb\xaa\5\0\0\0\5\0\0\0\3\0\x09\0a/bUT\5\0\1\1\xca\x9a\x3b"));
    assert_int_equal(zip_local_len(&e), b.len);
    assert_int_equal(zip_entry_len(&e), b.len + 5);
    zip_print_central(fresh(), &e, 77);
    same_span(
        "central", 0, buf_span(&b),
        SPAN("PK\1\2\x2d\3\x14\0\0\x08\0\0\xd4\x0d\x29\x2b\xdd\xcc\xbb\xaa\5\0\0\0\5\0\0\0\3\0\x09\0\0\0\0\0\0\0\0\0\xa0\x81"
             "M\0\0\0a/bUT\5\0\1\1\xca\x9a\x3b"));
}

static void a_sum_that_comes_later(void **state)
{
    struct zip_entry e = { .name = SPAN("\xc3\xa9"), .late = true, .size = 7, .crc = 1 };

    (void)state;
    zip_print_local(fresh(), &e);
    assert_int_equal(number(6, 2), 1 << 3 | 1 << 11); /* and the name is UTF-8 */
    assert_int_equal(number(14, 4), 0);
    assert_int_equal(number(18, 4), 7);
    assert_int_equal(zip_entry_len(&e), b.len + 7 + 16);
    zip_print_descriptor(fresh(), &e);
    same_span("descriptor", 0, buf_span(&b), SPAN("PK\7\x08\1\0\0\0\7\0\0\0\7\0\0\0"));
    zip_print_central(fresh(), &e, 0);
    assert_int_equal(number(16, 4), 1);
}

static void a_folder_and_a_name_that_is_no_text(void **state)
{
    struct zip_entry e = { .name = SPAN("\xff/"), .folder = true, .mode = 07755 };

    (void)state;
    zip_print_central(fresh(), &e, 0);
    assert_int_equal(number(8, 2), 0);
    assert_int_equal(number(38, 4), 040755u << 16 | 0x10);
}

static void more_than_four_gigabytes(void **state)
{
    const int64_t size = INT64_C(5) << 30, at = INT64_C(7) << 30;
    struct zip_entry e = { .name = SPAN("x"), .late = true, .size = size, .crc = 9 };
    size_t len, where;

    (void)state;
    zip_print_local(fresh(), &e);
    assert_int_equal(zip_local_len(&e), b.len);
    assert_int_equal(zip_entry_len(&e), (int64_t)b.len + size + 24);
    assert_int_equal(number(4, 2), 45);
    assert_int_equal(number(18, 4), UINT32_MAX);
    where = field(31, number(28, 2), 1, &len);
    assert_int_equal(len, 16);
    assert_int_equal(number(where, 8), size);
    assert_int_equal(number(where + 8, 8), size);
    zip_print_descriptor(fresh(), &e);
    assert_int_equal(b.len, 24);
    assert_int_equal(number(16, 8), size);
    zip_print_central(fresh(), &e, at);
    where = field(47, number(30, 2), 1, &len);
    assert_int_equal(len, 24);
    assert_int_equal(number(where + 16, 8), at);
    assert_int_equal(number(42, 4), UINT32_MAX);
    e.size = 1;
    zip_print_central(fresh(), &e, at);
    where = field(47, number(30, 2), 1, &len);
    assert_int_equal(len, 8);
    assert_int_equal(number(where, 8), at);
}

static void the_edge(void **state)
{
    struct zip_entry e = { .name = SPAN("x"), .size = UINT32_MAX - INT64_C(1) };
    size_t len;

    (void)state;
    zip_print_central(fresh(), &e, UINT32_MAX - INT64_C(1));
    assert_int_equal(field(47, number(30, 2), 1, &len), 0);
    e.size++;
    zip_print_central(fresh(), &e, UINT32_MAX);
    assert_true(field(47, number(30, 2), 1, &len) && len == 24);
    assert_int_equal(b.len, 47 + number(30, 2));
}

static void the_end(void **state)
{
    (void)state;
    zip_print_end(fresh(), 3, 1000, 1100);
    same_span("end", 0, buf_span(&b), SPAN("PK\5\6\0\0\0\0\3\0\3\0\x64\0\0\0\xe8\3\0\0\0\0"));
    zip_print_end(fresh(), 65535, 1000, 1100);
    assert_int_equal(b.len, 56 + 20 + 22);
    assert_int_equal(number(0, 4), 0x06064b50);
    assert_int_equal(number(32, 8), 65535);
    assert_int_equal(number(40, 8), 100);
    assert_int_equal(number(48, 8), 1000);
    assert_int_equal(number(56, 4), 0x07064b50);
    assert_int_equal(number(64, 8), 1100);
    assert_int_equal(number(76 + 8, 2), 65535);
    zip_print_end(fresh(), 1, INT64_C(1) << 32, (INT64_C(1) << 32) + 9);
    assert_int_equal(b.len, 56 + 20 + 22);
    assert_int_equal(number(76 + 16, 4), UINT32_MAX);
}

/* DOS counts from 1980 and by two seconds; 32 bits of seconds end in 2038. */
static void times(void **state)
{
    static const struct {
        int64_t mtime;
        uint32_t dos;
        bool exact;
    } rows[] = {
        { 0, 0x00210000, true },
        { 315532800, 0x00210000, true },
        { 951782399, 0x285CBF7D, true }, /* 2000-02-28 23:59:59 */
        { 1000000001, 0x2B290DD4, true },
        { INT64_C(2147483648), 0x743319C4, false },
        { INT64_C(9999999999), 0xFF9FBF7D, false },
        { -INT64_C(9999999999), 0x00210000, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zip_entry e = { .name = SPAN("x"), .mtime = rows[i].mtime };

        zip_print_local(fresh(), &e);
        same_int("dos", i, (long long)number(10, 4), rows[i].dos);
        same_int("exact", i, number(28, 2) != 0, rows[i].exact);
        same_int("length", i, (long long)zip_local_len(&e), (long long)b.len);
    }
}

static void the_longest_name_fits(void **state)
{
    static char name[PATH_CAP];
    struct zip_entry e = { .name = { name, sizeof name }, .size = INT64_MAX / 4 };

    (void)state;
    memset(name, 'n', sizeof name);
    zip_print_central(fresh(), &e, INT64_MAX / 4);
    assert_true(b.len <= ZIP_RECORD_MAX && !b.over);
    assert_int_equal(number(28, 2), PATH_CAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_entry),
        cmocka_unit_test(a_sum_that_comes_later),
        cmocka_unit_test(a_folder_and_a_name_that_is_no_text),
        cmocka_unit_test(more_than_four_gigabytes),
        cmocka_unit_test(the_edge),
        cmocka_unit_test(the_end),
        cmocka_unit_test(times),
        cmocka_unit_test(the_longest_name_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

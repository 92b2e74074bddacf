/* sums: names in every spelling, hexadecimal there and back, and what is no checksum. */
#include "base/sums.h"
#include "unit.h"

static void names(void **state)
{
    static const struct {
        const char *name;
        enum sum_id id;
    } rows[] = {
        { "SHA-256", SUM_SHA256 }, { "sha256", SUM_SHA256 }, { "Sha-256", SUM_SHA256 }, { "SHA-512", SUM_SHA512 },
        { "SHA512", SUM_SHA512 },  { "SHA-1", SUM_SHA1 },    { "sha1", SUM_SHA1 },      { "MD5", SUM_MD5 },
        { "md5", SUM_MD5 },        { "CRC32", SUM_CRC32 },   { "crc32", SUM_CRC32 },    { "", SUMS },
        { "SHA", SUMS },           { "SHA-", SUMS },         { "SHA--256", SUMS },      { "SHA-2567", SUMS },
        { "-SHA256", SUMS },       { "MD-5", SUMS },         { "CRC-32", SUMS },        { " MD5", SUMS },
        { "CRC", SUMS },           { "SHA-384", SUMS },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        same_int(rows[i].name, i, sum_find(span_of(rows[i].name)), rows[i].id);
    for (enum sum_id id = 0; id < SUMS; id++)
        same_int("its own name", id, sum_find(span_of(sum_kinds[id].name)), id);
}

static void there_and_back(void **state)
{
    (void)state;
    for (enum sum_id id = 0; id < SUMS; id++) {
        struct sums sums = { .has = SUM_BIT(id) }, again = { .has = 0 };
        char text[2 * SUM_MAX], upper[2 * SUM_MAX];
        struct buf b = BUF(text), u = BUF(upper);

        for (unsigned i = 0; i < sum_kinds[id].len; i++)
            sums.of[id][i] = (unsigned char)(i * 37 + 0x9A);
        sum_print(&b, &sums, id);
        same_int("length", id, (long long)b.len, 2 * sum_kinds[id].len);
        same_span("begin", id, (struct span){ text, 6 }, SPAN("9abfe4"));
        assert_int_equal(sum_parse(buf_span(&b), id, &again), 0);
        assert_int_equal(again.has, SUM_BIT(id));
        assert_true(sum_same(&sums, &again, id));
        sum_print_upper(&u, &sums, id);
        same_span("begin", id, (struct span){ upper, 6 }, SPAN("9ABFE4"));
        again.of[id][sum_kinds[id].len - 1] ^= 1;
        assert_false(sum_same(&sums, &again, id));
        assert_int_equal(sum_parse(buf_span(&u), id, &again), 0);
        assert_true(sum_same(&sums, &again, id));
    }
}

static void several_live_together(void **state)
{
    struct sums sums = { .has = 0 };

    (void)state;
    assert_int_equal(sum_parse(SPAN("cbf43926"), SUM_CRC32, &sums), 0);
    assert_int_equal(sum_parse(SPAN("25f9e794323b453885f5181f1b624d0b"), SUM_MD5, &sums), 0);
    assert_int_equal(sums.has, SUM_BIT(SUM_CRC32) | SUM_BIT(SUM_MD5));
    assert_memory_equal(sums.of[SUM_CRC32], "\xCB\xF4\x39\x26", 4);
}

static void no_sums(void **state)
{
    static const char *const rows[] = {
        "", "c", "cbf4392", "cbf439266", "cbf4392g", "cbf4392 ", " cbf4392", "0xcbf439", "-bf43926", "cbf4/926", "cbf4:926",
        "cbf4@926", "cbf4`926", "cbf4\n926",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sums sums = { .has = SUM_BIT(SUM_MD5), .of[SUM_CRC32] = { 1, 2, 3, 4 } };

        same_int(rows[i], i, sum_parse(span_of(rows[i]), SUM_CRC32, &sums), -EINVAL);
        same_int("untouched", i, sums.has, SUM_BIT(SUM_MD5));
        assert_memory_equal(sums.of[SUM_CRC32], "\1\2\3\4", 4);
    }
}

static void too_small_a_buffer(void **state)
{
    char text[7];
    struct buf b = BUF(text);

    (void)state;
    sum_print(&b, &(struct sums){ .has = SUM_BIT(SUM_CRC32) }, SUM_CRC32);
    assert_true(b.over);
    assert_int_equal(b.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names), cmocka_unit_test(there_and_back), cmocka_unit_test(several_live_together),
        cmocka_unit_test(no_sums), cmocka_unit_test(too_small_a_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

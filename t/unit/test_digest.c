/* digest: known checksums, any split of the content, a seeded CRC32, and a CRC32 of every length around the edges of its wide
 * loop against one that takes a bit at a time, and the CRC32 of two pieces from those of each. */
#include "sys/digest.h"

#include "sys/crc32.h"
#include "unit.h"

enum { ALL = (1 << SUMS) - 1 };

static void same_sum(const char *what, size_t row, const struct sums *s, enum sum_id id, const char *want)
{
    char text[2 * SUM_MAX];
    struct buf b = BUF(text);

    assert_true(s->has & SUM_BIT(id));
    sum_print(&b, s, id);
    same_text(what, row, buf_span(&b), want);
}

/* FIPS 180-4, RFC 1321 and the usual check value of CRC32; the others from coreutils. */
static void known(void **state)
{
    static const struct {
        const char *text, *sum[SUMS];
    } rows[] = {
        { "", { [SUM_SHA256] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                [SUM_SHA512] = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f"
                               "63b931bd47417a81a538327af927da3e",
                [SUM_SHA1] = "da39a3ee5e6b4b0d3255bfef95601890afd80709", [SUM_MD5] = "d41d8cd98f00b204e9800998ecf8427e",
                [SUM_CRC32] = "00000000" } },
        { "abc", { [SUM_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                   [SUM_SHA512] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
                                  "454d4423643ce80e2a9ac94fa54ca49f",
                   [SUM_SHA1] = "a9993e364706816aba3e25717850c26c9cd0d89d", [SUM_MD5] = "900150983cd24fb0d6963f7d28e17f72",
                   [SUM_CRC32] = "352441c2" } },
        { "123456789", { [SUM_SHA256] = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
                         [SUM_SHA512] = "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d4"
                                        "99c95455b6b5bb503acf574fba8ffe85",
                         [SUM_SHA1] = "f7c3bc1d808e04732adf679965ccc34ca7ae3441", [SUM_MD5] = "25f9e794323b453885f5181f1b624d0b",
                         [SUM_CRC32] = "cbf43926" } },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct digest d;
        struct sums sums;

        assert_int_equal(digest_begin(&d, ALL), 0);
        digest_add(&d, rows[i].text, strlen(rows[i].text));
        digest_end(&d, &sums);
        assert_int_equal(sums.has, ALL);
        for (enum sum_id id = 0; id < SUMS; id++)
            same_sum(sum_kinds[id].name, i, &sums, id, rows[i].sum[id]);
    }
}

static void fill(unsigned char *at, size_t len)
{
    uint32_t x = 12345;

    for (size_t i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        at[i] = (unsigned char)(x >> 24);
    }
}

static void any_split(void **state)
{
    enum { LEN = 5000 };
    static unsigned char data[LEN];
    struct sums whole;
    struct digest d;

    (void)state;
    fill(data, LEN);
    assert_int_equal(digest_begin(&d, ALL), 0);
    digest_add(&d, data, LEN);
    digest_end(&d, &whole);
    for (size_t first = 0; first <= LEN; first += 61) {
        struct sums parts;

        assert_int_equal(digest_begin(&d, ALL), 0);
        digest_add(&d, data, first);
        for (size_t at = first; at < LEN; at += 700)
            digest_add(&d, data + at, LEN - at < 700 ? LEN - at : 700);
        digest_end(&d, &parts);
        for (enum sum_id id = 0; id < SUMS; id++)
            same_int(sum_kinds[id].name, first, sum_same(&whole, &parts, id), true);
    }
}

static void seeded(void **state)
{
    enum { LEN = 3000 };
    static unsigned char data[LEN];

    (void)state;
    fill(data, LEN);
    for (size_t first = 0; first <= LEN; first += 97) {
        struct sums before, sums, whole;
        struct digest d;

        assert_int_equal(digest_begin(&d, ALL), 0);
        digest_add(&d, data, first);
        digest_end(&d, &before);
        assert_int_equal(digest_begin(&d, SUM_BIT(SUM_CRC32)), 0);
        digest_seed_crc(&d, &before);
        digest_add(&d, data + first, LEN - first);
        digest_end(&d, &sums);
        assert_int_equal(digest_begin(&d, SUM_BIT(SUM_CRC32)), 0);
        digest_add(&d, data, LEN);
        digest_end(&d, &whole);
        same_int("only this one", first, sums.has, SUM_BIT(SUM_CRC32));
        assert_true(sum_same(&sums, &whole, SUM_CRC32));
    }
}

static void only_what_was_asked(void **state)
{
    struct digest d;
    struct sums sums;

    (void)state;
    for (unsigned which = 0; which <= ALL; which++) {
        assert_int_equal(digest_begin(&d, which), 0);
        digest_add(&d, "abc", 3);
        digest_end(&d, &sums);
        same_int("has", which, sums.has, which);
        assert_int_equal(digest_begin(&d, which), 0);
        digest_drop(&d);
        digest_drop(&d); /* also one that has ended */
    }
    d = (struct digest){ 0 };
    digest_add(&d, "abc", 3);
    digest_drop(&d);
}

/* x^32 + ... + 1 with its bits reversed, a bit at a time. */
static uint32_t slow_crc(uint32_t crc, const unsigned char *at, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static void every_length(void **state)
{
    enum { LEN = 2200 };
    unsigned char *data = malloc(LEN + 3);

    (void)state;
    assert_non_null(data);
    fill(data, LEN + 3);
    for (size_t len = 0; len < LEN; len++) {
        const unsigned char *at = data + len % 4; /* also where nothing is aligned */
        uint32_t seed = len % 3 ? (uint32_t)len * 2654435761u : 0;
        unsigned char *exact = malloc(len + !len); /* for the sanitizer */

        assert_non_null(exact);
        memcpy(exact, at, len);
        same_int("crc", len, crc32_add(seed, exact, len), slow_crc(seed, at, len));
        free(exact);
    }
    free(data);
}

static void a_large_one(void **state)
{
    enum { LEN = (1 << 20) + 77 };
    unsigned char *data = malloc(LEN);

    (void)state;
    assert_non_null(data);
    fill(data, LEN);
    assert_int_equal(crc32_add(0, data, LEN), slow_crc(0, data, LEN));
    free(data);
}

static void joined(void **state)
{
    enum { LEN = 70000 };
    unsigned char *data = malloc(LEN);
    uint32_t zeros = 0;

    (void)state;
    assert_non_null(data);
    fill(data, LEN);
    for (size_t first = 0; first <= LEN; first += first < 300 ? 1 : 6971) {
        uint32_t a = crc32_add(0, data, first), b = crc32_add(0, data + first, LEN - first);

        same_int("joined", first, crc32_join(a, b, LEN - first), crc32_add(0, data, LEN));
        same_int("nothing behind it", first, crc32_join(a, 0, 0), a);
    }
    memset(data, 0, LEN);
    for (int i = 0; i < 1 << 17; i++) /* more than 2^32 bytes */
        zeros = crc32_add(zeros, data, 1 << 15);
    assert_int_equal(crc32_join(crc32_add(0, data, 77), zeros, 1ULL << 32), crc32_add(zeros, data, 77));
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known), cmocka_unit_test(any_split), cmocka_unit_test(seeded),
        cmocka_unit_test(only_what_was_asked), cmocka_unit_test(every_length), cmocka_unit_test(a_large_one),
        cmocka_unit_test(joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

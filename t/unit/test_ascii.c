/* ascii: each sample whole, and split at every position and byte by byte, which must not make a difference. */
#include "wire/ascii.h"
#include "unit.h"

typedef size_t convert(struct ascii *st, const char *in, size_t n, char *out);

/* Converts in pieces that end at a and b, each into a buffer of exactly the promised size, for the sanitizer. */
static size_t convert_split(convert *fn, struct span in, size_t a, size_t b, char *out, struct ascii *st)
{
    size_t at[] = { 0, a, b, in.len }, put = 0;

    for (int i = 0; i < 3; i++) {
        size_t n = at[i + 1] - at[i], cap = fn == ascii_encode ? 2 * n : n + 1, got;
        char *exact = malloc(cap ? cap : 1);

        assert_non_null(exact);
        got = fn(st, in.at + at[i], n, exact);
        assert_true(got <= cap);
        memcpy(out + put, exact, got);
        put += got;
        free(exact);
    }
    return put;
}

static void every_split(convert *fn, size_t row, struct span in, struct span want)
{
    char out[256];

    for (size_t a = 0; a <= in.len; a++) {
        for (size_t b = a; b <= in.len; b++) {
            struct ascii st = { 0 };
            size_t n = convert_split(fn, in, a, b, out, &st);

            if (fn == ascii_decode)
                n += ascii_decode_end(&st, out + n);
            same_span("split", row, (struct span){ out, n }, want);
        }
    }
}

static void byte_by_byte(convert *fn, size_t row, struct span in, struct span want)
{
    struct ascii st = { 0 };
    char out[256];
    size_t n = 0;

    for (size_t i = 0; i < in.len; i++)
        n += fn(&st, in.at + i, 1, out + n);
    if (fn == ascii_decode)
        n += ascii_decode_end(&st, out + n);
    same_span("byte by byte", row, (struct span){ out, n }, want);
}

struct sample {
    struct span in, out;
};

static void both_ways(convert *fn, const struct sample *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        every_split(fn, i, rows[i].in, rows[i].out);
        byte_by_byte(fn, i, rows[i].in, rows[i].out);
    }
}

#define SAMPLE(a, b) { { a, sizeof(a) - 1 }, { b, sizeof(b) - 1 } }

static void encoding(void **state)
{
    static const struct sample rows[] = {
        SAMPLE("", ""),
        SAMPLE("abc", "abc"),
        SAMPLE("\n", "\r\n"),
        SAMPLE("a\nb\n", "a\r\nb\r\n"),
        SAMPLE("\n\n\n", "\r\n\r\n\r\n"),
        SAMPLE("a\r\nb", "a\r\nb"),
        SAMPLE("\r\n\r\n", "\r\n\r\n"),
        SAMPLE("\r\n\n", "\r\n\r\n"),
        SAMPLE("\r\r\n", "\r\r\n"),
        SAMPLE("a\rb\r", "a\rb\r"),
        SAMPLE("\0\n\0", "\0\r\n\0"),
        SAMPLE("\xFF\n\x85", "\xFF\r\n\x85"),
    };

    (void)state;
    both_ways(ascii_encode, rows, COUNT(rows));
}

static void decoding(void **state)
{
    static const struct sample rows[] = {
        SAMPLE("", ""),
        SAMPLE("abc", "abc"),
        SAMPLE("\r\n", "\n"),
        SAMPLE("a\r\nb\r\n", "a\nb\n"),
        SAMPLE("\n", "\n"),
        SAMPLE("\r", "\r"),
        SAMPLE("\r\r", "\r\r"),
        SAMPLE("\r\r\n", "\r\n"),
        SAMPLE("\r\r\r\n\r", "\r\r\n\r"),
        SAMPLE("\n\r", "\n\r"),
        SAMPLE("\ra\r\n", "\ra\n"),
        SAMPLE("\r\0\r\n", "\r\0\n"),
    };

    (void)state;
    both_ways(ascii_decode, rows, COUNT(rows));
}

static void end_only_once(void **state)
{
    struct ascii st = { 0 };
    char out[2];

    (void)state;
    assert_int_equal(ascii_decode_end(&st, out), 0);
    assert_int_equal(ascii_decode(&st, "\r", 1, out), 0);
    assert_int_equal(ascii_decode_end(&st, out), 1);
    assert_int_equal(out[0], '\r');
    assert_int_equal(ascii_decode_end(&st, out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding), cmocka_unit_test(decoding), cmocka_unit_test(end_only_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* digits: what printf says, and not a byte beyond it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/digits.h"
#include "unit.h"

static void same_as_printf(uint64_t n)
{
    static const struct {
        char *(*put)(char *at, uint64_t n);
        const char *name;
        size_t most;
    } bases[] = {
        { digits_octal, "octal", DIGITS_OCTAL }, { digits_decimal, "decimal", DIGITS_DECIMAL }, { digits_hex, "hex", DIGITS_HEX },
    };
    char want[COUNT(bases)][32];

    snprintf(want[0], sizeof want[0], "%" PRIo64, n);
    snprintf(want[1], sizeof want[1], "%" PRIu64, n);
    snprintf(want[2], sizeof want[2], "%" PRIx64, n);
    for (size_t i = 0; i < COUNT(bases); i++) {
        char out[40] = "";
        size_t len;

        memset(out + 1, '~', sizeof out - 2);
        len = (size_t)(bases[i].put(out + 1, n) - out - 1);
        assert_true(len <= bases[i].most);
        same_text(bases[i].name, (size_t)n, (struct span){ out + 1, len }, want[i]);
        assert_int_equal(out[0], '\0');
        assert_int_equal(out[1 + len], '~');
    }
}

static void every_width(void **state)
{
    uint64_t ten = 1;

    (void)state;
    for (int i = 0; i < 20; i++, ten *= 10)
        for (uint64_t n = ten - 1; n <= ten + 1; n++)
            same_as_printf(n);
    for (unsigned bit = 0; bit < 64; bit++)
        for (int d = -1; d <= 1; d++)
            same_as_printf((UINT64_C(1) << bit) + (uint64_t)d);
    for (uint64_t n = 0; n < 20000; n++)
        same_as_printf(n);
    same_as_printf(UINT64_MAX);
}

static void fixed_widths(void **state)
{
    char out[5] = "....", want[8];

    (void)state;
    for (unsigned n = 0; n < 4096; n++) {
        snprintf(want, sizeof want, "%04o", n);
        assert_ptr_equal(digits_mode(out, n), out + 4);
        assert_string_equal(out, want);
    }
    for (unsigned n = 0; n < 100; n++) {
        snprintf(want, sizeof want, "%02u%.2s", n, out + 2);
        assert_ptr_equal(digits_pair(out, n), out + 2);
        assert_string_equal(out, want);
    }
}

static void buf_number_pads(void **state)
{
    static const struct {
        uint64_t n;
        unsigned base, width;
        char pad;
        const char *out;
    } rows[] = {
        { 0, 10, 1, '0', "0" },      { 0, 10, 0, '0', "0" },         { 7, 10, 3, ' ', "  7" },
        { 1234, 10, 3, ' ', "1234" }, { 0640, 8, 4, '0', "0640" },    { 0xABC, 16, 1, '0', "abc" },
        { UINT64_MAX, 10, 8, ' ', "18446744073709551615" },           { UINT64_MAX, 8, 1, '0', "1777777777777777777777" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[32];
        struct buf b = { .at = out, .cap = strlen(rows[i].out) };

        buf_number(&b, rows[i].n, rows[i].base, rows[i].width, rows[i].pad);
        same_text("number", i, buf_span(&b), rows[i].out);
        b.cap--;
        b.len = 0;
        buf_number(&b, rows[i].n, rows[i].base, rows[i].width, rows[i].pad);
        assert_true(b.over);
        assert_int_equal(b.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_width),
        cmocka_unit_test(fixed_widths),
        cmocka_unit_test(buf_number_pads),
    };

    return cmocka_run_group_tests_name("digits", tests, NULL, NULL);
}

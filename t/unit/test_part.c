/* part: names of what is on its way to a server. */
#include "client/part.h"

#include <stdio.h>

#include "unit.h"

static const char *name_of(const char *there, uint64_t tag)
{
    static char out[1200];
    int n = part_name(span_of(there), tag, out, sizeof out);

    assert_int_equal(n, strlen(out));
    return out;
}

static void a_name_and_its_leaf(void **state)
{
    static const char *const rows[][2] = {
        { "x", "x.00000000000000ab.part" },
        { "/a.b/x.part", "/a.b/x.part.00000000000000ab.part" },
        { "/.x", "/.x.00000000000000ab.part" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span name = span_of(rows[i][1]);

        assert_string_equal(name_of(rows[i][0], 0xab), rows[i][1]);
        assert_int_equal(part_leaf(name), strlen(rows[i][0]));
    }
}

static void what_is_no_such_name(void **state)
{
    static const char *const rows[] = {
        "", "x", "x.part", ".00000000000000ab.part", "x.00000000000000aB.part", "x.0000000000000ab.part", "x00000000000000abc.part",
        "x.00000000000000ab.parts", "x.00000000000000ab-part", "x.000000000000000g.part",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(part_leaf(span_of(rows[i])), 0);
}

/* With the tail it is a name of no more than 255 bytes, and no half character. */
static void a_long_leaf_is_cut(void **state)
{
    char there[300] = "/f/";

    (void)state;
    memset(there + 3, 'l', 255);
    assert_int_equal(part_leaf(span_of(name_of(there, 1) + 3)), PART_LEAF);
    assert_true(strlen(name_of(there, 1) + 3) <= 255);
    for (int at = PART_LEAF - 4; at <= PART_LEAF; at++) {
        size_t leaf;

        memset(there + 3, 'l', 255);
        memcpy(there + 3 + at, "\xf0\x9f\x98\x80", 4);
        leaf = part_leaf(span_of(name_of(there, 1) + 3));
        assert_int_equal(leaf, at == PART_LEAF - 4 || at == PART_LEAF ? PART_LEAF : at);
        assert_true(leaf >= PART_LEAF_CUT);
    }
    memset(there + 3, 'l', 255);
    there[3 + PART_LEAF] = '\0';
    assert_int_equal(part_leaf(span_of(name_of(there, 1) + 3)), PART_LEAF);
}

static void what_does_not_fit_is_none(void **state)
{
    char out[24];

    (void)state;
    assert_int_equal(part_name(SPAN("x"), 1, out, 23), -ENAMETOOLONG);
    assert_int_equal(part_name(SPAN("x"), 1, out, 24), 23);
}

static void a_tag_is_of_all_parts(void **state)
{
    const char *ab_c[] = { "ab", "c" }, *a_bc[] = { "a", "bc" }, *same[] = { "ab", "c" };

    (void)state;
    assert_true(part_tag(ab_c, 2) == part_tag(same, 2));
    assert_true(part_tag(ab_c, 2) != part_tag(a_bc, 2));
    assert_true(part_tag(ab_c, 2) != part_tag(ab_c, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_and_its_leaf), cmocka_unit_test(what_is_no_such_name), cmocka_unit_test(a_long_leaf_is_cut),
        cmocka_unit_test(what_does_not_fit_is_none), cmocka_unit_test(a_tag_is_of_all_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

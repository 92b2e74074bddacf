/* The promises of store/link.h, on every kind of storage (see any_store.h). */
#include "any_store.h"

#include <time.h>

#include "store/link.h"

static const char stamp[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct store as(const char *account)
{
    return store_bind(any.storage, any.task, account, RIGHT_ADD);
}

void a_link_is_found_by_its_number_until_it_ends(void **state)
{
    struct store ann = as("ann");
    char number[LINK_TEXT + 1], other[LINK_TEXT + 1];
    struct link made, found;
    int64_t end = time(NULL) + 100;

    (void)state;
    link_number(number);
    link_number(other);
    assert_string_not_equal(number, other);
    assert_int_equal(link_find(&any, span_of(number), &found), -ENOENT);
    assert_int_equal(link_make(&ann, number, stamp, "/in\nbox", end, &made), 0);
    assert_string_not_equal(made.name, number);
    assert_int_equal(link_find(&any, span_of(number), &found), 0);
    assert_string_equal(found.folder, "/in\nbox");
    assert_string_equal(found.account, "ann");
    assert_string_equal(found.stamp, stamp);
    assert_string_equal(found.name, made.name);
    assert_int_equal(found.end, end);
    link_free(&found);
    /* what stands on the disk does not open it, nor does a path */
    assert_int_equal(link_find(&any, span_of(made.name), &found), -ENOENT);
    assert_int_equal(link_find(&any, span_of(other), &found), -ENOENT);
    assert_int_equal(link_find(&any, SPAN("../../../../../../../../../../ab"), &found), -ENOENT);
    assert_int_equal(link_make(&ann, other, stamp, "/", time(NULL), &made), 0);
    assert_int_equal(link_find(&any, span_of(other), &found), -ENOENT); /* it is over */
    assert_int_equal(any_kind("/.dray-links"), STORE_DIR);
}

void links_are_few_and_their_makers_own(void **state)
{
    struct store ann = as("ann"), bob = as("bob");
    struct link *all = calloc(LINKS_MAX, sizeof *all), one;
    char number[LINK_TEXT + 1];

    (void)state;
    assert_int_equal(link_list(&ann, all), 0);
    for (int i = 0; i < LINKS_MAX + 1; i++) {
        link_number(number);
        assert_int_equal(link_make(&ann, number, stamp, "/", time(NULL) + 100, &one), i < LINKS_MAX ? 0 : -EDQUOT);
    }
    assert_int_equal(link_list(&bob, all), 0);
    assert_int_equal(link_make(&bob, number, stamp, "/", time(NULL) - 1, &one), 0);
    assert_int_equal(link_list(&ann, all), LINKS_MAX);
    assert_int_equal(link_drop(&bob, span_of(all[0].name)), -ENOENT);
    assert_int_equal(link_drop(&ann, SPAN("../../../../../../../../../../ab")), -ENOENT);
    for (int i = 0; i < LINKS_MAX; i++) {
        assert_int_equal(link_drop(&ann, span_of(all[i].name)), 0);
        link_free(&all[i]);
    }
    assert_int_equal(link_drop(&ann, span_of(all[0].name)), -ENOENT);
    assert_int_equal(any_kind("/.dray-links"), 0); /* nothing is left, also of bob's, which was over */
    free(all);
}

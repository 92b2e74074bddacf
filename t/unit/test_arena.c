/* arena: alignment, the ceiling, life after reset. Leaks and overruns are the sanitizers' part. */
#include <stdalign.h>

#include "base/arena.h"
#include "base/piece.h"
#include "unit.h"

static void takings_are_apart_and_aligned(void **state)
{
    struct arena a = { 0 };
    unsigned char *p[200];

    (void)state;
    for (size_t i = 0; i < COUNT(p); i++) {
        p[i] = arena_take(&a, i);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
        memset(p[i], (int)(i & 0xFF), i);
    }
    for (size_t i = 0; i < COUNT(p); i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(p[i][k], i & 0xFF);
    arena_reset(&a);
}

static void zero_bytes_are_a_place(void **state)
{
    struct arena a = { 0 };
    void *first = arena_take(&a, 0), *second = arena_take(&a, 0);

    (void)state;
    assert_non_null(first);
    assert_ptr_not_equal(first, second);
    arena_reset(&a);
}

static void larger_than_a_chunk(void **state)
{
    struct arena a = { 0 };
    char *big = arena_take(&a, 3 * PIECE);

    (void)state;
    assert_non_null(big);
    memset(big, 'x', 3 * PIECE);
    assert_non_null(arena_take(&a, 1));
    arena_reset(&a);
}

static void ceiling(void **state)
{
    struct arena a = { .limit = 1024 };
    int n = 0;

    (void)state;
    assert_null(arena_take(&a, 1025));
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_take(&a, SIZE_MAX - 8));
    while (arena_take(&a, 1))
        n++;
    assert_in_range(n, 1, 1024 / alignof(max_align_t)); /* small takings pay for their alignment */
    arena_reset(&a);
    assert_non_null(arena_take(&a, 1024));
    assert_null(arena_take(&a, 1));
    arena_reset(&a);
}

static void default_ceiling(void **state)
{
    struct arena a = { 0 };

    (void)state;
    assert_null(arena_take(&a, ARENA_LIMIT + 1));
    assert_non_null(arena_take(&a, ARENA_LIMIT));
    assert_null(arena_take(&a, 1));
    arena_reset(&a);
}

static void reset_twice(void **state)
{
    struct arena a = { 0 };

    (void)state;
    arena_reset(&a);
    assert_non_null(arena_take(&a, 10));
    arena_reset(&a);
    arena_reset(&a);
    assert_int_equal(a.used, 0);
    assert_null(a.chunks);
}

static void texts(void **state)
{
    struct arena a = { .limit = 64 };

    (void)state;
    assert_string_equal(arena_text(&a, SPAN("name")), "name");
    assert_string_equal(arena_text(&a, (struct span){ NULL, 0 }), "");
    assert_null(arena_text(&a, (struct span){ "x", 64 }));
    assert_null(arena_text(&a, (struct span){ "x", SIZE_MAX }));
    arena_reset(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takings_are_apart_and_aligned), cmocka_unit_test(zero_bytes_are_a_place),
        cmocka_unit_test(larger_than_a_chunk), cmocka_unit_test(ceiling), cmocka_unit_test(default_ceiling),
        cmocka_unit_test(reset_twice), cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

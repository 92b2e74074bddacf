/* http_page: the first names behind a name, whatever the order in which a folder gives them: against sorting them all. */
#include "unit.h"
#include "proto/http/http_page.h"

enum { NAMES = 500 };

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static unsigned count_behind(char sorted[][12], const char *after, unsigned *first)
{
    *first = 0;
    while (*first < NAMES && strcmp(sorted[*first], after) <= 0)
        ++*first;
    return NAMES - *first;
}

static void check_page(char names[][12], char sorted[][12], unsigned most, const char *after)
{
    struct http_page p;
    unsigned first, left = count_behind(sorted, after, &first);

    assert_int_equal(http_page_begin(&p, most), 0);
    for (unsigned i = 0; i < NAMES; i++)
        http_page_add(&p, span_of(after), span_of(names[i]));
    http_page_end(&p);
    same_int("names", most, p.n, left < most ? left : most);
    same_int("more", most, p.more, left > most);
    for (unsigned i = 0; i < p.n; i++)
        same_text("name", i, span_of(p.name[i]), sorted[first + i]);
    http_page_free(&p);
}

static void as_sorted(void **state)
{
    static const unsigned most[] = { 1, 2, 3, 7, 499, 500, 501, HTTP_PAGE_MAX };
    static char names[NAMES][12], sorted[NAMES][12];
    uint64_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < NAMES; i++) { /* all different, of any bytes, some the beginning of others */
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        snprintf(names[i], sizeof names[i], "%c%03u%s", (char)(1 + (seed >> 33) % 255), i * 7919 % 1000, seed >> 63 ? "\xff" : "");
    }
    memcpy(sorted, names, sizeof names);
    qsort(sorted, NAMES, sizeof *sorted, by_text);
    for (size_t i = 0; i < COUNT(most); i++) {
        check_page(names, sorted, most[i], "");
        check_page(names, sorted, most[i], sorted[250]);
        check_page(names, sorted, most[i], "m");
        check_page(names, sorted, most[i], sorted[NAMES - 1]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(as_sorted) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* base64: the RFC's vectors, and what no encoder makes. */
#include "unit.h"
#include "wire/base64.h"

static void both_ways(void **state)
{
    static const struct {
        const char *plain, *coded;
    } rows[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
                 { "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfb", "//77" }, { "\xfb\xef\xbe", "++++" } };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span plain = span_of(rows[i].plain), bare = span_of(rows[i].coded);
        char text[32], got[32];
        struct buf b = BUF(text);

        base64_print(&b, plain.at, plain.len);
        same_text("coded", i, buf_span(&b), rows[i].coded);
        same_int("length", i, base64_decode(bare, got, sizeof got), (int)plain.len);
        same_span("plain", i, (struct span){ got, plain.len }, plain);
        while (bare.len && bare.at[bare.len - 1] == '=')
            bare.len--;
        same_int("without its end", i, base64_text(bare, got, sizeof got), (int)plain.len);
        same_text("text", i, span_of(got), rows[i].plain);
    }
}

static void refused(void **state)
{
    static const char *const rows[] = { "Z", "Zm9vY", "Zg=", "Zg===", "Zm9v=", "Zm9v====", "=", "Zh==", "Zm9=", "Zm 9v", "Zm-v", "Zm_v", "Zm9v\n", "Zg==Zg==" };
    char got[32];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        same_int(rows[i], i, base64_decode(span_of(rows[i]), got, sizeof got), -EINVAL);
}

static void room(void **state)
{
    char got[4];

    (void)state;
    same_int("fits", 0, base64_decode(SPAN("Zm9vYg=="), got, 4), 4);
    same_int("does not", 0, base64_decode(SPAN("Zm9vYg=="), got, 3), -EINVAL);
    same_int("nor with its NUL", 0, base64_text(SPAN("Zm9vYg=="), got, 4), -EINVAL);
    same_int("fits with it", 0, base64_text(SPAN("Zm9v"), got, 4), 3);
    same_int("in no room", 0, base64_text(SPAN(""), got, 0), -EINVAL);
    same_int("a NUL inside", 0, base64_text(SPAN("AGE="), got, 4), -EINVAL);
    same_int("a NUL is a byte", 0, base64_decode(SPAN("AGE="), got, 4), 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(both_ways), cmocka_unit_test(refused), cmocka_unit_test(room) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

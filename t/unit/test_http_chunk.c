/* http_chunk: sizes that are taken and those that are not. */
#include "unit.h"
#include "wire/http_chunk.h"

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t size;
    } rows[] = {
        { "0", 0, 0 },
        { "1aF", 0, 0x1AF },
        { "5;a=b", 0, 5 },
        { "5 ; a", 0, 5 },
        { "4000000000000000", 0, INT64_C(1) << 62 },
        { "4000000000000001", -EBADMSG, 7 },
        { "ffffffffffffffff", -EBADMSG, 7 },
        { "00000000000000001", -EBADMSG, 7 },
        { "", -EBADMSG, 7 },
        { ";a", -EBADMSG, 7 },
        { " 5", -EBADMSG, 7 },
        { "+5", -EBADMSG, 7 },
        { "0x5", -EBADMSG, 7 },
        { "5 6", -EBADMSG, 7 },
        { "5;\r", -EBADMSG, 7 },
        { "5;\n", -EBADMSG, 7 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t size = 7;

        same_int("result", i, http_chunk_parse(span_of(rows[i].text), &size), rows[i].rc);
        same_int("size", i, size, rows[i].size);
    }
}

static void printing(void **state)
{
    char text[32];
    struct buf b = BUF(text);

    (void)state;
    http_chunk_print(&b, 0);
    http_chunk_print(&b, 0x1AF);
    same_text("lines", 0, buf_span(&b), "0\r\n1af\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sizes), cmocka_unit_test(printing) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

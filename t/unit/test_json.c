/* json: one object on one line, whatever it holds. */
#include "unit.h"
#include "wire/json.h"

static void an_object(void **state)
{
    char text[256];
    struct buf b = BUF(text);

    (void)state;
    json_begin(&b);
    json_text(&b, "event", SPAN("done"));
    json_text(&b, "path", SPAN("a{\"\n\xff"));
    json_number(&b, "bytes", -1);
    json_seconds(&b, "seconds", 1234567890);
    json_bool(&b, "folder", true);
    json_bool(&b, "cut", false);
    json_end(&b);
    same_text("object", 0, buf_span(&b),
              "{\"event\":\"done\",\"path\":\"a{\\\"\\n\xEF\xBF\xBD\",\"bytes\":-1,\"seconds\":1.234,\"folder\":true,\"cut\":false}\n");
}

static void an_empty_one(void **state)
{
    char text[8];
    struct buf b = BUF(text);

    (void)state;
    json_begin(&b);
    json_end(&b);
    same_text("object", 0, buf_span(&b), "{}\n");
    assert_false(b.over);
}

static void too_little_room(void **state)
{
    char text[8];
    struct buf b = BUF(text);

    (void)state;
    json_begin(&b);
    json_text(&b, "event", SPAN("done"));
    json_end(&b);
    assert_true(b.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object),
        cmocka_unit_test(an_empty_one),
        cmocka_unit_test(too_little_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

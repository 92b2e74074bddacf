/* text: UTF-8 at its edges, and no control byte through any printer. */
#include "wire/text.h"
#include "unit.h"

#define S(lit) { (lit), sizeof(lit) - 1 }

static void utf8(void **state)
{
    static const struct {
        struct span in;
        bool want;
    } rows[] = {
        { S(""), true }, { S("abc"), true }, { S("\0"), true }, { S("\x7F"), true },
        { S("\xC2\x80"), true }, { S("\xDF\xBF"), true }, { S("\xE0\xA0\x80"), true }, { S("\xED\x9F\xBF"), true },
        { S("\xEE\x80\x80"), true }, { S("\xEF\xBF\xBF"), true }, { S("\xF0\x90\x80\x80"), true },
        { S("\xF4\x8F\xBF\xBF"), true }, { S("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"), true },
        { S("\x80"), false }, { S("\xBF"), false }, { S("a\xFF"), false }, { S("\xFE"), false },
        { S("\xC0\x80"), false }, { S("\xC0\xAF"), false }, { S("\xC1\xBF"), false },     /* overlong */
        { S("\xE0\x80\xAF"), false }, { S("\xE0\x9F\xBF"), false },
        { S("\xF0\x80\x80\xAF"), false }, { S("\xF0\x8F\xBF\xBF"), false },
        { S("\xED\xA0\x80"), false }, { S("\xED\xBF\xBF"), false },                       /* surrogates */
        { S("\xF4\x90\x80\x80"), false }, { S("\xF5\x80\x80\x80"), false },               /* above U+10FFFF */
        { S("\xF8\x88\x80\x80\x80"), false }, { S("\xFC\x84\x80\x80\x80\x80"), false },
        { S("\xC3"), false }, { S("\xE2\x82"), false }, { S("\xF0\x9F\x98"), false },     /* cut off */
        { S("\xC3" "A"), false }, { S("\xE2\x82" "A"), false }, { S("\xC3\xC3\xBC"), false }, { S("\xC3\xBC\xBC"), false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *exact = malloc(rows[i].in.len + !rows[i].in.len); /* for the sanitizer */

        assert_non_null(exact);
        memcpy(exact, rows[i].in.at, rows[i].in.len);
        same_int("utf8", i, text_is_utf8((struct span){ exact, rows[i].in.len }), rows[i].want);
        free(exact);
    }
    assert_true(text_is_utf8((struct span){ NULL, 0 }));
}

static void printers(void **state)
{
    static const struct {
        struct span in, plain, terminal, quoted, json;
    } rows[] = {
        { S(""), S(""), S(""), S(""), S("\"\"") },
        { S("a b"), S("a b"), S("a b"), S("a b"), S("\"a b\"") },
        { S("\0"), S("?"), S("?"), S("?"), S("\"\\u0000\"") },
        { S("a\r\nb\t"), S("a??b?"), S("a??b?"), S("a??b?"), S("\"a\\r\\nb\\t\"") },
        { S("\b\f\v"), S("???"), S("???"), S("???"), S("\"\\b\\f\\u000B\"") },
        { S("\x1B[31m"), S("?[31m"), S("?[31m"), S("?[31m"), S("\"\\u001B[31m\"") },
        { S("\x7F"), S("?"), S("?"), S("?"), S("\"\\u007F\"") },
        { S("\xC2\x80\xC2\x9B\xC2\x9F"), S("???"), S("???"), S("???"), S("\"\\u0080\\u009B\\u009F\"") },
        { S("\xC2\xA0"), S("\xC2\xA0"), S("\xC2\xA0"), S("\xC2\xA0"), S("\"\xC2\xA0\"") },
        { S("\x9B" "0m"), S("\x9B" "0m"), S("?0m"), S("\x9B" "0m"), S("\"\xEF\xBF\xBD" "0m\"") },
        { S("\xE4"), S("\xE4"), S("?"), S("\xE4"), S("\"\xEF\xBF\xBD\"") },
        { S("\xC2\xC2\x85"), S("\xC2?"), S("??"), S("\xC2?"), S("\"\xEF\xBF\xBD\\u0085\"") },
        { S("\xC3\n"), S("\xC3?"), S("??"), S("\xC3?"), S("\"\xEF\xBF\xBD\\n\"") },
        { S("\xC0\x8A"), S("\xC0\x8A"), S("??"), S("\xC0\x8A"), S("\"\xEF\xBF\xBD\xEF\xBF\xBD\"") },
        { S("\xC3\xA4"), S("\xC3\xA4"), S("\xC3\xA4"), S("\xC3\xA4"), S("\"\xC3\xA4\"") },
        { S("\"q\""), S("\"q\""), S("\"q\""), S("\"\"q\"\""), S("\"\\\"q\\\"\"") },
        { S("a\\b/"), S("a\\b/"), S("a\\b/"), S("a\\b/"), S("\"a\\\\b/\"") },
        { S("\xE2\x80\xAA\xE2\x80\xAE"), S("\xE2\x80\xAA\xE2\x80\xAE"), S("??"), S("\xE2\x80\xAA\xE2\x80\xAE"),
          S("\"\xE2\x80\xAA\xE2\x80\xAE\"") },
        { S("\xE2\x81\xA6\xE2\x81\xA9"), S("\xE2\x81\xA6\xE2\x81\xA9"), S("??"), S("\xE2\x81\xA6\xE2\x81\xA9"),
          S("\"\xE2\x81\xA6\xE2\x81\xA9\"") },
        { S("\xE2\x80\xA9\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA"), S("\xE2\x80\xA9\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA"),
          S("\xE2\x80\xA9\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA"), S("\xE2\x80\xA9\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA"),
          S("\"\xE2\x80\xA9\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA\"") }, /* the neighbours of the bidi controls */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[128];
        struct buf b = BUF(out);

        text_plain(&b, rows[i].in);
        same_span("plain", i, buf_span(&b), rows[i].plain);
        same_int("has_control", i, text_has_control(rows[i].in), !span_eq(rows[i].in, rows[i].plain));
        b = BUF(out);
        text_terminal(&b, rows[i].in);
        same_span("terminal", i, buf_span(&b), rows[i].terminal);
        b = BUF(out);
        text_quoted(&b, rows[i].in);
        same_span("quoted", i, buf_span(&b), rows[i].quoted);
        b = BUF(out);
        text_json(&b, rows[i].in);
        same_span("json", i, buf_span(&b), rows[i].json);
    }
}

static void every_ascii_byte(void **state)
{
    (void)state;
    for (int c = 0; c < 128; c++) {
        char in = (char)c, out[4];
        struct buf b = BUF(out);
        bool control = c < 32 || c == 127;

        text_plain(&b, (struct span){ &in, 1 });
        same_int("byte", (size_t)c, out[0], control ? '?' : c);
        same_int("has", (size_t)c, text_has_control((struct span){ &in, 1 }), control);
    }
}

/* Long texts are looked at eight bytes at a time. */
static void every_byte_at_every_place(void **state)
{
    char in[19], want[19], out[19];

    (void)state;
    memset(in, ' ', sizeof in);
    for (size_t at = 0; at < sizeof in; at++) {
        for (int c = 0; c < 256; c++) {
            struct buf b = BUF(out);

            in[at] = (char)c;
            memcpy(want, in, sizeof in);
            if (c < 32 || c == 127)
                want[at] = '?';
            text_plain(&b, (struct span){ in, sizeof in });
            same_span("text", (size_t)c, buf_span(&b), (struct span){ want, sizeof want });
        }
        in[at] = at % 2 ? '~' : ' ';
    }
}

static void characters_are_not_torn(void **state)
{
    char out[3];
    struct buf b = BUF(out);

    (void)state;
    text_plain(&b, SPAN("ab\xC3\xA4" "c"));
    assert_true(b.over);
    same_text("whole pieces", 0, buf_span(&b), "ab");
    b = BUF(out);
    text_json(&b, SPAN("ab"));
    assert_true(b.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8), cmocka_unit_test(printers), cmocka_unit_test(every_ascii_byte),
        cmocka_unit_test(every_byte_at_every_place), cmocka_unit_test(characters_are_not_torn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* text: no control byte leaves text_plain, text_terminal and text_quoted; text_terminal and text_json are well-formed
 * UTF-8; nothing changes what is harmless; small buffers are never overrun. */
#include "fuzz.h"
#include "wire/text.h"

typedef void print(struct buf *b, struct span s);

static struct buf printed(print *fn, struct span s, size_t cap)
{
    struct buf b = { .at = malloc(cap), .cap = cap };

    fn(&b, s);
    CHECK(b.len <= cap);
    return b;
}

static void json_form(struct span s)
{
    bool escaped = false;

    CHECK(text_is_utf8(s) && s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"');
    for (size_t i = 1; i + 1 < s.len; i++) {
        CHECK((unsigned char)s.at[i] >= 0x20 && (escaped || s.at[i] != '"'));
        escaped = !escaped && s.at[i] == '\\';
    }
    CHECK(!escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = fuzz_span(data, size);
    print *const all[] = { text_plain, text_terminal, text_quoted, text_json };
    size_t room = 6 * size + 8; /* \u0000 is six bytes */

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct buf b = printed(all[i], s, room), cut = printed(all[i], s, size / 2 + 1);

        CHECK(!b.over && memcmp(b.at, cut.at, cut.len) == 0);
        CHECK(fuzz_harmless(buf_span(&b)));
        CHECK(all[i] != text_plain || span_eq(s, buf_span(&b)) != text_has_control(s));
        CHECK(all[i] != text_terminal || text_is_utf8(buf_span(&b)));
        if (all[i] == text_json)
            json_form(buf_span(&b));
        free(b.at);
        free(cut.at);
    }
    return 0;
}

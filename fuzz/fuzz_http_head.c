/* http_head: a head that is whole is answered with a known status or read into views of it, and cut short it is not whole. A
 * second reader that forgives everything (other line ends, blanks anywhere, signs) finds the same body behind it: there are not two. */
#include "fuzz.h"
#include "wire/http_head.h"

static void sound(struct span head, const struct http_head *h)
{
    CHECK(fuzz_inside(head, h->method) && h->method.len > 0 && h->target.len > 0);
    CHECK(fuzz_inside(head, h->target) || span_eq(h->target, SPAN("/")));
    for (int i = 0; i < HTTP_FIELD_COUNT; i++)
        CHECK(fuzz_inside(head, h->field[i]));
    CHECK(h->length >= -1 && !(h->chunked && (h->length >= 0 || h->minor == 0)));
    (void)http_has_token(h->field[HTTP_ACCEPT], SPAN("a"));
    (void)http_has_etag(h->field[HTTP_IF_MATCH], SPAN("\"a\""), true);
}

/* What a careless reader in front of us would take for the end of the head, and for the length of the body. */
static void read_carelessly(struct span head, const struct http_head *h)
{
    unsigned lengths = 0, codings = 0, lines = 0;
    struct span rest = head;

    for (size_t i = 0; i < head.len; i++)
        CHECK(head.at[i] != '\0' && (head.at[i] != '\r' || (i + 1 < head.len && head.at[i + 1] == '\n')));
    while (rest.len) {
        struct span line = span_trim(span_cut(&rest, '\n')), name;

        if (line.len && line.at[line.len - 1] == '\r')
            line = span_trim((struct span){ line.at, line.len - 1 });
        CHECK(line.len || !lines || !rest.len); /* an empty line is the last */
        lines += line.len != 0;
        name = span_trim(span_cut(&line, ':'));
        line = span_trim(line);
        if (span_ieq(name, SPAN("content-length"))) {
            char text[24] = "";
            char *end;

            CHECK(line.len && ++lengths == 1 && h->length >= 0);
            memcpy(text, line.at + (line.len > 20 ? line.len - 20 : 0), line.len > 20 ? 20 : line.len); /* zeros may be in front */
            CHECK(strtoull(text, &end, 10) == (uint64_t)h->length && *end == '\0');
        }
        if (span_ieq(name, SPAN("transfer-encoding")))
            CHECK(++codings == 1 && h->chunked && span_ieq(line, SPAN("chunked")));
    }
    CHECK(lengths + codings == (h->length >= 0 || h->chunked));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span head = fuzz_span(data, size);
    struct http_head h = { 0 }, none;
    int rc = http_head_parse(head, &h);

    CHECK(rc == 0 || rc == 400 || rc == 414 || rc == 431 || rc == 501 || rc == 505);
    if (rc)
        return 0;
    sound(head, &h);
    read_carelessly(head, &h);
    CHECK(http_head_parse((struct span){ head.at, head.len - 1 }, &none) != 0);
    return 0;
}

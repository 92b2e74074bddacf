/* http_head: a head that is whole is answered with a known status or read into views of it, and cut short it is not whole. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span head = fuzz_span(data, size);
    struct http_head h = { 0 }, none;
    int rc = http_head_parse(head, &h);

    CHECK(rc == 0 || rc == 400 || rc == 414 || rc == 431 || rc == 501 || rc == 505);
    if (rc)
        return 0;
    sound(head, &h);
    CHECK(http_head_parse((struct span){ head.at, head.len - 1 }, &none) != 0);
    return 0;
}

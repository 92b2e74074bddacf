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
    struct span bytes = fuzz_span(data, size), head;
    struct http_head h = { 0 };
    size_t len = 0, less = 0;
    int rc = http_head_end(bytes, &len);

    CHECK(rc == 0 || rc == -EBADMSG || rc == -E2BIG);
    head = (struct span){ bytes.at, rc == 0 && len ? len : size };
    CHECK(head.len <= size);
    if (rc == 0 && len > 0)
        CHECK(http_head_end((struct span){ bytes.at, len - 1 }, &less) == 0 && less == 0);
    rc = http_head_parse(head, &h);
    CHECK(rc == 0 || rc == 400 || rc == 414 || rc == 431 || rc == 501 || rc == 505);
    if (rc == 0)
        sound(head, &h);
    return 0;
}

/* http_multipart: what is read lies inside what was given; the content of a part ends at the first delimiter, wherever the bytes are cut. */
#include "fuzz.h"
#include "wire/http_multipart.h"

static void text_of(struct span quoted)
{
    char text[300];
    int n = http_part_text(quoted, text, sizeof text);

    CHECK(n == -ENAMETOOLONG || (n >= 0 && (size_t)n <= quoted.len && text[n] == '\0'));
}

static void head(struct span s)
{
    struct http_part part = { 0 };
    int rc = http_part_parse(s, &part);

    CHECK(rc == 0 || (rc == -EINVAL && !part.name.at));
    CHECK(rc < 0 || fuzz_inside(s, part.name));
    CHECK(fuzz_inside(s, part.filename));
    text_of(part.name);
    text_of(part.filename);
    text_of(s);
}

static void type(struct span s)
{
    struct span boundary = { 0 };
    int rc = http_multipart_boundary(s, &boundary);

    CHECK(rc == 0 || ((rc == -EINVAL || rc == -ENOENT) && !boundary.at));
    CHECK(rc < 0 || (fuzz_inside(s, boundary) && boundary.len >= 1 && boundary.len <= HTTP_BOUNDARY_MAX && span_find(boundary, '\r') < 0));
}

/* Bytes that come in pieces of `step`, as a session takes them. */
static size_t content(struct span s, struct span delimiter, size_t step)
{
    size_t from = 0, have = 0;
    bool ends = false;

    while (!ends && have < s.len) {
        have = s.len - have < step ? s.len : have + step;
        from += http_part_content((struct span){ s.at + from, have - from }, delimiter, &ends);
        CHECK(from <= have && have - from < delimiter.len + step);
    }
    return ends ? from : s.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = fuzz_span(data, size), delimiter = SPAN("\r\n--\r\n-");
    const char *at;

    head(s);
    type(s);
    if (!size)
        return 0;
    at = memmem(s.at, s.len, delimiter.at, delimiter.len);
    CHECK(content(s, delimiter, 1 + data[0] % 16) == (at ? (size_t)(at - s.at) : s.len));
    return 0;
}

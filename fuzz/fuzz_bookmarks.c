/* bookmarks: any file ends; what is found fits, and once dropped it is not found, while the others are. */
#include "fuzz.h"
#include "wire/bookmarks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = fuzz_span(data, size), rest = text, url;
    struct bookmark first, b;
    char *room;
    struct buf out;

    if (!bookmark_next(&rest, &first))
        return 0;
    CHECK(bookmark_fits(first.name) && first.url.len);
    CHECK(bookmark_find(text, first.name, &url) == 0 && url.at == first.url.at);
    room = malloc(size + 1);
    out = (struct buf){ .at = room, .cap = size + 1 };
    CHECK(bookmark_drop(text, first.name, &out) > 0 && !out.over);
    CHECK(bookmark_find(buf_span(&out), first.name, &url) == -ENOENT);
    while (bookmark_next(&rest, &b))
        CHECK(span_eq(b.name, first.name) || bookmark_find(buf_span(&out), b.name, &url) == 0);
    free(room);
    return 0;
}

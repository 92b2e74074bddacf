/* ftp_hash: a range never ends before it starts and stays inside any file; a path lies in the argument or in its room, is not
 * empty, and without quotes is what the argument begins with. */
#include "fuzz.h"
#include "wire/ftp_hash.h"

static void range(struct ftp_range r, int64_t size)
{
    struct ftp_range in = ftp_range_within(r, size);

    CHECK(r.from >= 0 && r.to >= 0 && (r.from < r.to || (!r.from && !r.to)));
    CHECK(0 <= in.from && in.from <= in.to && in.to <= size);
}

static void argument(struct span arg, int64_t size)
{
    struct buf room = { .at = malloc(arg.len + !arg.len), .cap = arg.len };
    struct ftp_sum_arg a;

    if (ftp_sum_arg_parse(arg, &room, &a) == 0) {
        range(a.range, size);
        CHECK(!room.over && a.path.len && a.path.len <= arg.len);
        CHECK(fuzz_inside(arg, a.path) || fuzz_inside(buf_span(&room), a.path));
        CHECK(!a.unsure || (a.path.at == arg.at && a.path.len < arg.len));
    }
    free(room.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = fuzz_span(data, size);
    struct ftp_range r;
    int64_t bytes = size > 40 ? INT64_MAX : (int64_t)size * 3;

    if (ftp_rang_parse(s, &r) == 0)
        range(r, bytes);
    argument(s, bytes);
    return 0;
}

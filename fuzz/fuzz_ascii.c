/* ascii: blocks of any size give the same bytes as one block; decoding undoes encoding for files with LF line ends. */
#include "fuzz.h"
#include "wire/ascii.h"

typedef size_t convert(struct ascii *st, const char *in, size_t n, char *out);

static size_t in_blocks(convert *fn, struct span in, size_t block, char *out)
{
    struct ascii st = { 0 };
    size_t put = 0;

    for (size_t i = 0; i < in.len; i += block) {
        size_t n = in.len - i < block ? in.len - i : block;
        char *exact = malloc(2 * n), *limit = exact;
        size_t got = fn(&st, in.at + i, n, exact);

        memcpy(out + put, limit, got);
        put += got;
        free(exact);
    }
    return fn == ascii_decode ? put + ascii_decode_end(&st, out + put) : put;
}

static char *whole(convert *fn, struct span in, size_t *n)
{
    char *out = malloc(2 * in.len + 2);

    *n = in_blocks(fn, in, in.len + 1, out);
    return out;
}

static void blocks_agree(convert *fn, struct span in, size_t block)
{
    size_t n, m;
    char *one = whole(fn, in, &n), *many = malloc(2 * in.len + 2);

    m = in_blocks(fn, in, block, many);
    CHECK(n == m && (n == 0 || memcmp(one, many, n) == 0));
    free(one);
    free(many);
}

static void round_trip(struct span in)
{
    size_t n, m;
    char *wire = whole(ascii_encode, in, &n), *file = whole(ascii_decode, (struct span){ wire, n }, &m);

    CHECK(span_find(in, '\r') >= 0 || span_eq(in, (struct span){ file, m }));
    for (size_t i = 0; i < n; i++)
        CHECK(wire[i] != '\n' || (i > 0 && wire[i - 1] == '\r'));
    free(wire);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    blocks_agree(ascii_encode, fuzz_span(data + 1, size - 1), 1 + data[0] % 16);
    blocks_agree(ascii_decode, fuzz_span(data + 1, size - 1), 1 + data[0] % 16);
    round_trip(fuzz_span(data + 1, size - 1));
    return 0;
}

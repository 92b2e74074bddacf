/* ftp_time: a text that parses prints as its own fourteen digits (but for leap seconds); any second prints in bounds. */
#include "fuzz.h"
#include "wire/ftp_time.h"

static void text(struct span s)
{
    char out[32];
    struct buf b = BUF(out);
    int64_t sec;
    uint32_t nsec;

    if (ftp_time_parse(s, &sec, &nsec) < 0)
        return;
    CHECK(nsec < 1000000000);
    ftp_time_print(&b, sec);
    CHECK(b.len == 14 && (memcmp(out, s.at, 14) == 0 || memcmp(s.at + 12, "60", 2) == 0));
}

static void number(int64_t sec, int64_t now)
{
    char out[32];
    struct buf b = BUF(out);
    int64_t back;
    uint32_t nsec;

    ftp_time_print(&b, sec);
    CHECK(b.len == 14 && ftp_time_parse(buf_span(&b), &back, &nsec) == 0);
    CHECK(back == sec || sec > 253402300799 || sec < -62167219200);
    b = BUF(out);
    ftp_time_print_ls(&b, sec, now);
    CHECK(b.len == 12);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t n[2];

    text(fuzz_span(data, size));
    if (size < sizeof n)
        return 0;
    memcpy(n, data, sizeof n);
    number(n[0], n[1]);
    number(n[0] % 300000000000, n[1]);
    return 0;
}

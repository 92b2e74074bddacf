/* ftp_addr: what parses prints, and what is printed parses to the same; failures touch nothing. */
#include "fuzz.h"
#include "wire/ftp_addr.h"

typedef int parse(struct span s, struct ftp_addr *out);

static void round_trip(parse *fn, struct span in)
{
    struct ftp_addr a, b, before;
    char text[128];
    struct buf out = BUF(text);
    int rc;

    memset(&a, 0x5A, sizeof a);
    memcpy(&before, &a, sizeof a);
    rc = fn(in, &a);
    if (rc < 0) {
        CHECK(rc == -EINVAL || (fn == ftp_addr_parse_eprt && rc == -EAFNOSUPPORT));
        CHECK(memcmp(&a, &before, sizeof a) == 0);
        return;
    }
    CHECK(a.net == 1 || a.net == 2);
    ftp_addr_print_eprt(&out, &a);
    CHECK(!out.over && ftp_addr_parse_eprt(buf_span(&out), &b) == 0 && memcmp(&a, &b, sizeof a) == 0);
    if (a.net == 2)
        return;
    out = BUF(text);
    ftp_addr_print_port(&out, &a);
    CHECK(!out.over && ftp_addr_parse_227(buf_span(&out), &b) == 0 && memcmp(&a, &b, sizeof a) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t port = 0;

    round_trip(ftp_addr_parse_port, fuzz_span(data, size));
    round_trip(ftp_addr_parse_eprt, fuzz_span(data, size));
    round_trip(ftp_addr_parse_227, fuzz_span(data, size));
    CHECK((ftp_addr_parse_229(fuzz_span(data, size), &port) == 0) == (port != 0));
    return 0;
}

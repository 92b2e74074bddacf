/* ip_net: what parses prints, and what is printed parses to the same; a network has its own first address; failures touch
 * nothing. */
#include "fuzz.h"
#include "wire/ip_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ip_net n, again, before;
    char text[64];
    struct buf out = BUF(text);
    int rc;

    memset(&n, 0x5A, sizeof n);
    memcpy(&before, &n, sizeof n);
    rc = ip_net_parse(fuzz_span(data, size), &n);
    if (rc < 0) {
        CHECK((rc == -EINVAL || rc == -ERANGE) && memcmp(&n, &before, sizeof n) == 0);
        return 0;
    }
    CHECK((n.len == 4 || n.len == 16) && n.bits <= 8 * n.len && ip_net_has(&n, n.ip, n.len));
    CHECK(!ip_net_has(&n, n.ip, 20 - n.len));
    ip_net_print(&out, &n);
    CHECK(!out.over && ip_net_parse(buf_span(&out), &again) == 0 && memcmp(&n, &again, sizeof n) == 0);
    return 0;
}

/* http_host: a name lies in its field, is itself, and stays what it is with a port. */
#include "fuzz.h"
#include "wire/http_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span host = fuzz_span(data, size), name = http_host_name(host);

    CHECK(fuzz_inside(host, name) && name.len <= host.len);
    CHECK(!name.len || name.at[0] == '.' || http_host_is(name, name));
    CHECK(http_host_is_near(name) || span_find(name, '.') >= 0);
    return 0;
}

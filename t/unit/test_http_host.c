/* http_host: names that nobody elsewhere can have, and those that anybody can buy. */
#include "unit.h"
#include "wire/http_host.h"

static void names(void **state)
{
    static const struct {
        const char *host, *name;
        bool near;
    } rows[] = {
        { "127.0.0.1:8080", "127.0.0.1", true }, { "192.168.1.5", "192.168.1.5", true }, { "[fe80::1]:80", "[fe80::1]", true },
        { "[::1]", "[::1]", true }, { "localhost:8080", "localhost", true }, { "x.localhost", "x.localhost", true }, { "nas", "nas", true },
        { "NAS.Local.:80", "NAS.Local", true }, { "nas.lan", "nas.lan", true }, { "a.b.home.arpa", "a.b.home.arpa", true },
        { "vm.internal", "vm.internal", true }, { "", "", true }, { ":80", "", true }, { "evil.example", "evil.example", false },
        { "evil.example.:80", "evil.example", false }, { "evillocal.example", "evillocal.example", false },
        { "local.evil.com", "local.evil.com", false }, { "127.0.0.1.evil.com", "127.0.0.1.evil.com", false },
        { "xlan.com", "xlan.com", false }, { "evil.notlan", "evil.notlan", false }, { "nas.fritz.box", "nas.fritz.box", false },
        { "arpa", "arpa", true }, { "evil.arpa", "evil.arpa", false }, { "127.0.0.1.nip.io", "127.0.0.1.nip.io", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span name = http_host_name(span_of(rows[i].host));

        same_text(rows[i].host, i, name, rows[i].name);
        same_int(rows[i].host, i, http_host_is_near(name), rows[i].near);
    }
}

static void known(void **state)
{
    static const struct {
        const char *name, *known;
        bool is;
    } rows[] = {
        { "files.example.org", "files.example.org", true }, { "FILES.example.ORG", "files.Example.org", true },
        { "x.files.example.org", "files.example.org", false }, { "x.files.example.org", ".example.org", true },
        { "example.org", ".example.org", true }, { "badexample.org", ".example.org", false }, { "example.org", "x.example.org", false },
        { "example.org", "", false }, { "example.org", ".", false }, { "", "", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        same_int(rows[i].name, i, http_host_is(span_of(rows[i].name), span_of(rows[i].known)), rows[i].is);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(known) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

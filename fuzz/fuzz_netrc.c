/* netrc: any file ends, and what is found is a C string; a file found for a user is also found for that user's very name. */
#include "fuzz.h"
#include "wire/netrc.h"

static void sound(const char *word)
{
    CHECK(memchr(word, '\0', NETRC_WORD));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = fuzz_span(data, size), host = span_cut(&text, '\n');
    struct netrc any = { 0 }, own = { 0 };
    int rc = netrc_find(text, host, (struct span){ 0 }, &any);

    CHECK(rc == 0 || rc == -ENOENT || rc == -E2BIG);
    if (rc < 0)
        return 0;
    sound(any.login);
    sound(any.password);
    CHECK(memchr(any.login, '\0', NETRC_WORD) == any.login || netrc_find(text, host, span_of(any.login), &own) == 0);
    return 0;
}

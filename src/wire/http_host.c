/* http_host: see http_host.h. Called by HTTP, where a page that has led its own name here (DNS rebinding) could pose as ours. Owns nothing. */
#include "wire/http_host.h"

static bool all_digits(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
    return s.len > 0;
}

struct span http_host_name(struct span host)
{
    ptrdiff_t colon = span_rfind(host, ':'), bracket = span_rfind(host, ']');

    if (colon > bracket)
        host.len = (size_t)colon;
    if (host.len > 1 && host.at[host.len - 1] == '.')
        host.len--;
    return host;
}

bool http_host_is(struct span name, struct span known)
{
    struct span bare = span_from(known, span_starts(known, SPAN(".")));
    struct span tail = span_from(name, name.len > bare.len ? name.len - bare.len : 0);

    if (!bare.len || !span_ieq(tail, bare))
        return false;
    return name.len == bare.len || (known.len > bare.len && name.at[name.len - bare.len - 1] == '.');
}

/* A name whose last part is a number is an address to every browser, which writes it with four numbers. */
static bool is_address(struct span name)
{
    return span_starts(name, SPAN("[")) || all_digits(span_from(name, (size_t)(span_rfind(name, '.') + 1)));
}

bool http_host_is_near(struct span name)
{
    static const struct span ours[] = {
        { ".localhost", 10 }, { ".local", 6 }, { ".home.arpa", 10 }, { ".internal", 9 }, { ".test", 5 },
        { ".lan", 4 }, { ".home", 5 }, { ".intranet", 9 }, { ".private", 8 }, { ".corp", 5 },
    };

    if (span_find(name, '.') < 0 || is_address(name))
        return true;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (http_host_is(name, ours[i]))
            return true;
    return false;
}

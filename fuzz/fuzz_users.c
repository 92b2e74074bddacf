/* users: a line that is understood is printed, fits, and comes back the same. */
#include "fuzz.h"
#include "wire/users.h"

static bool same(const struct user *a, const struct user *b)
{
    return span_eq(a->name, b->name) && span_eq(a->hash, b->hash) && span_eq(a->home, b->home) && span_eq(a->rights, b->rights) &&
           span_eq(a->notes, b->notes) && a->limits.sessions == b->limits.sessions && a->limits.down == b->limits.down &&
           a->limits.up == b->limits.up;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct user u, again;
    static char text[3 * USER_LINE];
    struct buf b = BUF(text);
    const char *why = NULL;
    int rc = user_parse(fuzz_span(data, size), &u, &why);

    CHECK(rc >= 0 || (rc == -EBADMSG && why));
    if (rc <= 0)
        return 0;
    CHECK(!user_name_fault(u.name) && !user_home_fault(u.home));
    user_print(&b, &u);
    CHECK(!b.over && !memchr(text, '\n', b.len));
    if (b.len < USER_LINE)
        CHECK(user_parse(buf_span(&b), &again, &why) == 1 && same(&u, &again));
    return 0;
}

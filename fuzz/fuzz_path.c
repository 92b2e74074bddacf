/* path: any argument from any folder gives a path that is a fixed point, without empty and dotted components, in bounds;
 * and the same path as walking there one component at a time. */
#include "fuzz.h"
#include "wire/path.h"

static void sound(struct span p)
{
    struct span rest = span_from(p, 1);

    CHECK(p.len && p.at[0] == '/' && (p.len == 1 || p.at[p.len - 1] != '/'));
    while (rest.len) {
        struct span part = span_cut(&rest, '/');

        CHECK(part.len && part.len <= NAME_CAP && !span_eq(part, SPAN(".")) && !span_eq(part, SPAN("..")));
    }
}

/* The obvious way: a stack of components. Returns the length. */
static size_t walk(struct span at, struct span arg, char *out)
{
    size_t len = span_starts(arg, SPAN("/")) ? 1 : at.len;

    memcpy(out, at.at, len);
    while (arg.len) {
        struct span part = span_cut(&arg, '/');

        if (span_eq(part, SPAN(".."))) {
            len = path_parent((struct span){ out, len }).len;
        } else if (part.len && !span_eq(part, SPAN("."))) {
            if (len > 1)
                out[len++] = '/';
            memcpy(out + len, part.at, part.len);
            len += part.len;
        }
    }
    return len;
}

static void join(struct span cwd, struct span arg)
{
    static char out[PATH_CAP], again[PATH_CAP], simple[2 * PATH_CAP];
    int n = path_join(cwd, arg, out, sizeof out);
    struct span p = { out, (size_t)n };

    CHECK(n > 0 || n == -EINVAL || n == -ENAMETOOLONG);
    if (n < 0)
        return;
    CHECK(n < PATH_CAP && out[n] == '\0');
    sound(p);
    CHECK(path_join(SPAN("/x"), p, again, sizeof again) == n && memcmp(out, again, (size_t)n + 1) == 0);
    CHECK(path_within(path_parent(p), p) && path_leaf(p).len <= NAME_CAP);
    if (cwd.len + arg.len < PATH_CAP)
        CHECK(walk(cwd, arg, simple) == p.len && memcmp(simple, out, p.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char cwd[PATH_CAP];
    struct span arg = fuzz_span(data, size), first = span_cut(&arg, '\n');
    int n = path_join(SPAN("/"), first, cwd, sizeof cwd);

    join(n > 0 ? (struct span){ cwd, (size_t)n } : SPAN("/"), arg);
    return 0;
}

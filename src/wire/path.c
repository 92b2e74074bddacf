/* path: virtual paths. path_join is the one gate through which every name from a client goes before a store sees
 * it. It reads components from the right, where ".." simply means "leave out one more", and so needs neither a
 * stack nor a copy: one round measures, a second one writes, and on failure the output is untouched. Owns nothing;
 * fails with -EINVAL and -ENAMETOOLONG. Symbolic links are the store's affair: here ".." is textual. RFC 3659
 * section 6 (TVFS). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire/path.h"

struct walk {
    struct span left[2]; /* what is still to be read: of the argument, then of the current folder */
    size_t up;           /* components to leave out */
    bool too_long;
};

/* Takes the last component off *s. */
static struct span part_pop(struct span *s)
{
    ptrdiff_t slash = span_rfind(*s, '/');
    struct span part = span_from(*s, (size_t)(slash + 1));

    s->len = slash < 0 ? 0 : (size_t)slash;
    return part;
}

/* The next component that stays, from the right; false at the root. */
static bool walk_next(struct walk *w, struct span *part)
{
    while (w->left[0].len || w->left[1].len) {
        struct span p = part_pop(w->left[0].len ? &w->left[0] : &w->left[1]);

        if (p.len > NAME_CAP)
            w->too_long = true;
        if (p.len == 0 || span_eq(p, SPAN(".")))
            continue;
        if (span_eq(p, SPAN(".."))) {
            w->up++;
        } else if (w->up) {
            w->up--;
        } else {
            *part = p;
            return true;
        }
    }
    return false;
}

static struct walk walk_start(struct span cwd, struct span arg)
{
    if (span_starts(arg, SPAN("/")))
        cwd.len = 0;
    return (struct walk){ .left = { arg, cwd } };
}

int path_join(struct span cwd, struct span arg, char *out, size_t cap)
{
    struct walk w = walk_start(cwd, arg);
    struct span part;
    size_t len = 0, at;

    if (span_find(arg, '\0') >= 0)
        return -EINVAL;
    while (walk_next(&w, &part))
        len += 1 + part.len;
    if (len == 0)
        len = 1;
    if (w.too_long || len >= cap)
        return -ENAMETOOLONG;
    out[0] = '/';
    out[len] = '\0';
    w = walk_start(cwd, arg);
    for (at = len; walk_next(&w, &part);) {
        at -= part.len;
        memcpy(out + at, part.at, part.len);
        out[--at] = '/';
    }
    return (int)len;
}

struct span path_parent(struct span path)
{
    ptrdiff_t slash = span_rfind(path, '/');

    return (struct span){ path.at, slash > 0 ? (size_t)slash : path.len != 0 };
}

struct span path_leaf(struct span path)
{
    return span_from(path, (size_t)(span_rfind(path, '/') + 1));
}

/* "b.txt" -> "b" and ".txt"; a dot at the beginning is none. */
static struct span split_ending(struct span *stem)
{
    ptrdiff_t dot = span_rfind(*stem, '.');
    struct span ending = span_from(*stem, dot > 0 ? (size_t)dot : stem->len);

    stem->len -= ending.len;
    return ending;
}

/* Takes off the last character of UTF-8, or the last byte of what is none. */
static void chop(struct span *s)
{
    do
        s->len--;
    while (s->len && ((unsigned char)s->at[s->len] & 0xC0) == 0x80);
}

int path_numbered(struct span path, unsigned n, char *out, size_t cap)
{
    struct span stem = path_leaf(path), ending = split_ending(&stem), before = { path.at, path.len - stem.len - ending.len };
    char mark[16];
    size_t len = (size_t)snprintf(mark, sizeof mark, " (%u)", n);

    if (!stem.len)
        return -EINVAL;
    if (ending.len + len >= NAME_CAP)
        ending.len = 0;
    while (stem.len > 1 && stem.len + len + ending.len > NAME_CAP)
        chop(&stem);
    if (before.len + stem.len + len + ending.len >= cap)
        return -ENAMETOOLONG;
    return snprintf(out, cap, "%.*s%.*s%s%.*s", SPAN_ARG(before), SPAN_ARG(stem), mark, SPAN_ARG(ending));
}

bool path_hidden(struct span path)
{
    while (path.len) {
        struct span part = span_cut(&path, '/');

        if (part.len && part.at[0] == '.')
            return true;
    }
    return false;
}

bool path_within(struct span outer, struct span inner)
{
    if (span_eq(outer, SPAN("/")))
        return true;
    return span_starts(inner, outer) && (inner.len == outer.len || inner.at[outer.len] == '/');
}

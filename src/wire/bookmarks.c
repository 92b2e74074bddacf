/* bookmarks: see bookmarks.h. Called by the client; owns nothing. Whatever the file holds, the worst is that a name is not found. */
#include "wire/bookmarks.h"

#include <errno.h>
#include <string.h>

#include "wire/text.h"

bool bookmark_fits(struct span name)
{
    if (!name.len || name.len > BOOKMARK_NAME || *name.at == '-' || *name.at == '.')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (strchr(" \t/:@[]#%\"'\\", name.at[i])) /* a NUL, too */
            return false;
    return text_is_utf8(name) && !text_has_control(name);
}

static bool parse(struct span line, struct bookmark *out)
{
    struct bookmark b = { .name = span_trim(line) };
    size_t n = 0;

    while (n < b.name.len && b.name.at[n] != ' ' && b.name.at[n] != '\t' && b.name.at[n] != '\r')
        n++;
    b.url = span_trim(span_from(b.name, n));
    b.name.len = n;
    if (b.url.len && b.url.at[b.url.len - 1] == '\r')
        b.url = span_trim((struct span){ b.url.at, b.url.len - 1 });
    if (!bookmark_fits(b.name) || !b.url.len || text_has_control(b.url))
        return false;
    *out = b;
    return true;
}

bool bookmark_next(struct span *text, struct bookmark *out)
{
    while (text->len)
        if (parse(span_cut(text, '\n'), out))
            return true;
    return false;
}

int bookmark_find(struct span text, struct span name, struct span *url)
{
    struct bookmark b;

    while (bookmark_next(&text, &b))
        if (span_eq(b.name, name)) {
            *url = b.url;
            return 0;
        }
    return -ENOENT;
}

unsigned bookmark_drop(struct span text, struct span name, struct buf *out)
{
    unsigned dropped = 0;

    while (text.len) {
        struct span line = span_cut(&text, '\n');
        struct bookmark b;

        if (parse(line, &b) && span_eq(b.name, name)) {
            dropped++;
            continue;
        }
        buf_put(out, line);
        buf_putc(out, '\n');
    }
    return dropped;
}

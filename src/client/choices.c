/* choices: the arithmetic of completion: which candidates fit, what they have in common, what to type for the person.
 * Called by the menu (which knows the candidates) and the line editor (which shows them); owns copies of the first
 * names. A name that does not fit into CHOICE_CAP is not offered. Cannot fail. */
#include "client/choices.h"

#include <string.h>

#include "client/words.h"

void choices_begin(struct choices *c, size_t from, struct span raw)
{
    struct buf b = { .at = c->prefix, .cap = sizeof c->prefix };

    words_partial(raw, &b);
    c->from = from;
    c->quoted = span_starts(raw, SPAN("\""));
    c->prefix_len = b.len;
}

static size_t common_length(struct span a, struct span b)
{
    size_t n = 0;

    while (n < a.len && n < b.len && a.at[n] == b.at[n])
        n++;
    /* never inside a UTF-8 character */
    while (n && n < a.len && ((unsigned char)a.at[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void narrow(struct choices *c, struct span name)
{
    if (c->count == 0) {
        memcpy(c->common, name.at, name.len);
        c->common_len = name.len;
        return;
    }
    c->common_len = common_length((struct span){ c->common, c->common_len }, name);
}

void choices_add(struct choices *c, struct span name, bool folder)
{
    char whole[CHOICE_CAP];
    struct buf b = BUF(whole);
    const char *copy;

    buf_put(&b, name);
    if (folder)
        buf_putc(&b, '/');
    if (b.over || !span_starts(buf_span(&b), (struct span){ c->prefix, c->prefix_len }))
        return;
    narrow(c, buf_span(&b));
    c->open = folder;
    copy = c->shown < CHOICES_SHOWN ? arena_text(&c->arena, buf_span(&b)) : NULL;
    if (copy)
        c->names[c->shown++] = span_of(copy);
    c->count++;
}

bool choices_extend(const struct choices *c, struct buf *b)
{
    bool whole = c->count == 1 && !c->open;

    if (c->count == 0 || (c->common_len == c->prefix_len && !(whole && c->quoted)))
        return false;
    words_quote(b, (struct span){ c->common, c->common_len }, c->quoted, whole);
    return !b->over;
}

void choices_free(struct choices *c)
{
    arena_reset(&c->arena);
}

/* words: what a typed line means. Called by the menu and by completion; owns nothing, allocates nothing. Most names
 * need no quotes, blanks inside included; they are there for names that begin or end with a blank or begin with a
 * quote. Cannot fail: a line always means something, if only a name that does not exist. */
#include "client/words.h"

static struct span skip_blanks(struct span s)
{
    while (s.len && (*s.at == ' ' || *s.at == '\t'))
        s = span_from(s, 1);
    return s;
}

struct span words_first(struct span line, struct span *rest)
{
    struct span first;

    line = skip_blanks(line);
    first = line;
    first.len = 0;
    while (first.len < line.len && line.at[first.len] != ' ' && line.at[first.len] != '\t')
        first.len++;
    *rest = skip_blanks(span_from(line, first.len));
    return first;
}

/* Prints what stands after an opening quote; true when a closing one was met, *after being what follows it. */
static bool unquote(struct span s, struct buf *b, struct span *after)
{
    while (s.len) {
        bool escaped = *s.at == '\\' && s.len > 1;

        *after = span_from(s, 1);
        if (*s.at == '"')
            return true;
        buf_putc(b, escaped ? s.at[1] : *s.at);
        s = span_from(s, escaped ? 2 : 1);
    }
    return false;
}

void words_name(struct span raw, struct buf *b)
{
    struct buf start = *b;
    struct span s = span_trim(raw), after = { 0 };

    if (span_starts(s, SPAN("\"")) && unquote(span_from(s, 1), b, &after) && !after.len)
        return;
    *b = start;
    buf_put(b, s);
}

void words_partial(struct span raw, struct buf *b)
{
    struct span after;

    if (span_starts(raw, SPAN("\"")))
        unquote(span_from(raw, 1), b, &after);
    else
        buf_put(b, raw);
}

static bool needs_quotes(struct span name, bool whole)
{
    char last = name.len ? name.at[name.len - 1] : 'x';

    return span_starts(name, SPAN("\"")) || span_starts(name, SPAN(" ")) || span_starts(name, SPAN("\t")) ||
           (whole && (last == ' ' || last == '\t'));
}

void words_quote(struct buf *b, struct span name, bool quoted, bool whole)
{
    if (!quoted && !needs_quotes(name, whole)) {
        buf_put(b, name);
        return;
    }
    buf_putc(b, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '"' || name.at[i] == '\\')
            buf_putc(b, '\\');
        buf_putc(b, name.at[i]);
    }
    if (whole)
        buf_putc(b, '"');
}

/* rights: the words for what an account may do, and where (see rights.h). Called by auth at login, by the store's front for
 * every path, and by whoever talks to people. Rules stay the text that the operator wrote: an account without rules costs
 * nothing, one with rules a few comparisons a path. Owns nothing. */
#include "wire/rights.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/digits.h"
#include "base/say.h"
#include "wire/text.h"

static const struct {
    const char *word;
    unsigned rights;
    const char *text;
} levels[] = {
    { "none", RIGHTS_NONE, N_("do nothing") },
    { "drop", RIGHTS_DROP, N_("upload new files and see none") },
    { "read", RIGHTS_READ, N_("list and download") },
    { "add", RIGHTS_ADD, N_("list, download and upload new files") },
    { "write", RIGHTS_WRITE, N_("list, download, upload, overwrite, rename and delete") },
};

enum { LEVELS = sizeof levels / sizeof *levels, ROOM_FOR_MORE = 32 };

int rights_word(struct span word, unsigned *rights)
{
    for (unsigned i = 0; i < LEVELS; i++) {
        if (span_eq(word, span_of(levels[i].word))) {
            *rights = levels[i].rights;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- reading ---- */

/* No component is empty, "." or "..": such a rule would never hold, and nobody would notice. */
static bool is_normal(struct span place)
{
    struct span rest = span_from(place, 1);

    if (!span_starts(place, SPAN("/")))
        return false;
    while (rest.len) {
        struct span name = span_cut(&rest, '/');

        if (!name.len || span_eq(name, SPAN(".")) || span_eq(name, SPAN("..")))
            return false;
    }
    return true;
}

/* Takes one rule off the text; a slash at its end is no part of the place. */
static int next_rule(struct span *text, struct span *place, unsigned *rights)
{
    struct span word = span_cut(text, ','), at = span_cut(&word, '=');

    if (!is_normal(at))
        return -EINVAL;
    TRY(rights_word(word, rights));
    at.len -= at.len > 1 && at.at[at.len - 1] == '/';
    *place = at;
    return 0;
}

int rights_parse(struct span text, struct rights *out)
{
    struct span rest = text, first = span_cut(&rest, ','), place;
    struct rights r = { 0 };
    bool word = !span_starts(text, SPAN("/"));
    unsigned any;

    r.rules = word ? rest : text;
    if (word)
        TRY(rights_word(first, &r.base));
    if (text.len && text.at[text.len - 1] == ',')
        return -EINVAL;
    for (rest = r.rules; rest.len;)
        TRY(next_rule(&rest, &place, &any));
    *out = r;
    return 0;
}

/* ---- asking ---- */

static unsigned char next_byte(struct span *place)
{
    const char *c = place->at;
    bool coded = place->len > 2 && *c == '%' && digits_value(c[1]) >= 0 && digits_value(c[2]) >= 0;

    *place = span_from(*place, coded ? 3 : 1);
    return coded ? (unsigned char)(digits_value(c[1]) * 16 + digits_value(c[2])) : (unsigned char)*c;
}

enum relation { ELSEWHERE, COVERS, BELOW };

/* How a rule's place stands to a path: at it or above it (then over how many bytes), or below it. */
static enum relation relate(struct span place, struct span path, size_t *over)
{
    size_t n = 0;

    while (place.len && n < path.len) {
        if (next_byte(&place) != (unsigned char)path.at[n])
            return ELSEWHERE;
        n++;
    }
    *over = n;
    if (place.len) /* the root ends with the slash that others have in front of what is below them */
        return n == 1 || *place.at == '/' ? BELOW : ELSEWHERE;
    return n == path.len || n == 1 || path.at[n] == '/' ? COVERS : ELSEWHERE;
}

unsigned rights_at(const struct rights *r, struct span path)
{
    struct span rest = r->rules, place;
    unsigned rights, found = r->base;
    size_t over, best = 0;

    while (rest.len && next_rule(&rest, &place, &rights) == 0) {
        if (relate(place, path, &over) == COVERS && over >= best) {
            best = over;
            found = rights;
        }
    }
    return found;
}

/* Of the rules below a path: any, or only those that allow something. */
static bool any_below(const struct rights *r, struct span path, bool allowing)
{
    struct span rest = r->rules, place;
    unsigned rights;
    size_t over;

    while (rest.len && next_rule(&rest, &place, &rights) == 0)
        if (relate(place, path, &over) == BELOW && (rights || !allowing))
            return true;
    return false;
}

bool rights_seen(const struct rights *r, struct span path)
{
    return rights_at(r, path) || any_below(r, path, true);
}

bool rights_below(const struct rights *r, struct span path)
{
    return any_below(r, path, false);
}

unsigned rights_any(const struct rights *r)
{
    struct span rest = r->rules, place;
    unsigned rights, all = r->base;

    while (rest.len && next_rule(&rest, &place, &rights) == 0)
        all |= rights;
    return all;
}

/* ---- telling ---- */

const char *rights_text(unsigned rights)
{
    for (unsigned i = 0; i < LEVELS; i++)
        if (levels[i].rights == rights)
            return levels[i].text;
    return levels[0].text;
}

static void print_rule(struct buf *b, struct span place, unsigned rights, rights_say *say)
{
    buf_text(b, say(N_("; in ")));
    text_terminal(b, place);
    buf_text(b, " ");
    buf_text(b, say(rights_text(rights)));
}

static char *as_written(const char *text)
{
    return (char *)(uintptr_t)text;
}

void rights_print(struct buf *b, const struct rights *r)
{
    rights_print_as(b, r, as_written);
}

void rights_print_as(struct buf *b, const struct rights *r, rights_say *say)
{
    struct span rest = r->rules, place;
    unsigned rights;

    buf_text(b, say(rights_text(r->base)));
    while (rest.len && next_rule(&rest, &place, &rights) == 0) {
        struct buf with = *b;

        print_rule(&with, place, rights, say);
        if (with.over || with.len + ROOM_FOR_MORE > b->cap) {
            buf_text(b, say(N_("; and other rules")));
            return;
        }
        *b = with;
    }
}

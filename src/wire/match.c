/* match: patterns for file names, for NLST, LIST and the client's mget. Called with patterns from outside, so the
 * work is bounded: one loop over the name with one place to go back to, the last '*'. Going back further is never
 * needed: what stood before that star matched as early as it could, and a later match would only leave less for the
 * rest; '/' does not change this, since no star can move across one. Owns nothing, cannot fail, needs no stack to
 * speak of. */
#include "wire/match.h"

struct pattern {
    struct span s;
    size_t open; /* from here on no '[' is ever closed, and so need not be looked at twice */
};

/* Where the set opened at s[at] ends (the index of its ']'), or s.len. A ']' that comes first is a member. */
static size_t set_end(struct span s, size_t at)
{
    size_t i = at + 1;

    if (i < s.len && s.at[i] == '!')
        i++;
    for (size_t first = i; i < s.len; i++) {
        if (s.at[i] == ']' && i > first)
            return i;
        if (s.at[i] == '\\')
            i++;
    }
    return s.len;
}

/* One member of a set, without its quote. */
static unsigned char member(struct span set, size_t *i)
{
    if (set.at[*i] == '\\' && *i + 1 < set.len)
        ++*i;
    return (unsigned char)set.at[(*i)++];
}

/* Is c in what stands between '[' and ']'? */
static bool set_has(struct span set, unsigned char c)
{
    bool negated = set.at[0] == '!', found = false;

    for (size_t i = negated; i < set.len;) {
        unsigned char low = member(set, &i), high = low;

        if (i + 1 < set.len && set.at[i] == '-') {
            i++;
            high = member(set, &i);
        }
        found |= c >= low && c <= high;
    }
    return found != negated && c != '/';
}

/* How many bytes of the pattern at `at` match the byte c of a name; 0 for none. */
static size_t step(struct pattern *p, size_t at, char c)
{
    struct span s = p->s;
    size_t end;

    if (s.at[at] == '?')
        return c != '/';
    if (s.at[at] == '\\' && at + 1 < s.len)
        return s.at[at + 1] == c ? 2 : 0;
    if (at < p->open && s.at[at] == '[') {
        end = set_end(s, at);
        if (end < s.len)
            return set_has((struct span){ s.at + at + 1, end - at - 1 }, (unsigned char)c) ? end + 1 - at : 0;
        p->open = at;
    }
    return s.at[at] == c;
}

bool match(struct span pattern, struct span name)
{
    struct pattern p = { pattern, pattern.len };
    size_t at = 0, i = 0, star = 0, resume = 0; /* star: the pattern behind the last '*'; 0 is none */

    while (i < name.len) {
        size_t n = 0;

        if (at < pattern.len && pattern.at[at] == '*') {
            star = ++at;
            resume = i;
            continue;
        }
        if (at < pattern.len)
            n = step(&p, at, name.at[i]);
        if (n) {
            at += n;
            i++;
        } else if (star && name.at[resume] != '/') {
            at = star;
            i = ++resume;
        } else {
            return false;
        }
    }
    while (at < pattern.len && pattern.at[at] == '*')
        at++;
    return at == pattern.len;
}

bool match_is_pattern(struct span text)
{
    return span_find(text, '*') >= 0 || span_find(text, '?') >= 0 || span_find(text, '[') >= 0;
}

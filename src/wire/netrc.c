/* netrc: see netrc.h. Called by the client's commands when neither options nor the address name a login; owns nothing. A file
 * that makes no sense has no entry; nothing in it can fail the command. The form is that of ftp(1), no RFC. */
#include "wire/netrc.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

/* One word of the file: quotes undone in `text`, cut when it is longer. */
struct word {
    char text[NETRC_WORD];
    size_t len;
    bool over;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void add(struct word *w, char c)
{
    if (w->len + 1 == sizeof w->text)
        w->over = true;
    else
        w->text[w->len++] = c;
}

static struct span take_quoted(struct span s, struct word *w)
{
    while (s.len && *s.at != '"') {
        bool escaped = *s.at == '\\' && s.len > 1;

        add(w, escaped ? s.at[1] : *s.at);
        s = span_from(s, escaped ? 2 : 1);
    }
    return span_from(s, 1);
}

static struct span take_plain(struct span s, struct word *w)
{
    for (; s.len && !is_blank(*s.at); s = span_from(s, 1))
        add(w, *s.at);
    return s;
}

static void skip_blanks(struct span *rest)
{
    while (rest->len && is_blank(*rest->at))
        *rest = span_from(*rest, 1);
}

static void skip_comments(struct span *rest)
{
    skip_blanks(rest);
    while (rest->len && *rest->at == '#') {
        span_cut(rest, '\n');
        skip_blanks(rest);
    }
}

/* The next word; false at the end. A value may begin with '#': nothing is a comment there. */
static bool next_word(struct span *rest, struct word *w)
{
    skip_blanks(rest);
    w->len = 0;
    w->over = false;
    if (!rest->len)
        return false;
    *rest = *rest->at == '"' ? take_quoted(span_from(*rest, 1), w) : take_plain(*rest, w);
    w->text[w->len] = '\0';
    return true;
}

static bool is(const struct word *w, const char *text)
{
    return !w->over && strcmp(w->text, text) == 0;
}

/* A macro ends at an empty line. */
static void skip_macro(struct span *rest)
{
    span_cut(rest, '\n');
    while (rest->len && span_cut(rest, '\n').len)
        ;
}

struct entry {
    bool here, over; /* it is the one for our host; a word of it is too long */
    bool named;
    struct netrc has;
};

static bool fits(const struct entry *e, struct span user)
{
    return e->here && (!user.len || !e->named || span_eq(span_of(e->has.login), user));
}

static void take(struct entry *e, const struct word *w, char *into)
{
    e->over |= w->over;
    memcpy(into, w->text, w->len + 1);
}

/* A word that belongs to an entry, and its value. */
static void feed(struct entry *e, const struct word *key, struct span *rest)
{
    struct word value;

    if (is(key, "macdef")) {
        skip_macro(rest);
        return;
    }
    if (!is(key, "login") && !is(key, "password") && !is(key, "account"))
        return;
    if (!next_word(rest, &value))
        return;
    e->named |= is(key, "login");
    if (is(key, "login"))
        take(e, &value, e->has.login);
    else if (is(key, "password"))
        take(e, &value, e->has.password);
}

int netrc_find(struct span text, struct span host, struct span user, struct netrc *out)
{
    struct entry e = { 0 };
    struct word w;

    for (;;) {
        bool more, head;

        skip_comments(&text);
        more = next_word(&text, &w);
        head = more && (is(&w, "machine") || is(&w, "default"));
        if ((head || !more) && fits(&e, user))
            break;
        if (!more)
            return -ENOENT;
        if (!head) {
            feed(&e, &w, &text);
            continue;
        }
        e = (struct entry){ .here = is(&w, "default") };
        if (!e.here && next_word(&text, &w))
            e.here = !w.over && span_ieq((struct span){ w.text, w.len }, host);
    }
    if (e.over)
        return -E2BIG;
    *out = e.has;
    return 0;
}

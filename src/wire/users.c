/* users: one line of an accounts file, read and written (see users.h). Called by auth/, which makes accounts of them, and by
 * `dray user`, which edits them; owns nothing. What is not understood is refused, with the reason: an account with a mistake
 * in it must not become one with other rights. */
#include "wire/users.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digits.h"
#include "base/say.h"
#include "wire/path.h"
#include "wire/text.h"

enum { FIELDS = 6, MOST_SESSIONS = 1000000 };

/* ---- fields ---- */

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && c != 0x7f && c != ':' && c != '%';
}

/* Decodes a field behind what the text holds already. */
static int take_field(struct buf *text, struct span field, struct span *out)
{
    size_t start = text->len;

    for (size_t i = 0; i < field.len; i++) {
        bool coded = field.at[i] == '%';
        struct span code = span_from(field, i + 1);

        if (coded && (code.len < 2 || digits_value(code.at[0]) < 0 || digits_value(code.at[1]) < 0))
            return -EBADMSG;
        if (!coded && !is_plain(field.at[i]))
            return -EBADMSG;
        buf_putc(text, coded ? (char)(digits_value(code.at[0]) * 16 + digits_value(code.at[1])) : field.at[i]);
        i += coded ? 2 : 0;
    }
    *out = (struct span){ text->at + start, text->len - start };
    return text->over ? -EBADMSG : 0;
}

static void put_field(struct buf *b, struct span field)
{
    for (size_t i = 0; i < field.len; i++) {
        if (is_plain(field.at[i])) {
            buf_putc(b, field.at[i]);
        } else {
            buf_putc(b, '%');
            buf_number(b, (unsigned char)field.at[i], 16, 2, '0');
        }
    }
}

/* ---- limits ---- */

static int take_limit(struct user_limits *l, struct span word)
{
    struct span value = word, name = span_cut(&value, '=');
    const struct {
        const char *name;
        int64_t *bytes; /* NULL: a number */
    } limits[] = { { "sessions", NULL }, { "down", &l->down }, { "up", &l->up } };

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (span_eq(name, span_of(limits[i].name)))
            return limits[i].bytes ? span_bytes(value, limits[i].bytes) : span_u64(value, MOST_SESSIONS, &l->sessions);
    return -EINVAL;
}

int user_limits_parse(struct span text, struct user_limits *out)
{
    struct user_limits l = { 0 };

    while (text.len) {
        struct span word = span_cut(&text, ' ');

        if (word.len)
            TRY(take_limit(&l, word));
    }
    *out = l;
    return 0;
}

static void put_limit(struct buf *b, const char *name, uint64_t value, bool bytes)
{
    static const char units[] = "KMGT";
    int unit = -1;

    if (!value)
        return;
    while (bytes && unit < 3 && value % 1024 == 0) {
        value /= 1024;
        unit++;
    }
    buf_text(b, b->len && b->at[b->len - 1] != ':' ? " " : "");
    buf_text(b, name);
    buf_number(b, value, 10, 1, '0');
    if (unit >= 0)
        buf_putc(b, units[unit]);
}

void user_limits_print(struct buf *b, const struct user_limits *l)
{
    put_limit(b, "sessions=", l->sessions, false);
    put_limit(b, "down=", (uint64_t)l->down, true);
    put_limit(b, "up=", (uint64_t)l->up, true);
}

/* ---- what may be in it ---- */

const char *user_name_fault(struct span name)
{
    if (!name.len)
        return N_("the name is empty");
    if (name.len > USER_NAME)
        return N_("the name is longer than 64 bytes");
    if (text_has_control(name) || memchr(name.at, 0, name.len))
        return N_("the name has control characters in it");
    if (span_find(name, ':') >= 0)
        return N_("the name has a colon in it");
    if (*name.at == '#' || *name.at == '-' || span_trim(name).len != name.len)
        return N_("a name does not begin with # or -, nor begin or end with a blank");
    if (span_ieq(name, SPAN("anonymous")) || span_ieq(name, SPAN("ftp")))
        return N_("that name is everybody's, whatever the password");
    return NULL;
}

const char *user_home_fault(struct span home)
{
    struct span rest = span_from(home, 1);

    if (!home.len)
        return NULL;
    if (*home.at != '/')
        return N_("a home begins with a slash, which stands for the shared folder");
    if (memchr(home.at, 0, home.len) || home.len > PATH_CAP / 4)
        return N_("that cannot be a folder's path");
    while (rest.len) {
        struct span name = span_cut(&rest, '/');

        if (!name.len || span_eq(name, SPAN(".")) || span_eq(name, SPAN("..")) || name.len > NAME_CAP)
            return N_("a home has no `.`, `..`, double slashes or endless names in it");
    }
    return home.len > 1 && home.at[home.len - 1] == '/' ? N_("a home does not end with a slash") : NULL;
}

static const char *check(struct user *u, struct span limits)
{
    if (user_name_fault(u->name))
        return user_name_fault(u->name);
    if (u->hash.len > USER_HASH || memchr(u->hash.at, 0, u->hash.len))
        return N_("the second field is no hash of a password");
    if (user_home_fault(u->home))
        return user_home_fault(u->home);
    if (rights_parse(u->rights.len ? u->rights : SPAN("add"), &u->may) < 0)
        return N_("the fourth field are no rights");
    if (user_limits_parse(limits, &u->limits) < 0)
        return N_("the fifth field are no limits");
    return NULL;
}

/* ---- lines ---- */

static const char *parse(struct span line, struct user *u)
{
    struct buf text = BUF(u->text);
    struct span limits, *fields[FIELDS] = { &u->name, &u->hash, &u->home, &u->rights, &limits, &u->notes };
    struct span rest = line;
    unsigned colons = 0;

    for (size_t i = 0; i < line.len; i++)
        colons += line.at[i] == ':';
    if (line.len >= USER_LINE)
        return N_("the line is too long");
    if (colons != FIELDS - 1)
        return N_("there are not six fields, name:hash:home:rights:limits:notes");
    for (unsigned i = 0; i < FIELDS; i++)
        if (take_field(&text, span_cut(&rest, ':'), fields[i]) < 0)
            return N_("a % without two hexadecimal digits behind it, or a control character");
    return check(u, limits);
}

int user_parse(struct span line, struct user *out, const char **why)
{
    struct span trimmed = span_trim(line);

    if (!trimmed.len || *trimmed.at == '#')
        return 0;
    *why = parse(line, out);
    return *why ? -EBADMSG : 1;
}

void user_print(struct buf *b, const struct user *u)
{
    put_field(b, u->name);
    buf_putc(b, ':');
    put_field(b, u->hash);
    buf_putc(b, ':');
    put_field(b, u->home);
    buf_putc(b, ':');
    put_field(b, u->rights);
    buf_putc(b, ':');
    user_limits_print(b, &u->limits);
    buf_putc(b, ':');
    put_field(b, u->notes);
}

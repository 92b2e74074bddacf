/* ftp_list: entries of listings. The server prints them (LIST, MLSD, MLST), the client reads what any server sends.
 * Owns nothing: names are views into the line. A printer leaves a whole entry in the buffer or none of it. A parser
 * fails with -EBADMSG for a line that it cannot explain, and takes nothing on trust: numbers are bounded, and a fact
 * with a malformed value is left out of `has`. Names are not judged here: whoever writes local files must refuse
 * "..", and slashes. RFC 3659 section 7 for facts; `ls -l` and its relatives are common usage without a standard. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/digits.h"
#include "wire/ftp_list.h"
#include "wire/ftp_time.h"
#include "wire/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BIT(fact) (1u << (fact))

/* ---- printing ---- */

/* A text shorter than WORD, copied whole and counted by its length: two instructions instead of a call. A copy reaches
 * beyond what counts, so there must be room for it behind the last one. */
enum { WORD = 16 };

struct word {
    char text[WORD];
    unsigned char len;
};

#define W(literal) { literal, sizeof(literal) - 1 }

static struct span word_span(const struct word *w)
{
    return (struct span){ w->text, w->len };
}

static char *put_word(char *at, const struct word *w)
{
    memcpy(at, w->text, WORD);
    return at + w->len;
}

static const struct kind {
    struct word fact; /* value of the type fact */
    char letter;      /* first column of ls -l */
    bool folder;
} kinds[] = {
    [FTP_FILE] = { W("file"), '-', false },
    [FTP_DIR] = { W("dir"), 'd', true },
    [FTP_CDIR] = { W("cdir"), 'd', true },
    [FTP_PDIR] = { W("pdir"), 'd', true },
    [FTP_OTHER] = { W("OS.unix=other"), 'p', false }, /* any letter but '-', 'd' and 'l' would do */
};

/* What precedes the name is printed at a cursor into room for the longest, and appended in one piece. */
static void append(struct buf *b, const char *text, const char *end, struct span name, struct span line_end)
{
    size_t start = b->len;

    buf_put(b, (struct span){ text, (size_t)(end - text) });
    text_plain(b, name);
    buf_put(b, line_end);
    if (b->over)
        b->len = start;
}

static char *put_bits(char *at, unsigned mode)
{
    for (int i = 0; i < 9; i++)
        *at++ = (mode & (0400u >> i)) ? "rwxrwxrwx"[i] : '-';
    return at;
}

/* A number at the right end of `width` columns, or as wide as it is. */
static char *put_column(char *at, uint64_t n, unsigned width)
{
    char digits[DIGITS_DECIMAL];
    size_t len = (size_t)(digits_decimal(digits, n) - digits), blanks = len < width ? width - len : 0;

    memset(at, ' ', blanks);
    memcpy(at + blanks, digits, len);
    return at + blanks + len;
}

void ftp_list_print_ls(struct buf *b, const struct ftp_entry *e, int64_t now)
{
    static const char owners[] = " ftp      ftp      ";
    char text[12 + 2 * DIGITS_DECIMAL + sizeof owners + FTP_TIME_LS_LEN + 2], *at = text;

    *at++ = kinds[e->kind].letter;
    at = put_bits(at, e->mode);
    *at++ = ' ';
    at = put_column(at, e->nlink ? e->nlink : 1, 3);
    at = mempcpy(at, owners, sizeof owners - 1);
    at = put_column(at, (uint64_t)e->size, 8);
    *at++ = ' ';
    at = ftp_time_put_ls(at, e->mtime, now);
    *at++ = ' ';
    append(b, text, at, e->name, SPAN("\r\n"));
}

enum { READ = 1, ADD = 2, WRITE = 4, MOVE = 8, ENTER = 16 };

/* RFC 3659 section 7.5.5; what each letter asks of the session's rights, 0: says nothing of such a thing */
static const struct perm {
    char letter;
    unsigned char need[2]; /* for a file, for a folder */
} perms[] = {
    { 'a', { WRITE, 0 } }, { 'c', { 0, ADD } }, { 'd', { WRITE, WRITE } }, { 'e', { 0, READ | ENTER } }, { 'f', { MOVE, MOVE } },
    { 'l', { 0, READ } },  { 'm', { 0, ADD } }, { 'p', { 0, WRITE } },     { 'r', { READ, 0 } }, { 'w', { WRITE, 0 } },
};

static char *put_perm(char *at, const struct ftp_entry *e)
{
    unsigned have = (e->read ? READ : 0) | (e->add ? ADD : 0) | (e->write ? WRITE : 0) | (e->write && !e->stays ? MOVE : 0) | (e->add ? ENTER : 0);
    bool folder = kinds[e->kind].folder;

    if (e->kind == FTP_OTHER)
        return at;
    for (size_t i = 0; i < COUNT(perms); i++) {
        *at = perms[i].letter;
        at += (have & perms[i].need[folder]) != 0;
    }
    return at;
}

static char *put_type(char *at, const struct ftp_entry *e)
{
    return put_word(at, &kinds[e->kind].fact);
}

static char *put_size(char *at, const struct ftp_entry *e)
{
    return digits_decimal(at, (uint64_t)e->size);
}

static char *put_modify(char *at, const struct ftp_entry *e)
{
    return ftp_time_put(at, e->mtime);
}

static char *put_unique(char *at, const struct ftp_entry *e)
{
    at = digits_hex(at, e->dev);
    *at++ = 'g';
    return digits_hex(at, e->ino);
}

static char *put_mode(char *at, const struct ftp_entry *e)
{
    return digits_mode(at, e->mode & 07777);
}

static char *put_owner(char *at, const struct ftp_entry *e)
{
    return digits_decimal(at, e->uid);
}

static char *put_group(char *at, const struct ftp_entry *e)
{
    return digits_decimal(at, e->gid);
}

static char *put_partial(char *at, const struct ftp_entry *e)
{
    *at++ = e->partial ? '1' : '0';
    return at;
}

/* ---- reading facts ---- */

static bool parse_type(struct span v, struct ftp_entry *e)
{
    if (v.len == 0)
        return false;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (span_ieq(v, word_span(&kinds[i].fact))) {
            e->kind = (enum ftp_kind)i;
            return true;
        }
    }
    e->kind = FTP_OTHER;
    return true;
}

static bool parse_size(struct span v, struct ftp_entry *e)
{
    uint64_t n;

    if (span_u64(v, INT64_MAX, &n) < 0)
        return false;
    e->size = (int64_t)n;
    return true;
}

static bool parse_modify(struct span v, struct ftp_entry *e)
{
    uint32_t nsec;

    return ftp_time_parse(v, &e->mtime, &nsec) == 0;
}

static bool parse_perm(struct span v, struct ftp_entry *e)
{
    unsigned have = 0;

    for (size_t i = 0; i < v.len; i++)
        for (size_t k = 0; k < COUNT(perms); k++)
            if ((v.at[i] | 0x20) == perms[k].letter)
                have |= perms[k].need[false] | perms[k].need[true];
    e->read = have & READ;
    e->add = have & ADD;
    e->write = have & (WRITE | MOVE);
    return true;
}

/* The whole span as a number in base 8 or 16. */
static bool number_parse(struct span s, unsigned base, uint64_t max, uint64_t *out)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned c = (unsigned char)s.at[i];
        unsigned digit = c - '0' < 10 ? c - '0' : (c | 0x20) - 'a' < 6 ? (c | 0x20) - 'a' + 10 : 99;

        if (digit >= base || sum > (max - digit) / base)
            return false;
        sum = sum * base + digit;
    }
    if (s.len)
        *out = sum;
    return s.len != 0;
}

/* Our own form, and that of some others; to the rest it stays opaque. */
static bool parse_unique(struct span v, struct ftp_entry *e)
{
    struct span dev = span_cut(&v, 'g');
    uint64_t d, i;

    if (!number_parse(dev, 16, UINT64_MAX, &d) || !number_parse(v, 16, UINT64_MAX, &i))
        return false;
    e->dev = d;
    e->ino = i;
    return true;
}

static bool parse_mode(struct span v, struct ftp_entry *e)
{
    uint64_t mode;

    if (!number_parse(v, 8, 07777, &mode))
        return false;
    e->mode = (unsigned)mode;
    return true;
}

static bool parse_id(struct span v, unsigned *id)
{
    uint64_t n;

    if (span_u64(v, UINT32_MAX, &n) < 0)
        return false;
    *id = (unsigned)n;
    return true;
}

static bool parse_owner(struct span v, struct ftp_entry *e)
{
    return parse_id(v, &e->uid);
}

static bool parse_group(struct span v, struct ftp_entry *e)
{
    return parse_id(v, &e->gid);
}

static bool parse_partial(struct span v, struct ftp_entry *e)
{
    e->partial = span_eq(v, SPAN("1"));
    return true;
}

/* The longest value of a fact in bytes, for the room that ftp_list_print_facts makes. */
enum { VALUE_MAX = 2 * DIGITS_HEX + 1 };

static const struct fact {
    struct word name;
    const char *alias; /* what some other servers say */
    char *(*put)(char *at, const struct ftp_entry *e);
    bool (*parse)(struct span v, struct ftp_entry *e);
} fact_rows[FTP_FACTS] = {
    [FTP_FACT_TYPE] = { W("type"), NULL, put_type, parse_type },
    [FTP_FACT_SIZE] = { W("size"), NULL, put_size, parse_size },
    [FTP_FACT_MODIFY] = { W("modify"), NULL, put_modify, parse_modify },
    [FTP_FACT_PERM] = { W("perm"), NULL, put_perm, parse_perm },
    [FTP_FACT_UNIQUE] = { W("unique"), NULL, put_unique, parse_unique },
    [FTP_FACT_MODE] = { W("UNIX.mode"), NULL, put_mode, parse_mode },
    [FTP_FACT_OWNER] = { W("UNIX.owner"), "UNIX.uid", put_owner, parse_owner },
    [FTP_FACT_GROUP] = { W("UNIX.group"), "UNIX.gid", put_group, parse_group },
    [FTP_FACT_PARTIAL] = { W("X.partial"), NULL, put_partial, parse_partial },
};

const char *ftp_fact_name(enum ftp_fact f)
{
    CHECK((unsigned)f < FTP_FACTS);
    return fact_rows[f].name.text;
}

/* The row of a name, or FTP_FACTS. */
static unsigned fact_find(struct span name)
{
    unsigned i = 0;

    while (i < FTP_FACTS && !span_ieq(name, word_span(&fact_rows[i].name)) &&
           !span_ieq(name, span_of(fact_rows[i].alias)))
        i++;
    return name.len ? i : FTP_FACTS;
}

void ftp_list_print_facts(struct buf *b, const struct ftp_entry *e, unsigned facts, struct span line_end)
{
    char text[FTP_FACTS * (WORD + VALUE_MAX + 2) + WORD], *at = text;

    if (e->kind != FTP_FILE)
        facts &= ~BIT(FTP_FACT_SIZE);
    if (!e->partial)
        facts &= ~BIT(FTP_FACT_PARTIAL);
    for (unsigned i = 0; i < FTP_FACTS; i++) {
        if (!(facts & BIT(i)))
            continue;
        at = put_word(at, &fact_rows[i].name);
        *at++ = '=';
        at = fact_rows[i].put(at, e);
        *at++ = ';';
    }
    *at++ = ' ';
    append(b, text, at, e->name, line_end);
}

unsigned ftp_facts_parse(struct span list)
{
    unsigned facts = 0;

    while (list.len) {
        unsigned i = fact_find(span_trim(span_cut(&list, ';')));

        if (i < FTP_FACTS)
            facts |= BIT(i);
    }
    return facts;
}

/* One "name=value" into *e. */
static int fact_parse(struct span fact, struct ftp_entry *e)
{
    struct span value = fact;
    struct span name = span_cut(&value, '=');
    unsigned i = fact_find(name);

    if (name.len == 0 || name.len == fact.len)
        return -EBADMSG;
    if (i < FTP_FACTS && fact_rows[i].parse(value, e))
        e->has |= BIT(i);
    return 0;
}

/* Where the blank before the name stands. A name may hold "; ", a value cannot hold ';': the first one decides. */
static ptrdiff_t facts_end(struct span line)
{
    if (span_starts(line, SPAN(" ")))
        return 0;
    for (size_t i = 1; i < line.len; i++)
        if (line.at[i] == ' ' && line.at[i - 1] == ';')
            return (ptrdiff_t)i;
    return -1;
}

int ftp_list_parse_facts(struct span line, struct ftp_entry *out)
{
    struct ftp_entry e = { 0 };
    ptrdiff_t end = facts_end(line);
    struct span facts = { line.at, end > 0 ? (size_t)end : 0 };

    if (span_trim(line).len == 0)
        return 0;
    if (end < 0 || (size_t)end + 1 == line.len)
        return -EBADMSG;
    while (facts.len)
        TRY(fact_parse(span_cut(&facts, ';'), &e));
    e.name = span_from(line, (size_t)end + 1);
    *out = e;
    return 1;
}

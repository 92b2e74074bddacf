/* ftp_list: entries of listings. The server prints them (LIST, MLSD, MLST), the client reads what any server sends.
 * Owns nothing: names are views into the line. A printer leaves a whole entry in the buffer or none of it. A parser
 * fails with -EBADMSG for a line that it cannot explain, and takes nothing on trust: numbers are bounded, and a fact
 * with a malformed value is left out of `has`. Names are not judged here: whoever writes local files must refuse
 * "..", and slashes. RFC 3659 section 7 for facts; `ls -l` and its relatives are common usage without a standard. */
#include <errno.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "wire/ftp_list.h"
#include "wire/ftp_time.h"
#include "wire/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BIT(fact) (1u << (fact))

/* ---- printing ---- */

static const struct kind {
    const char *fact; /* value of the type fact */
    char letter;      /* first column of ls -l */
    bool folder;
} kinds[] = {
    [FTP_FILE] = { "file", '-', false },
    [FTP_DIR] = { "dir", 'd', true },
    [FTP_CDIR] = { "cdir", 'd', true },
    [FTP_PDIR] = { "pdir", 'd', true },
    [FTP_OTHER] = { "OS.unix=other", 'p', false }, /* any letter but '-', 'd' and 'l' would do */
};

void ftp_list_print_ls(struct buf *b, const struct ftp_entry *e, int64_t now)
{
    static const char rwx[] = "rwxrwxrwx";
    size_t start = b->len;

    buf_putc(b, kinds[e->kind].letter);
    for (int i = 0; i < 9; i++)
        buf_putc(b, (e->mode & (0400u >> i)) ? rwx[i] : '-');
    buf_putc(b, ' ');
    buf_number(b, e->nlink ? e->nlink : 1, 10, 3, ' ');
    buf_text(b, " ftp      ftp      ");
    buf_number(b, (uint64_t)e->size, 10, 8, ' ');
    buf_putc(b, ' ');
    ftp_time_print_ls(b, e->mtime, now);
    buf_putc(b, ' ');
    text_plain(b, e->name);
    buf_text(b, "\r\n");
    if (b->over)
        b->len = start;
}

enum { READ = 1, ADD = 2, WRITE = 4 };

/* RFC 3659 section 7.5.5; what each letter asks of the session's rights */
static const struct perm {
    char letter;
    bool file, folder;
    unsigned need;
} perms[] = {
    { 'a', true, false, WRITE }, { 'c', false, true, ADD },   { 'd', true, true, WRITE }, { 'e', false, true, READ },
    { 'f', true, true, WRITE },  { 'l', false, true, READ },  { 'm', false, true, ADD },  { 'p', false, true, WRITE },
    { 'r', true, false, READ },  { 'w', true, false, WRITE },
};

static void print_perm(struct buf *b, const struct ftp_entry *e)
{
    unsigned have = (e->read ? READ : 0) | (e->add ? ADD : 0) | (e->write ? WRITE : 0);

    for (size_t i = 0; i < COUNT(perms); i++) {
        bool applies = kinds[e->kind].folder ? perms[i].folder : perms[i].file && e->kind == FTP_FILE;

        if (applies && (have & perms[i].need))
            buf_putc(b, perms[i].letter);
    }
}

static void print_type(struct buf *b, const struct ftp_entry *e)
{
    buf_text(b, kinds[e->kind].fact);
}

static void print_size(struct buf *b, const struct ftp_entry *e)
{
    buf_number(b, (uint64_t)e->size, 10, 1, '0');
}

static void print_modify(struct buf *b, const struct ftp_entry *e)
{
    ftp_time_print(b, e->mtime);
}

static void print_unique(struct buf *b, const struct ftp_entry *e)
{
    buf_number(b, e->dev, 16, 1, '0');
    buf_putc(b, 'g');
    buf_number(b, e->ino, 16, 1, '0');
}

static void print_mode(struct buf *b, const struct ftp_entry *e)
{
    buf_number(b, e->mode & 07777, 8, 4, '0');
}

static void print_owner(struct buf *b, const struct ftp_entry *e)
{
    buf_number(b, e->uid, 10, 1, '0');
}

static void print_group(struct buf *b, const struct ftp_entry *e)
{
    buf_number(b, e->gid, 10, 1, '0');
}

/* ---- reading facts ---- */

static bool parse_type(struct span v, struct ftp_entry *e)
{
    if (v.len == 0)
        return false;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (span_ieq(v, span_of(kinds[i].fact))) {
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
                have |= perms[k].need;
    e->read = have & READ;
    e->add = have & ADD;
    e->write = have & WRITE;
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

static const struct fact {
    const char *name, *alias; /* alias: what some other servers say */
    void (*print)(struct buf *b, const struct ftp_entry *e);
    bool (*parse)(struct span v, struct ftp_entry *e);
} fact_rows[FTP_FACTS] = {
    [FTP_FACT_TYPE] = { "type", NULL, print_type, parse_type },
    [FTP_FACT_SIZE] = { "size", NULL, print_size, parse_size },
    [FTP_FACT_MODIFY] = { "modify", NULL, print_modify, parse_modify },
    [FTP_FACT_PERM] = { "perm", NULL, print_perm, parse_perm },
    [FTP_FACT_UNIQUE] = { "unique", NULL, print_unique, parse_unique },
    [FTP_FACT_MODE] = { "UNIX.mode", NULL, print_mode, parse_mode },
    [FTP_FACT_OWNER] = { "UNIX.owner", "UNIX.uid", print_owner, parse_owner },
    [FTP_FACT_GROUP] = { "UNIX.group", "UNIX.gid", print_group, parse_group },
};

const char *ftp_fact_name(enum ftp_fact f)
{
    CHECK((unsigned)f < FTP_FACTS);
    return fact_rows[f].name;
}

/* The row of a name, or FTP_FACTS. */
static unsigned fact_find(struct span name)
{
    unsigned i = 0;

    while (i < FTP_FACTS && !span_ieq(name, span_of(fact_rows[i].name)) && !span_ieq(name, span_of(fact_rows[i].alias)))
        i++;
    return name.len ? i : FTP_FACTS;
}

void ftp_list_print_facts(struct buf *b, const struct ftp_entry *e, unsigned facts)
{
    size_t start = b->len;

    if (e->kind != FTP_FILE)
        facts &= ~BIT(FTP_FACT_SIZE);
    for (unsigned i = 0; i < FTP_FACTS; i++) {
        if (!(facts & BIT(i)))
            continue;
        buf_text(b, fact_rows[i].name);
        buf_putc(b, '=');
        fact_rows[i].print(b, e);
        buf_putc(b, ';');
    }
    buf_putc(b, ' ');
    text_plain(b, e->name);
    if (b->over)
        b->len = start;
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

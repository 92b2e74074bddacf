/* ftp_list_ls: reading what LIST answers. Called by the client for servers without MLSD. There is no standard: nearly
 * all servers imitate `ls -l`, IIS also the DIR of DOS. Columns before the date vary (group or none, owners with
 * blanks, device numbers), so the date is looked for: a number, then something that is a date; then exactly one blank
 * and the name, all of it, since names may begin and end with blanks. Owns nothing; -EBADMSG for what no form
 * explains. Dates are taken as UTC, which is a guess that no listing can settle. */
#include <errno.h>

#include "base/cleanup.h"
#include "wire/ftp_list.h"
#include "wire/ftp_time.h"

#define BIT(fact) (1u << (fact))

enum { DAY = 86400, COLUMNS = 12, DOS_PAD = 10 };

static size_t blanks(struct span s)
{
    size_t n = 0;

    while (n < s.len && (s.at[n] == ' ' || s.at[n] == '\t'))
        n++;
    return n;
}

/* The next word; *rest keeps what follows, from its blank on. */
static struct span word_cut(struct span *rest)
{
    struct span s = span_from(*rest, blanks(*rest));
    size_t n = 0;

    while (n < s.len && s.at[n] != ' ' && s.at[n] != '\t')
        n++;
    *rest = span_from(s, n);
    s.len = n;
    return s;
}

/* ---- dates ---- */

struct date {
    unsigned year, month, day, hour, minute, second;
    bool yearless;
};

/* A number of at most so many digits. */
static bool small(struct span s, size_t digits, unsigned *out)
{
    uint64_t n;

    if (s.len > digits || span_u64(s, 9999, &n) < 0)
        return false;
    *out = (unsigned)n;
    return true;
}

/* "10:12", "9:05", "10:12:33", "10:12:33.123456789" */
static bool time_parse(struct span s, struct date *d)
{
    struct span hour = span_cut(&s, ':'), minute = span_cut(&s, ':'), second = span_cut(&s, '.');

    d->second = 0;
    return small(hour, 2, &d->hour) && small(minute, 2, &d->minute) && (!second.len || small(second, 2, &d->second));
}

static bool month_parse(struct span s, unsigned *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (size_t i = 0; i < 12; i++) {
        if (span_ieq(s, (struct span){ names + 3 * i, 3 })) {
            *month = (unsigned)i + 1;
            return true;
        }
    }
    return false;
}

/* "Nov 23 10:12", "Nov 23  2025", "23 Nov 2025" */
static bool date_named(struct span *rest, struct date *d)
{
    struct span a = word_cut(rest), b = word_cut(rest), c = word_cut(rest);

    if (!(month_parse(a, &d->month) && small(b, 2, &d->day)) && !(small(a, 2, &d->day) && month_parse(b, &d->month)))
        return false;
    d->yearless = span_find(c, ':') >= 0;
    return d->yearless ? time_parse(c, d) : c.len == 4 && small(c, 4, &d->year);
}

/* "2026-11-23 10:12" */
static bool date_numeric(struct span *rest, struct date *d)
{
    struct span day = word_cut(rest), time = word_cut(rest);
    struct span year = span_cut(&day, '-'), month = span_cut(&day, '-');

    if (year.len != 4 || !small(year, 4, &d->year) || !small(month, 2, &d->month) || !small(day, 2, &d->day))
        return false;
    return time_parse(time, d);
}

static bool date_seconds(const struct date *d, int64_t *sec)
{
    char text[64];
    struct buf b = BUF(text);
    uint32_t nsec;

    buf_printf(&b, "%04u%02u%02u%02u%02u%02u", d->year, d->month, d->day, d->hour, d->minute, d->second);
    return ftp_time_parse(buf_span(&b), sec, &nsec) == 0;
}

static unsigned year_of(int64_t sec)
{
    char text[16];
    struct buf b = BUF(text);
    unsigned year = 0;

    ftp_time_print(&b, sec);
    small((struct span){ text, 4 }, 4, &year);
    return year;
}

/* Without a year: the latest one in which the day exists and is not later than tomorrow (clocks and zones differ).
 * Eight years back there is always a 29th of February. */
static bool date_guess(struct date d, int64_t now, int64_t *sec)
{
    int64_t guess;

    d.year = year_of(now) + 1;
    for (int i = 0; i < 10; i++, d.year--) {
        if (date_seconds(&d, &guess) && guess - DAY <= now) {
            *sec = guess;
            return true;
        }
    }
    return false;
}

/* Takes a date off the front of *rest, if there is one. */
static bool date_cut(struct span *rest, int64_t now, int64_t *sec)
{
    struct span after = *rest;
    struct date d = { 0 };

    if (!date_numeric(&after, &d)) {
        after = *rest;
        d = (struct date){ 0 };
        if (!date_named(&after, &d))
            return false;
    }
    if (!(d.yearless ? date_guess(d, now, sec) : date_seconds(&d, sec)))
        return false;
    *rest = after;
    return true;
}

/* ---- ls -l ---- */

/* "-rw-r--r--", "drwxrwxrwt+" */
static bool mode_parse(struct span word, struct ftp_entry *e)
{
    static const char special[] = { [2] = 4, [5] = 2, [8] = 1 };
    unsigned mode = 0;

    if (word.len < 10 || word.len > 11 || span_find(SPAN("-dlbcpsDCMn"), word.at[0]) < 0)
        return false;
    if (word.len == 11 && span_find(SPAN("+.@"), word.at[10]) < 0)
        return false;
    for (unsigned i = 0; i < 9; i++) {
        char c = word.at[i + 1];

        if (span_find(SPAN("rwxsStTlL-"), c) < 0)
            return false;
        if (span_find(SPAN("sStTlL"), c) >= 0)
            mode |= (unsigned)special[i] << 9;
        if (span_find(SPAN("rwxst"), c) >= 0)
            mode |= 0400u >> i;
    }
    e->mode = mode;
    e->kind = word.at[0] == '-' ? FTP_FILE : word.at[0] == 'd' ? FTP_DIR : FTP_OTHER;
    return true;
}

/* Columns before the size: "nlink owner", "nlink owner group", or anything at all. */
static void owners_parse(const struct span *cols, unsigned n, struct ftp_entry *e)
{
    uint64_t value;

    if (n < 2 || span_u64(cols[0], UINT32_MAX, &value) < 0)
        return;
    e->nlink = (unsigned)value;
    if (n <= 3 && span_u64(cols[1], UINT32_MAX, &value) == 0) {
        e->uid = (unsigned)value;
        e->has |= BIT(FTP_FACT_OWNER);
    }
    if (n == 3 && span_u64(cols[2], UINT32_MAX, &value) == 0) {
        e->gid = (unsigned)value;
        e->has |= BIT(FTP_FACT_GROUP);
    }
}

static int columns_parse(struct span *rest, int64_t now, struct ftp_entry *e)
{
    struct span cols[COLUMNS];
    uint64_t size;

    for (unsigned n = 0; n < COLUMNS; n++) {
        cols[n] = word_cut(rest);
        if (span_u64(cols[n], INT64_MAX, &size) < 0 || !date_cut(rest, now, &e->mtime))
            continue;
        e->size = (int64_t)size;
        owners_parse(cols, n, e);
        return 0;
    }
    return -EBADMSG;
}

static struct span without_target(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (span_starts(span_from(name, i), SPAN(" -> ")))
            return (struct span){ name.at, i };
    return name;
}

static void name_set(struct ftp_entry *e, struct span name, bool link)
{
    e->name = link ? without_target(name) : name;
    if (e->kind == FTP_DIR && span_eq(e->name, SPAN(".")))
        e->kind = FTP_CDIR;
    if (e->kind == FTP_DIR && span_eq(e->name, SPAN("..")))
        e->kind = FTP_PDIR;
}

static int unix_parse(struct span line, int64_t now, struct ftp_entry *e)
{
    struct span rest = line;

    e->has = BIT(FTP_FACT_TYPE) | BIT(FTP_FACT_MODE) | BIT(FTP_FACT_MODIFY);
    if (!mode_parse(word_cut(&rest), e))
        return -EBADMSG;
    TRY(columns_parse(&rest, now, e));
    name_set(e, span_from(rest, 1), span_starts(line, SPAN("l")));
    return 0;
}

/* ---- DOS ---- */

/* "11-23-26", "11-23-2026" */
static bool dos_day(struct span s, struct date *d)
{
    struct span month = span_cut(&s, '-'), day = span_cut(&s, '-');

    if (!small(month, 2, &d->month) || !small(day, 2, &d->day) || !small(s, 4, &d->year))
        return false;
    if (s.len == 2)
        d->year += d->year < 70 ? 2000 : 1900;
    return s.len == 2 || s.len == 4;
}

/* "10:12AM", "12:00PM", "22:12" */
static bool dos_time(struct span s, struct date *d)
{
    struct span half = s.len > 2 ? span_from(s, s.len - 2) : s;
    bool am = span_ieq(half, SPAN("AM")), pm = span_ieq(half, SPAN("PM"));

    if (am || pm)
        s.len -= 2;
    if (span_find(s, ':') < 0 || !time_parse(s, d))
        return false;
    if ((am || pm) && (d->hour < 1 || d->hour > 12))
        return false;
    if (am || pm)
        d->hour = d->hour % 12 + (pm ? 12 : 0);
    return true;
}

/* "<DIR>", "<JUNCTION>" or a size; returns how many blanks may stand before the name. */
static int dos_size(struct span word, struct ftp_entry *e)
{
    uint64_t size;

    if (span_u64(word, INT64_MAX, &size) == 0) {
        e->size = (int64_t)size;
        e->has |= BIT(FTP_FACT_SIZE);
        return 1;
    }
    if (!span_starts(word, SPAN("<")) || word.at[word.len - 1] != '>')
        return -EBADMSG;
    e->kind = span_ieq(word, SPAN("<DIR>")) ? FTP_DIR : FTP_OTHER;
    return DOS_PAD;
}

static int dos_parse(struct span line, struct ftp_entry *e)
{
    struct span rest = line;
    struct date d = { 0 };
    size_t pad;
    int most;

    e->has = BIT(FTP_FACT_TYPE) | BIT(FTP_FACT_MODIFY);
    if (!dos_day(word_cut(&rest), &d) || !dos_time(word_cut(&rest), &d) || !date_seconds(&d, &e->mtime))
        return -EBADMSG;
    most = dos_size(word_cut(&rest), e);
    if (most < 0)
        return most;
    pad = blanks(rest);
    name_set(e, span_from(rest, pad < (size_t)most ? pad : (size_t)most), false);
    return 0;
}

/* "total 12" */
static bool is_total(struct span line)
{
    uint64_t n;

    return span_starts(line, SPAN("total ")) && span_u64(span_trim(span_from(line, 6)), UINT64_MAX, &n) == 0;
}

int ftp_list_parse_ls(struct span line, int64_t now, struct ftp_entry *out)
{
    struct ftp_entry e = { 0 };
    int rc;

    if (span_trim(line).len == 0 || is_total(line))
        return 0;
    if (line.at[0] >= '0' && line.at[0] <= '9')
        rc = dos_parse(line, &e);
    else
        rc = unix_parse(line, now, &e);
    if (rc < 0 || e.name.len == 0)
        return -EBADMSG;
    if (e.kind == FTP_FILE)
        e.has |= BIT(FTP_FACT_SIZE);
    *out = e;
    return 1;
}

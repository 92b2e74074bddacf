/* ftp_time: points in time as text. The server prints MDTM replies, modify facts and the date
 * column of ls -l; both sides parse the fourteen digits (MFMT, MDTM). Owns nothing, asks no clock
 * and no time zone: everything is UTC, and the calendar is computed here because gmtime and timegm
 * belong to the machine's locale and cannot say "no such day". Fails with -EINVAL. RFC 3659 section
 * 2.3. */
#include <errno.h>
#include <string.h>

#include "base/digits.h"
#include "wire/ftp_time.h"

enum { DAY = 86400, RECENT_DAYS = 180, DAYS_ERA = 146097 };

struct civil {
    int year;
    unsigned month, day, hour, minute, second;
};

/* Years are counted from March, so that the leap day is the last one: the days before month m are then a straight
 * line. */
static int64_t days_before(int64_t year, unsigned month, unsigned day)
{
    unsigned from_march = (month + 9) % 12;
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;

    return era * DAYS_ERA + in_era * 365 + in_era / 4 - in_era / 100 + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

/* 0000-01-01 00:00:00 to 9999-12-31 23:59:59, what fourteen digits can say */
int64_t ftp_time_shown(int64_t sec)
{
    const int64_t first = -62167219200, last = 253402300799;

    return sec < first ? first : sec > last ? last : sec;
}

/* The calendar day of what ftp_time_shown returns. Counted from a March four hundred years earlier: nothing is negative, and
 * dividing is cheap. */
static struct civil civil_of(int64_t sec)
{
    const int64_t shift = (719468LL + DAYS_ERA) * DAY;
    uint64_t since = (uint64_t)(sec + shift), left = since % DAY;
    unsigned days = (unsigned)(since / DAY), era = days / DAYS_ERA, in_era = days % DAYS_ERA;
    unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    unsigned of_year = in_era - (365 * year + year / 4 - year / 100);
    unsigned from_march = (5 * of_year + 2) / 153, second = (unsigned)left;

    return (struct civil){
        .year = (int)(year + era * 400 + (from_march >= 10)) - 400,
        .month = from_march < 10 ? from_march + 3 : from_march - 9,
        .day = of_year - (153 * from_march + 2) / 5 + 1,
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
    };
}

static unsigned month_len(int64_t year, unsigned month)
{
    static const unsigned char len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return len[month - 1] + (month == 2 && leap);
}

/* Two digits from the front. */
static unsigned pair(struct span *s)
{
    unsigned value = (unsigned)(s->at[0] - '0') * 10 + (unsigned)(s->at[1] - '0');

    *s = span_from(*s, 2);
    return value;
}

static int fraction_parse(struct span s, uint32_t *nsec)
{
    uint32_t sum = 0;

    if (s.len == 0)
        return -EINVAL;
    for (size_t i = 0; i < s.len || i < 9; i++) {
        unsigned digit = i < s.len ? (unsigned)s.at[i] - '0' : 0;

        if (digit > 9)
            return -EINVAL;
        if (i < 9) /* finer than a nanosecond is let go */
            sum = sum * 10 + digit;
    }
    *nsec = sum;
    return 0;
}

static int civil_parse(struct span s, struct civil *out)
{
    struct civil c;
    uint64_t ignored;

    if (s.len != 14 || span_u64(s, UINT64_MAX, &ignored) < 0)
        return -EINVAL;
    c.year = (int)pair(&s) * 100;
    c.year += (int)pair(&s);
    c.month = pair(&s);
    c.day = pair(&s);
    c.hour = pair(&s);
    c.minute = pair(&s);
    c.second = pair(&s);
    if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > month_len(c.year, c.month))
        return -EINVAL;
    if (c.hour > 23 || c.minute > 59 || c.second > 60)
        return -EINVAL;
    *out = c;
    return 0;
}

int ftp_time_parse(struct span s, int64_t *sec, uint32_t *nsec)
{
    struct span digits = s;
    uint32_t frac = 0;
    struct civil c;

    if (span_find(s, '.') >= 0) {
        digits = span_cut(&s, '.');
        if (fraction_parse(s, &frac) < 0)
            return -EINVAL;
    }
    if (civil_parse(digits, &c) < 0)
        return -EINVAL;
    *sec = days_before(c.year, c.month, c.day) * DAY + (c.hour * 60 + c.minute) * 60LL + c.second;
    *nsec = frac;
    return 0;
}

/* The year as four digits: ftp_time_shown sees to that. */
static char *put_year(char *at, int year)
{
    return digits_pair(digits_pair(at, (unsigned)year / 100), (unsigned)year % 100);
}

char *ftp_time_put(char *at, int64_t sec)
{
    struct civil c = civil_of(ftp_time_shown(sec));

    at = put_year(at, c.year);
    at = digits_pair(digits_pair(at, c.month), c.day);
    return digits_pair(digits_pair(digits_pair(at, c.hour), c.minute), c.second);
}

void ftp_time_print(struct buf *b, int64_t sec)
{
    char text[FTP_TIME_LEN];

    ftp_time_put(text, sec);
    buf_put(b, (struct span){ text, sizeof text });
}

char *ftp_time_put_ls(char *at, int64_t sec, int64_t now)
{
    static const char months[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
    struct civil c;

    sec = ftp_time_shown(sec);
    now = ftp_time_shown(now);
    c = civil_of(sec);
    memcpy(at, months + 4UL * (c.month - 1), 4);
    digits_pair(at + 4, c.day);
    if (c.day < 10)
        at[4] = ' ';
    at[6] = ' ';
    if (sec > now - (int64_t)RECENT_DAYS * DAY && sec <= now + DAY) {
        digits_pair(at + 7, c.hour);
        at[9] = ':';
        return digits_pair(at + 10, c.minute);
    }
    at[7] = ' ';
    return put_year(at + 8, c.year); /* four digits are how readers tell a year */
}

void ftp_time_print_ls(struct buf *b, int64_t sec, int64_t now)
{
    char text[FTP_TIME_LS_LEN];

    ftp_time_put_ls(text, sec, now);
    buf_put(b, (struct span){ text, sizeof text });
}

/* http_date: dates in header fields.
 * Called by the session of HTTP for Last-Modified, Date and the conditions. Owns nothing, asks no clock: the calendar is that of
 * ftp_time, whose fourteen digits every form is turned into. Two digits of a year mean 1970 to 2069. Whether a weekday fits its
 * date is not asked. Fails with -EINVAL. RFC 9110 section 5.6.7. */
#include "wire/http_date.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire/ftp_time.h"

enum { NAME = 3 };

static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* What follows the weekday. 0 to d: the place of a digit in YYYYMMDDhhmmss; e: that of 6, or a blank; o: a letter of the month;
 * the rest stands for itself. */
static const char fixdate[] = " 67 ooo 0123 89:ab:cd GMT", rfc850[] = " 67-ooo-23 89:ab:cd GMT", asctime[] = "ooo e7 89:ab:cd 0123";

static bool is_weekday(struct span s, bool whole)
{
    for (size_t i = 0; i < 7; i++) {
        struct span name = span_of(weekdays[i]);

        if (span_eq(s, whole ? name : (struct span){ name.at, NAME }))
            return true;
    }
    return false;
}

static int place_of(char sign)
{
    if (sign >= '0' && sign <= '9')
        return sign - '0';
    return sign >= 'a' && sign <= 'd' ? sign - 'a' + 10 : sign == 'e' ? 6 : -1;
}

static int month_read(struct span name, char *out)
{
    for (unsigned m = 0; m < 12; m++)
        if (span_eq(name, (struct span){ months + (size_t)NAME * m, NAME })) {
            out[0] = (char)('0' + (m + 1) / 10);
            out[1] = (char)('0' + (m + 1) % 10);
            return 0;
        }
    return -EINVAL;
}

static int form_read(struct span text, const char *form, char stamp[FTP_TIME_LEN])
{
    if (text.len != span_of(form).len)
        return -EINVAL;
    for (size_t i = 0; i < text.len; i++) {
        int place = place_of(form[i]);

        if (form[i] == 'o') {
            TRY(month_read((struct span){ text.at + i, NAME }, stamp + 4));
            i += NAME - 1;
        } else if (place >= 0) {
            stamp[place] = form[i] == 'e' && text.at[i] == ' ' ? '0' : text.at[i];
        } else if (text.at[i] != form[i]) {
            return -EINVAL;
        }
    }
    return 0;
}

int http_date_parse(struct span text, int64_t *seconds)
{
    bool comma = span_find(text, ',') >= 0;
    struct span day = span_cut(&text, comma ? ',' : ' ');
    bool whole = comma && is_weekday(day, true);
    char stamp[FTP_TIME_LEN] = { 0 };
    uint32_t fraction;

    if (!whole && !is_weekday(day, false))
        return -EINVAL;
    TRY(form_read(text, whole ? rfc850 : comma ? fixdate : asctime, stamp));
    if (whole) {
        stamp[0] = stamp[2] < '7' ? '2' : '1';
        stamp[1] = stamp[2] < '7' ? '0' : '9';
    }
    return ftp_time_parse((struct span){ stamp, sizeof stamp }, seconds, &fraction);
}

/* By hand: every answer has two dates. */
void http_date_print(struct buf *b, int64_t seconds)
{
    char s[FTP_TIME_LEN], text[] = "ddd, dd mmm yyyy hh:mm:ss GMT";
    int64_t shown = ftp_time_shown(seconds), days = (shown >= 0 ? shown : shown - 86399) / 86400;

    ftp_time_put(s, shown);
    memcpy(text, weekdays[((days + 4) % 7 + 7) % 7], NAME);
    memcpy(text + 5, s + 6, 2);
    memcpy(text + 8, months + (size_t)NAME * (10U * (unsigned)(s[4] - '0') + (unsigned)(s[5] - '0') - 1), NAME);
    memcpy(text + 12, s, 4);
    memcpy(text + 17, s + 8, 2);
    memcpy(text + 20, s + 10, 2);
    memcpy(text + 23, s + 12, 2);
    buf_put(b, (struct span){ text, sizeof text - 1 });
}

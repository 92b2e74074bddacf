/* ftp_time: YYYYMMDDHHMMSS[.sss] in UTC, the time-val of RFC 3659 section 2.3. */
#ifndef DRAY_WIRE_FTP_TIME_H
#define DRAY_WIRE_FTP_TIME_H

#include "base/buf.h"

/* Seconds since 1970 (negative before) and nanoseconds. -EINVAL for a wrong form or an impossible date; a leap second
 * (60) is taken as the second after. */
int ftp_time_parse(struct span s, int64_t *sec, uint32_t *nsec);

/* Prints 14 digits. Years outside 0..9999 are clamped. */
void ftp_time_print(struct buf *b, int64_t sec);

/* "Nov 23 10:12" within the 180 days before `now` (and a day after), else "Nov 23  2025": the date column of ls -l,
 * UTC. */
void ftp_time_print_ls(struct buf *b, int64_t sec, int64_t now);

/* The same two at a cursor into room for that many bytes: the place behind. */
enum { FTP_TIME_LEN = 14, FTP_TIME_LS_LEN = 12 };
char *ftp_time_put(char *at, int64_t sec);
int64_t ftp_time_shown(int64_t sec); /* the seconds that its digits say: clamped */
char *ftp_time_put_ls(char *at, int64_t sec, int64_t now);

#endif

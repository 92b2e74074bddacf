/* floor_list: getdents64 in blocks of 32 KiB, a statx for each name, all MLSD facts printed by hand, a send for
 * each block. The floor of a listing. */
#include "floor.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { DENTS = 32 * 1024, LINE = 512, FULL = 64 * 1024 };

static char *put(char *at, const char *text)
{
    return stpcpy(at, text);
}

static char *put_number(char *at, uint64_t v, unsigned base, unsigned least)
{
    char digits[24];
    unsigned n = 0;

    for (; v || n < least; v /= base)
        digits[n++] = "0123456789abcdef"[v % base];
    while (n)
        *at++ = digits[--n];
    return at;
}

/* Days to year, month and day as in Howard Hinnant's civil_from_days. */
static char *put_time(char *at, int64_t seconds)
{
    uint64_t days = (uint64_t)(seconds / 86400) + 719468, s = (uint64_t)(seconds % 86400);
    uint64_t era = days / 146097, doe = days % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    uint64_t month = mp < 10 ? mp + 3 : mp - 9;

    at = put_number(at, (yoe + era * 400 + (month <= 2)) * 10000 + month * 100 + doy - (153 * mp + 2) / 5 + 1, 10, 8);
    return put_number(at, s / 3600 * 10000 + s / 60 % 60 * 100 + s % 60, 10, 6);
}

static char *put_facts(char *at, const struct statx *st, const char *name)
{
    at = put(at, S_ISDIR(st->stx_mode) ? "type=dir;" : "type=file;size=");
    if (!S_ISDIR(st->stx_mode))
        at = put(put_number(at, st->stx_size, 10, 1), ";");
    at = put_time(put(at, "modify="), st->stx_mtime.tv_sec);
    at = put(at, S_ISDIR(st->stx_mode) ? ";perm=cdeflmp;unique=" : ";perm=adfrw;unique=");
    at = put_number(at, makedev(st->stx_dev_major, st->stx_dev_minor), 16, 1);
    at = put_number(put(at, "g"), st->stx_ino, 16, 1);
    at = put_number(put(at, ";UNIX.mode="), st->stx_mode & 07777, 8, 4);
    at = put_number(put(at, ";UNIX.owner="), st->stx_uid, 10, 1);
    at = put_number(put(at, ";UNIX.group="), st->stx_gid, 10, 1);
    return put(put(put(at, "; "), name), "\r\n");
}

static void list(struct floor_job *job)
{
    static _Alignas(8) char dents[DENTS];
    int folder = openat(job->folder, job->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *block = malloc(FULL), *at = block;
    ssize_t n;

    floor_need(folder >= 0 && block, job->name);
    FLOOR_SAY(job->control, "150 Here it comes.");
    while ((n = getdents64(folder, dents, sizeof dents)) > 0)
        for (ssize_t off = 0; off < n; off += ((struct dirent64 *)(void *)(dents + off))->d_reclen) {
            const struct dirent64 *e = (const struct dirent64 *)(const void *)(dents + off);
            struct statx st;

            if (*e->d_name == '.' || statx(folder, e->d_name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) < 0)
                continue;
            at = put_facts(at, &st, e->d_name);
            job->units++;
            if (at - block > FULL - LINE) {
                floor_send(job->data, block, (size_t)(at - block));
                at = block;
            }
        }
    floor_send(job->data, block, (size_t)(at - block));
    free(block);
    close(folder);
    close(job->data);
    FLOOR_SAY(job->control, "226 Done.");
}

int main(int argc, char **argv)
{
    static const struct floor f = { .unit = "entries", .transfer = list };

    return floor_main(&f, argc, argv);
}

/* zip: prints what stands between the contents of a zip archive.
 * Called by the session of HTTP for folders as archives. Owns nothing; what does not fit sets `over`, as everywhere. Numbers of
 * 32 bits that are too small stand in a zip64 field, which is there only then: old programs read all the rest. The sizes stand in the
 * local record also of an entry whose sum is late, so that what reads from a pipe knows where its content ends.
 * The date of DOS has no zone; UTC stands there, and beside it the field that says so (0x5455). A name that is not UTF-8 is left
 * without the mark of UTF-8. APPNOTE 6.3.10 sections 4.3 to 4.5. */
#include "wire/zip.h"

#include "wire/ftp_time.h"
#include "wire/text.h"

enum {
    MADE_BY_UNIX = 3 << 8 | 45,
    NEEDS = 20,
    NEEDS_64 = 45,
    IS_LATE = 1 << 3,
    IS_UTF8 = 1 << 11,
    ID_64 = 1,
    ID_TIME = 0x5455,
    TIME_LEN = 5,
    FIELD_HEAD = 4,
    LOCAL_LEN = 30,
    DOS_FOLDER = 0x10,
    UNIX_FOLDER = 040000,
    UNIX_FILE = 0100000,
};

static const int64_t FULL = UINT32_MAX; /* this number means: see the zip64 field */

static void put(struct buf *b, uint64_t value, unsigned bytes)
{
    char text[8];

    for (unsigned i = 0; i < bytes; i++)
        text[i] = (char)(value >> 8 * i);
    buf_put(b, (struct span){ text, bytes });
}

static void put16(struct buf *b, uint64_t value)
{
    put(b, value, 2);
}

static void put32(struct buf *b, uint64_t value)
{
    put(b, value, 4);
}

static void put64(struct buf *b, int64_t value)
{
    put(b, (uint64_t)value, 8);
}

static void put_short(struct buf *b, int64_t value)
{
    put32(b, (uint64_t)(value < FULL ? value : FULL));
}

static bool is_big(const struct zip_entry *e)
{
    return e->size >= FULL;
}

/* ---- times ---- */

static unsigned digits_at(const char *at)
{
    return (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
}

/* What DOS can say: 1980 to 2107, every other second. */
static uint32_t dos_time(int64_t sec)
{
    const int64_t first = 315532800, last = 4354819198;
    char t[FTP_TIME_LEN];
    unsigned year;

    ftp_time_put(t, sec < first ? first : sec > last ? last : sec);
    year = digits_at(t) * 100 + digits_at(t + 2) - 1980;
    return year << 25 | digits_at(t + 4) << 21 | digits_at(t + 6) << 16 | digits_at(t + 8) << 11 | digits_at(t + 10) << 5 |
           digits_at(t + 12) / 2;
}

/* Of 32 bits: before 1901 and after 2038 it is left to the date of DOS. */
static bool has_time(const struct zip_entry *e)
{
    return e->mtime >= INT32_MIN && e->mtime <= INT32_MAX;
}

static size_t time_len(const struct zip_entry *e)
{
    return has_time(e) ? FIELD_HEAD + TIME_LEN : 0;
}

static void put_time(struct buf *b, const struct zip_entry *e)
{
    if (!has_time(e))
        return;
    put16(b, ID_TIME);
    put16(b, TIME_LEN);
    put(b, 1, 1); /* of modification, and no other */
    put32(b, (uint32_t)e->mtime);
}

/* ---- entries ---- */

/* What the local and the central record begin with, as far as the length of the name. */
static void put_common(struct buf *b, const struct zip_entry *e, bool big, bool local)
{
    bool late = local && e->late;

    put16(b, big ? NEEDS_64 : NEEDS);
    put16(b, (unsigned)(e->late ? IS_LATE : 0) | (unsigned)(text_is_utf8(e->name) ? IS_UTF8 : 0));
    put16(b, 0); /* stored */
    put32(b, dos_time(e->mtime));
    put32(b, late ? 0 : e->crc);
    put_short(b, e->size);
    put_short(b, e->size);
    put16(b, e->name.len);
}

static size_t local_big_len(const struct zip_entry *e)
{
    return is_big(e) ? FIELD_HEAD + 8 + 8 : 0;
}

size_t zip_local_len(const struct zip_entry *e)
{
    return LOCAL_LEN + e->name.len + local_big_len(e) + time_len(e);
}

int64_t zip_entry_len(const struct zip_entry *e)
{
    return (int64_t)zip_local_len(e) + e->size + (e->late ? is_big(e) ? 24 : 16 : 0);
}

void zip_print_local(struct buf *b, const struct zip_entry *e)
{
    put32(b, 0x04034b50);
    put_common(b, e, is_big(e), true);
    put16(b, local_big_len(e) + time_len(e));
    buf_put(b, e->name);
    if (is_big(e)) {
        put16(b, ID_64);
        put16(b, 8 + 8);
        put64(b, e->size);
        put64(b, e->size);
    }
    put_time(b, e);
}

void zip_print_descriptor(struct buf *b, const struct zip_entry *e)
{
    unsigned width = is_big(e) ? 8 : 4;

    put32(b, 0x08074b50);
    put32(b, e->crc);
    put(b, (uint64_t)e->size, width);
    put(b, (uint64_t)e->size, width);
}

/* Only what does not fit its 32 bits stands there, in this order (section 4.5.3). */
static void put_central_big(struct buf *b, const struct zip_entry *e, int64_t at, size_t len)
{
    if (!len)
        return;
    put16(b, ID_64);
    put16(b, len - FIELD_HEAD);
    if (is_big(e)) {
        put64(b, e->size);
        put64(b, e->size);
    }
    if (at >= FULL)
        put64(b, at);
}

void zip_print_central(struct buf *b, const struct zip_entry *e, int64_t at)
{
    size_t big = (is_big(e) ? 8u + 8 : 0) + (at >= FULL ? 8u : 0);
    unsigned mode = (e->mode & 0777) | (e->folder ? UNIX_FOLDER : UNIX_FILE);

    big += big ? FIELD_HEAD : 0;
    put32(b, 0x02014b50);
    put16(b, MADE_BY_UNIX);
    put_common(b, e, big, false);
    put16(b, big + time_len(e));
    put16(b, 0); /* no comment */
    put16(b, 0); /* on this disk */
    put16(b, 0);
    put32(b, (uint64_t)mode << 16 | (e->folder ? DOS_FOLDER : 0));
    put_short(b, at);
    buf_put(b, e->name);
    put_central_big(b, e, at, big);
    put_time(b, e);
}

/* ---- the end ---- */

static void put_end_64(struct buf *b, int64_t n, int64_t at, int64_t end)
{
    put32(b, 0x06064b50);
    put64(b, 44); /* what follows of this record */
    put16(b, MADE_BY_UNIX);
    put16(b, NEEDS_64);
    put32(b, 0);
    put32(b, 0);
    put64(b, n);
    put64(b, n);
    put64(b, end - at);
    put64(b, at);
    put32(b, 0x07064b50); /* and where to find it */
    put32(b, 0);
    put64(b, end);
    put32(b, 1);
}

void zip_print_end(struct buf *b, int64_t n, int64_t at, int64_t end)
{
    uint64_t count = n < UINT16_MAX ? (uint64_t)n : UINT16_MAX;

    if (n >= UINT16_MAX || at >= FULL || end - at >= FULL)
        put_end_64(b, n, at, end);
    put32(b, 0x06054b50);
    put16(b, 0);
    put16(b, 0);
    put16(b, count);
    put16(b, count);
    put_short(b, end - at);
    put_short(b, at);
    put16(b, 0);
}

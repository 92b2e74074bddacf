/* zip: what was printed of an entry is read again, as the specification says and with nothing of the printer's, and is the entry. The
 * input: size, time, place, sum, mode, flags, then the name. */
#include "fuzz.h"
#include "wire/zip.h"

struct cursor {
    const unsigned char *at, *end;
};

static uint64_t number(struct cursor *c, unsigned bytes)
{
    uint64_t n = 0;

    CHECK((size_t)(c->end - c->at) >= bytes);
    for (unsigned i = 0; i < bytes; i++)
        n |= (uint64_t)c->at[i] << 8 * i;
    c->at += bytes;
    return n;
}

static struct span text(struct cursor *c, size_t len)
{
    struct span s = { (const char *)c->at, len };

    CHECK((size_t)(c->end - c->at) >= len);
    c->at += len;
    return s;
}

static struct cursor cursor(const struct buf *b)
{
    CHECK(!b->over);
    return (struct cursor){ (const unsigned char *)b->at, (const unsigned char *)b->at + b->len };
}

/* What a record says; where its 32 bits do not reach, the zip64 field has taken their place. */
struct facts {
    unsigned flags;
    uint64_t crc, size, packed, at;
    int64_t mtime;
    bool has_mtime;
    uint32_t dos;
    struct span name;
};

static void read_big(struct cursor c, struct facts *f)
{
    uint64_t *const small[] = { &f->size, &f->packed, &f->at };

    for (int i = 0; i < 3; i++)
        if (*small[i] == UINT32_MAX)
            *small[i] = number(&c, 8);
    CHECK(c.at == c.end);
}

static void read_fields(struct cursor c, struct facts *f)
{
    bool big = false;

    while (c.at < c.end) {
        uint64_t id = number(&c, 2), len = number(&c, 2);
        struct cursor one = { c.at, c.at + len };

        text(&c, len);
        if (id == 1 && !big) {
            read_big(one, f);
            big = true;
        } else {
            CHECK(id == 0x5455 && !f->has_mtime && number(&one, 1) == 1);
            f->mtime = (int32_t)number(&one, 4);
            f->has_mtime = true;
            CHECK(one.at == one.end);
        }
    }
    CHECK(big == (f->size >= UINT32_MAX || f->at >= UINT32_MAX));
}

static uint64_t read_common(struct cursor *c, struct facts *f)
{
    uint64_t needs = number(c, 2);

    f->flags = (unsigned)number(c, 2);
    CHECK(number(c, 2) == 0);
    f->dos = (uint32_t)number(c, 4);
    f->crc = number(c, 4);
    f->packed = number(c, 4);
    f->size = number(c, 4);
    return needs;
}

/* Two digits of a date, in its bits. */
static unsigned bits(uint32_t dos, unsigned from, unsigned count)
{
    return dos >> from & ((1u << count) - 1);
}

/* Seconds since 1970 of a civil date, by counting. */
static int64_t counted(uint32_t dos)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int64_t year = 1980 + bits(dos, 25, 7), month = bits(dos, 21, 4), past = year - 1, days;
    bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

    CHECK(month >= 1 && month <= 12 && bits(dos, 16, 5) >= 1 && bits(dos, 11, 5) < 24 && bits(dos, 5, 6) < 60 && bits(dos, 0, 5) < 30);
    days = 365 * (year - 1970) + past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    days += before[month - 1] + (leap && month > 2) + bits(dos, 16, 5) - 1;
    return days * 86400 + bits(dos, 11, 5) * 3600 + bits(dos, 5, 6) * 60 + bits(dos, 0, 5) * 2;
}

static void check_facts(const struct facts *f, const struct zip_entry *e)
{
    const int64_t first = 315532800, last = 4354819198; /* all that DOS can say */
    int64_t said = e->mtime < first ? first : e->mtime > last ? last : e->mtime;

    CHECK(span_eq(f->name, e->name) && f->size == (uint64_t)e->size && f->packed == (uint64_t)e->size);
    CHECK(!(f->flags & 8) == !e->late && (f->flags & ~(8u | 1u << 11)) == 0);
    CHECK(counted(f->dos) == said - (said & 1));
    CHECK(f->has_mtime == (e->mtime == (int32_t)e->mtime) && (!f->has_mtime || f->mtime == e->mtime));
}

static void check_local(const struct zip_entry *e)
{
    char room[ZIP_RECORD_MAX];
    struct buf b = BUF(room);
    struct facts f = { 0 };
    struct cursor c;
    uint64_t name, more;

    zip_print_local(&b, e);
    CHECK(b.len == zip_local_len(e));
    c = cursor(&b);
    CHECK(number(&c, 4) == 0x04034b50);
    CHECK(read_common(&c, &f) == (e->size >= UINT32_MAX ? 45 : 20));
    name = number(&c, 2);
    more = number(&c, 2);
    f.name = text(&c, name);
    CHECK((uint64_t)(c.end - c.at) == more && f.crc == (e->late ? 0 : e->crc));
    read_fields(c, &f);
    check_facts(&f, e);
}

static size_t check_descriptor(const struct zip_entry *e)
{
    char room[32];
    struct buf b = BUF(room);
    unsigned wide = e->size >= UINT32_MAX ? 8 : 4;
    struct cursor c;

    zip_print_descriptor(&b, e);
    c = cursor(&b);
    CHECK(number(&c, 4) == 0x08074b50 && number(&c, 4) == e->crc);
    CHECK(number(&c, wide) == (uint64_t)e->size && number(&c, wide) == (uint64_t)e->size && c.at == c.end);
    return b.len;
}

static void check_central(const struct zip_entry *e, int64_t at)
{
    char room[ZIP_RECORD_MAX];
    struct buf b = BUF(room);
    struct facts f = { 0 };
    struct cursor c;
    uint64_t name, more, needs, mode;

    zip_print_central(&b, e, at);
    c = cursor(&b);
    CHECK(number(&c, 4) == 0x02014b50 && number(&c, 2) >> 8 == 3);
    needs = read_common(&c, &f);
    name = number(&c, 2);
    more = number(&c, 2);
    CHECK(number(&c, 2) == 0 && number(&c, 2) == 0 && number(&c, 2) == 0);
    mode = number(&c, 4);
    f.at = number(&c, 4);
    f.name = text(&c, name);
    CHECK((uint64_t)(c.end - c.at) == more && f.crc == e->crc);
    read_fields(c, &f);
    check_facts(&f, e);
    CHECK(f.at == (uint64_t)at && needs == (e->size >= UINT32_MAX || at >= UINT32_MAX ? 45 : 20));
    CHECK(mode >> 16 == ((e->folder ? 040000u : 0100000u) | (e->mode & 0777)) && !(mode & 0x10) == !e->folder);
}

static void check_end(int64_t n, int64_t at, int64_t end)
{
    char room[128];
    struct buf b = BUF(room);
    uint64_t count = 0, len = 0, place = 0;
    struct cursor c;

    zip_print_end(&b, n, at, end);
    c = cursor(&b);
    if (b.len > 22) {
        CHECK(number(&c, 4) == 0x06064b50 && number(&c, 8) == 44);
        text(&c, 12);
        count = number(&c, 8);
        CHECK(number(&c, 8) == count);
        len = number(&c, 8);
        place = number(&c, 8);
        CHECK(number(&c, 4) == 0x07064b50 && number(&c, 4) == 0 && number(&c, 8) == (uint64_t)end && number(&c, 4) == 1);
        CHECK(count == (uint64_t)n && len == (uint64_t)(end - at) && place == (uint64_t)at);
    }
    CHECK(number(&c, 4) == 0x06054b50 && number(&c, 4) == 0);
    count = number(&c, 2);
    CHECK(number(&c, 2) == count);
    len = number(&c, 4);
    place = number(&c, 4);
    CHECK(number(&c, 2) == 0 && c.at == c.end);
    CHECK(count == (uint64_t)n || (count == UINT16_MAX && b.len > 22));
    CHECK(len == (uint64_t)(end - at) || (len == UINT32_MAX && b.len > 22));
    CHECK(place == (uint64_t)at || (place == UINT32_MAX && b.len > 22));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = { data, data + size };
    char name[PATH_CAP];
    struct zip_entry e = { 0 };
    unsigned doubled;
    int64_t at;

    if (size < 31 || size > PATH_CAP)
        return 0;
    e.size = (int64_t)(number(&c, 8) >> (1 + data[7] % 63));
    e.mtime = (int64_t)number(&c, 8) >> data[15] % 64;
    at = (int64_t)(number(&c, 8) >> (1 + data[23] % 63));
    e.crc = (uint32_t)number(&c, 4);
    e.mode = (unsigned)number(&c, 2);
    e.folder = *c.at & 1;
    e.late = *c.at & 2;
    doubled = (unsigned)number(&c, 1) >> 4;
    e.name = c.at < c.end ? fuzz_long(c.at, (size_t)(c.end - c.at), doubled, name, sizeof name) : SPAN("");
    check_local(&e);
    check_central(&e, at);
    CHECK(check_descriptor(&e) == (size_t)(zip_entry_len(&e) - e.size) - zip_local_len(&e) || !e.late);
    check_end(e.size, at, at + (int64_t)(e.crc % (uint32_t)(INT64_MAX - at > INT32_MAX ? INT32_MAX : INT64_MAX - at + 1)));
    return 0;
}

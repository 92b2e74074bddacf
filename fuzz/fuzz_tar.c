/* tar: what was printed of an entry is read again, as POSIX says and with nothing of the printer's, and is the entry. The input: size,
 * time, mode, flags, then the name, which holds no NUL, as names do not. */
#include "fuzz.h"
#include "wire/tar.h"

struct facts {
    char type;
    int64_t mode, size, mtime;
    struct span name;
};

static int64_t octal(const char *at, unsigned bytes)
{
    int64_t n = 0;

    for (unsigned i = 0; i < bytes; i++) {
        CHECK(at[i] >= '0' && at[i] <= '7');
        n = n * 8 + (at[i] - '0');
    }
    return n;
}

static void check_sum(const char *block)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)block[i];
    CHECK(octal(block + 148, 6) == sum && block[154] == '\0' && block[155] == ' ');
}

static struct facts read_block(struct span *rest)
{
    const char *b = rest->at;
    struct facts f;

    CHECK(rest->len >= TAR_BLOCK && memcmp(b + 257, "ustar\00000", 8) == 0);
    check_sum(b);
    f = (struct facts){ .type = b[156], .mode = octal(b + 100, 7), .size = octal(b + 124, 11), .mtime = octal(b + 136, 11),
                        .name = { b, strnlen(b, 100) } };
    CHECK(octal(b + 108, 7) == 0 && octal(b + 116, 7) == 0 && b[345] == '\0'); /* user, group, and no prefix */
    *rest = span_from(*rest, TAR_BLOCK);
    return f;
}

static int64_t decimal(struct span s)
{
    bool minus = span_starts(s, SPAN("-"));
    uint64_t n;

    CHECK(span_u64(span_from(s, minus), UINT64_MAX, &n) == 0);
    return (int64_t)(minus ? -n : n);
}

/* "LENGTH KEY=VALUE\n", each once at most. */
static void read_records(struct span all, struct facts *f, bool *binary)
{
    unsigned seen = 0;

    while (all.len) {
        struct span rest = all, len = span_cut(&rest, ' '), key, value;
        uint64_t n;
        unsigned which;

        CHECK(span_u64(len, all.len, &n) == 0 && n > len.len + 1 && all.at[n - 1] == '\n');
        value = (struct span){ rest.at, n - len.len - 2 };
        key = span_cut(&value, '=');
        which = span_eq(key, SPAN("path")) ? 1 : span_eq(key, SPAN("size")) ? 2 : span_eq(key, SPAN("mtime")) ? 4 :
                span_eq(key, SPAN("hdrcharset")) ? 8 : 0;
        CHECK(which && !(seen & which));
        seen |= which;
        if (which == 1)
            f->name = value;
        if (which == 2)
            f->size = decimal(value);
        if (which == 4)
            f->mtime = decimal(value);
        if (which == 8) {
            CHECK(span_eq(value, SPAN("BINARY")) && !(seen & 1));
            *binary = true;
        }
        all = span_from(all, n);
    }
}

static void check(struct span all, const struct tar_entry *e)
{
    struct facts f = read_block(&all), more;
    bool binary = false;

    CHECK(all.len % TAR_BLOCK == 0);
    if (f.type == 'x') {
        struct span records = { all.at, (size_t)f.size };
        size_t whole = (records.len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

        CHECK(records.len && whole <= all.len);
        for (size_t i = records.len; i < whole; i++)
            CHECK(all.at[i] == '\0');
        all = span_from(all, whole);
        f = read_block(&all);
        more = f;
        read_records(records, &more, &binary);
        f = more;
    }
    CHECK(all.len == 0 && span_eq(f.name, e->name) && f.size == e->size && f.mtime == e->mtime && f.mode == (e->mode & 0777));
    CHECK(f.type == (e->folder ? '5' : '0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char room[TAR_HEAD_MAX], name[PATH_CAP];
    struct buf b = BUF(room);
    uint64_t number[2];
    struct tar_entry e = { 0 };

    if (size < 20 || size > PATH_CAP)
        return 0;
    memcpy(number, data, sizeof number);
    e.size = (int64_t)(number[0] >> (1 + data[7] % 63));
    e.mtime = (int64_t)number[1] >> data[15] % 64;
    e.mode = data[16] | (unsigned)data[17] << 8;
    e.folder = data[18] & 1;
    e.name = fuzz_long(data + 19, size - 19, data[18] >> 4, name, sizeof name);
    for (size_t i = 0; i < e.name.len; i++)
        if (!name[i])
            name[i] = '\1';
    tar_print(&b, &e);
    CHECK(!b.over);
    check(buf_span(&b), &e);
    CHECK((e.size & (TAR_BLOCK - 1)) + tar_padding(e.size) == (e.size % TAR_BLOCK ? TAR_BLOCK : 0));
    return 0;
}

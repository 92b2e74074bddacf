/* tar: prints what stands between the contents of a tar archive.
 * Called by the session of HTTP for folders as archives. Owns nothing; what does not fit sets `over`, as everywhere. A name that is
 * long or not ASCII, a time or size that octal digits cannot say, stands in an extended header in front; what only knows ustar then
 * sees a file of that kind, and the beginning of the name. Nobody's user or group is told: files belong to who unpacks them.
 * POSIX.1-2017, pax, "pax Interchange Format" and "ustar Interchange Format". */
#include "wire/tar.h"

#include "wire/text.h"

enum { NAME = 100 };

static const int64_t OCTAL_MAX = 077777777777; /* eleven digits */

static bool is_short(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < 0x20 || (unsigned char)name.at[i] > 0x7E)
            return false;
    return name.len <= NAME;
}

static bool is_octal(int64_t value)
{
    return value >= 0 && value <= OCTAL_MAX;
}

size_t tar_padding(int64_t size)
{
    return (size_t)(-size & (TAR_BLOCK - 1));
}

void tar_print_zeros(struct buf *b, size_t n)
{
    while (n--)
        buf_putc(b, '\0');
}

/* ---- ustar ---- */

/* A field of so many bytes, the last of which is NUL. */
static void put_octal(struct buf *b, int64_t value, unsigned bytes)
{
    buf_number(b, is_octal(value) ? (uint64_t)value : 0, 8, bytes - 1, '0');
    buf_putc(b, '\0');
}

static void put_field(struct buf *b, struct span text, size_t bytes)
{
    size_t len = text.len < bytes ? text.len : bytes;

    buf_put(b, (struct span){ text.at, len });
    tar_print_zeros(b, bytes - len);
}

/* The sum of all bytes, with blanks where it stands itself. */
static void put_sum(char *block)
{
    struct buf b = { .at = block + 148, .cap = 8 };
    unsigned sum = 8 * ' ';

    for (unsigned i = 0; i < TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? 0 : (unsigned char)block[i];
    buf_number(&b, sum, 8, 6, '0');
    buf_putc(&b, '\0');
    buf_putc(&b, ' ');
}

static void put_ustar(struct buf *out, const struct tar_entry *e, char type)
{
    char block[TAR_BLOCK];
    struct buf b = BUF(block);

    put_field(&b, e->name, NAME);
    put_octal(&b, e->mode & 0777, 8);
    put_octal(&b, 0, 8); /* user */
    put_octal(&b, 0, 8); /* group */
    put_octal(&b, e->size, 12);
    put_octal(&b, e->mtime, 12);
    put_field(&b, (struct span){ 0 }, 8);
    buf_putc(&b, type);
    put_field(&b, (struct span){ 0 }, 100);
    buf_put(&b, SPAN("ustar\0"
                     "00"));
    put_field(&b, (struct span){ 0 }, 64); /* their names */
    put_octal(&b, 0, 8);
    put_octal(&b, 0, 8);
    tar_print_zeros(&b, b.cap - b.len);
    put_sum(block);
    buf_put(out, buf_span(&b));
}

/* ---- the extended header ---- */

static unsigned digits(size_t n)
{
    return n < 10 ? 1 : 1 + digits(n / 10);
}

/* "LENGTH KEY=VALUE\n", where the length is also that of itself. */
static void put_record(struct buf *b, const char *key, struct span value)
{
    size_t rest = 1 + span_of(key).len + 1 + value.len + 1, len = rest + digits(rest);

    len = rest + digits(len);
    buf_number(b, len, 10, 1, '0');
    buf_putc(b, ' ');
    buf_text(b, key);
    buf_putc(b, '=');
    buf_put(b, value);
    buf_putc(b, '\n');
}

static void put_number(struct buf *b, const char *key, int64_t value)
{
    char text[24];
    struct buf t = BUF(text);

    if (value < 0)
        buf_putc(&t, '-');
    buf_number(&t, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, 1, '0');
    put_record(b, key, buf_span(&t));
}

static void put_records(struct buf *b, const struct tar_entry *e)
{
    if (!is_short(e->name)) {
        if (!text_is_utf8(e->name))
            put_record(b, "hdrcharset", SPAN("BINARY"));
        put_record(b, "path", e->name);
    }
    if (!is_octal(e->mtime))
        put_number(b, "mtime", e->mtime);
    if (!is_octal(e->size))
        put_number(b, "size", e->size);
}

/* The records are printed behind the header that tells their length, and the header is put in front of them. */
static void put_extended(struct buf *b, const struct tar_entry *e)
{
    struct buf head = { .at = b->at + b->len, .cap = TAR_BLOCK }, records;
    struct tar_entry x = { .name = SPAN("PaxHeaders/name"), .mode = 0644 };

    if (b->over || b->cap - b->len < TAR_BLOCK) {
        b->over = true;
        return;
    }
    records = (struct buf){ .at = head.at + TAR_BLOCK, .cap = b->cap - b->len - TAR_BLOCK };
    put_records(&records, e);
    x.size = (int64_t)records.len;
    tar_print_zeros(&records, tar_padding(x.size));
    b->over |= records.over;
    if (b->over)
        return;
    put_ustar(&head, &x, 'x');
    b->len += TAR_BLOCK + records.len;
}

void tar_print(struct buf *b, const struct tar_entry *e)
{
    if (!is_short(e->name) || !is_octal(e->mtime) || !is_octal(e->size))
        put_extended(b, e);
    put_ustar(b, e, e->folder ? '5' : '0');
}

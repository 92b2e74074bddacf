/* http_zip: an archive as zip. Called by http_archive.c. Nothing is compressed: what is large in a folder mostly is already, and a
 * download must not cost more than reading. A file that fits the block is read before its record is printed, so that its sum stands
 * there; of a larger one the sum is known where it was noted when it came, else it follows the content.
 *
 * The end of a zip tells every entry again. That is kept here: 24 bytes for each, and its name as far as that differs from the one
 * before, in pages. At LIST_MAX, some hundred thousand files, the archive ends with -E2BIG; a tar has no such limit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/archive.h"
#include "sys/crc32.h"
#include "wire/zip.h"

enum { PAGE = 64 * 1024, LIST_MAX = 16 << 20 };

/* What is kept of an entry; behind it, the end of its name. */
struct kept {
    int64_t size;
    uint32_t crc;
    uint32_t mtime; /* until 2106; DOS says hardly more */
    unsigned mode : 9, folder : 1, late : 1;
    uint16_t shared, rest; /* bytes of the name: those of the one before, and those that are kept */
};

struct page {
    struct page *next;
    size_t used;
    char at[PAGE - 2 * sizeof(void *)];
};

struct zip_list {
    struct page *first, *last;
    size_t bytes;
    int64_t n, at; /* entries; bytes of the archive so far */
    size_t len;    /* of name */
    char name[PATH_CAP + 1];
};

void zip_list_free(struct zip_list **l)
{
    struct page *p = *l ? (*l)->first : NULL;

    while (p) {
        struct page *next = p->next;

        free(p);
        p = next;
    }
    free(*l);
    *l = NULL;
}

/* ---- keeping ---- */

static char *keep_room(struct zip_list *l, size_t len)
{
    struct page *p = l->last;

    if (!p || sizeof p->at - p->used < len) {
        p = l->bytes < LIST_MAX ? malloc(sizeof *p) : NULL;
        if (!p)
            return NULL;
        p->next = NULL;
        p->used = 0;
        *(l->last ? &l->last->next : &l->first) = p;
        l->last = p;
        l->bytes += sizeof *p;
    }
    p->used += len;
    return p->at + p->used - len;
}

static size_t shared_len(const struct zip_list *l, struct span name)
{
    size_t i = 0;

    while (i < name.len && i < l->len && name.at[i] == l->name[i])
        i++;
    return i;
}

static int keep(struct zip_list *l, const struct zip_entry *e)
{
    size_t shared = shared_len(l, e->name), rest = e->name.len - shared;
    struct kept k = { .size = e->size,
                      .crc = e->crc,
                      .mtime = (uint32_t)e->mtime,
                      .mode = e->mode & 0777,
                      .folder = e->folder,
                      .late = e->late,
                      .shared = (uint16_t)shared,
                      .rest = (uint16_t)rest };
    char *at = keep_room(l, sizeof k + rest);

    if (!at)
        return l->bytes < LIST_MAX ? -ENOMEM : -E2BIG;
    memcpy(at, &k, sizeof k);
    memcpy(at + sizeof k, e->name.at + shared, rest);
    memcpy(l->name + shared, e->name.at + shared, rest);
    l->len = e->name.len;
    l->n++;
    l->at += zip_entry_len(e);
    return 0;
}

/* ---- entries ---- */

/* All of it is in the block before its record is. */
static int add_small(struct archive *a, struct file *f, struct zip_entry *e)
{
    struct buf *b = &a->o.out;
    size_t head = zip_local_len(e), begin;

    TRY(archive_room(a, head + (size_t)e->size));
    begin = b->len;
    b->len += head;
    TRY(archive_read(a, f, (size_t)e->size));
    e->crc = crc32_add(0, b->at + begin + head, (size_t)e->size);
    b->len = begin;
    zip_print_local(b, e);
    b->len += (size_t)e->size;
    return 0;
}

static int add_late(struct archive *a, struct file *f, struct zip_entry *e)
{
    struct buf *b = &a->o.out;
    int64_t off = 0;

    e->late = true;
    zip_print_local(b, e);
    while (off < e->size) {
        int64_t want = e->size - off;
        ssize_t n;

        TRY(archive_room(a, want < HTTP_BLOCK / 2 ? (size_t)want : HTTP_BLOCK / 2));
        n = file_read(f, b->at + b->len, want < (int64_t)(b->cap - b->len) ? (size_t)want : b->cap - b->len, off);
        TRY(n ? n : -ENODATA);
        e->crc = crc32_add(e->crc, b->at + b->len, (size_t)n);
        b->len += (size_t)n;
        off += n;
    }
    TRY(archive_room(a, ZIP_RECORD_MAX));
    zip_print_descriptor(b, e);
    return 0;
}

/* What was noted holds as long as the file is the same, also afterwards. */
static int add_noted(struct archive *a, struct file *f, struct zip_entry *e, const struct sums *sums)
{
    const unsigned char *s = sums->of[SUM_CRC32];

    e->crc = (uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 8 | s[3];
    zip_print_local(&a->o.out, e);
    TRY(http_out_file(&a->o, f, e->size));
    return file_same(f);
}

static int add_large(struct archive *a, struct file *f, struct zip_entry *e)
{
    struct sums sums = { 0 };

    TRY(archive_room(a, ZIP_RECORD_MAX));
    if (file_sums(f, &sums) == 0 && sums.has & SUM_BIT(SUM_CRC32))
        return add_noted(a, f, e, &sums);
    return add_late(a, f, e);
}

static int put_item(struct archive *a, const struct archive_item *item, struct zip_entry *e)
{
    if (item->file && zip_local_len(e) + (uint64_t)e->size > HTTP_BLOCK)
        return add_large(a, item->file, e);
    if (item->file)
        return add_small(a, item->file, e);
    TRY(archive_room(a, ZIP_RECORD_MAX));
    zip_print_local(&a->o.out, e);
    return 0;
}

static int add(struct archive *a, const struct archive_item *item)
{
    int64_t mtime = item->stat.mtime, latest = UINT32_MAX;
    struct zip_entry e = { .name = item->name,
                           .folder = !item->file,
                           .mode = item->stat.mode,
                           .mtime = mtime < 0        ? 0
                                    : mtime < latest ? mtime
                                                     : latest };

    if (!a->list)
        a->list = calloc(1, sizeof *a->list);
    if (!a->list)
        return -ENOMEM;
    if (item->file)
        e.size = file_size(item->file);
    TRY(put_item(a, item, &e));
    return keep(a->list, &e);
}

/* ---- the end ---- */

/* The entry that is kept at `at`, with the name of the one before in l->name: the place behind. */
static const char *unkeep(struct zip_list *l, const char *at, struct zip_entry *out)
{
    struct kept k;

    memcpy(&k, at, sizeof k);
    memcpy(l->name + k.shared, at + sizeof k, k.rest);
    *out = (struct zip_entry){ .name = { l->name, (size_t)k.shared + k.rest },
                               .folder = k.folder,
                               .late = k.late,
                               .mode = k.mode,
                               .mtime = k.mtime,
                               .size = k.size,
                               .crc = k.crc };
    return at + sizeof k + k.rest;
}

static int put_list(struct archive *a, int64_t *end)
{
    struct zip_list *l = a->list;
    int64_t at = 0;

    *end = l->at;
    for (struct page *p = l->first; p; p = p->next)
        for (const char *next = p->at; next < p->at + p->used;) {
            struct zip_entry e;
            size_t before;

            next = unkeep(l, next, &e);
            TRY(archive_room(a, ZIP_RECORD_MAX));
            before = a->o.out.len;
            zip_print_central(&a->o.out, &e, at);
            *end += (int64_t)(a->o.out.len - before);
            at += zip_entry_len(&e);
        }
    return 0;
}

static int end(struct archive *a)
{
    int64_t n = a->list ? a->list->n : 0, at = a->list ? a->list->at : 0, behind = 0;

    if (a->list)
        TRY(put_list(a, &behind));
    TRY(archive_room(a, ZIP_RECORD_MAX));
    zip_print_end(&a->o.out, n, at, behind);
    return 0;
}

const struct archive_form archive_zip = { .query = "zip", .type = "application/zip", .add = add, .end = end };

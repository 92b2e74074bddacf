/* http_tar: an archive as tar. Called by http_archive.c. Larger files go as a download does, from the disk to the socket; one that has
 * become shorter meanwhile is -ENODATA. */
#include "base/cleanup.h"
#include "proto/http/archive.h"
#include "wire/tar.h"

enum { SMALL = HTTP_BLOCK / 2 };

static int put_content(struct archive *a, struct file *f, int64_t size)
{
    if (size > SMALL)
        return http_out_file(&a->o, f, size);
    TRY(archive_room(a, (size_t)size));
    return archive_read(a, f, (size_t)size);
}

static int pad(struct archive *a, size_t n)
{
    TRY(archive_room(a, n));
    tar_print_zeros(&a->o.out, n);
    return 0;
}

static int add(struct archive *a, const struct archive_item *item)
{
    struct tar_entry e = { .name = item->name, .folder = !item->file, .mode = item->stat.mode, .mtime = item->stat.mtime };

    if (item->file)
        e.size = file_size(item->file);
    TRY(archive_room(a, TAR_HEAD_MAX));
    tar_print(&a->o.out, &e);
    if (!item->file)
        return 0;
    TRY(put_content(a, item->file, e.size));
    return pad(a, tar_padding(e.size));
}

static int end(struct archive *a)
{
    return pad(a, 2 * TAR_BLOCK);
}

const struct archive_form archive_tar = { .query = "tar", .type = "application/x-tar", .add = add, .end = end };

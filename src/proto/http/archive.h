/* archive: folders as zip and tar: what http_archive.c, which walks and answers, and the two forms share. An archive is made while it is
 * sent, in constant memory (but for what a zip says again at its end: see http_zip.c), and nothing in it is compressed. */
#ifndef DRAY_PROTO_HTTP_ARCHIVE_H
#define DRAY_PROTO_HTTP_ARCHIVE_H

#include "proto/http/http.h"
#include "wire/path.h"

struct zip_list;
struct archive;

/* An entry. For folders the name ends with a slash. */
struct archive_item {
    struct span name; /* relative, below PATH_CAP bytes; until the next one */
    struct store_stat stat;
    struct file *file; /* NULL: a folder */
};

/* A form. Each function prints into the archive's out, and pushes that as it fills. */
struct archive_form {
    const char *query, *type; /* the query is also how the archive's name ends */
    int (*add)(struct archive *, const struct archive_item *);
    int (*end)(struct archive *);
};
extern const struct archive_form archive_zip, archive_tar;

struct archive {
    struct http *h;
    const struct archive_form *form;
    struct http_out o;
    struct zip_list *list; /* zip: what its end says again */
    size_t base;           /* bytes of paths that stand in front of the names */
    struct span *names;    /* what was asked for: "/a/b" below the folder; NULL: all of it */
    size_t n;
    char name[PATH_CAP + 1];
};

/* Room for so many bytes in a->o.out, at most HTTP_BLOCK. */
int archive_room(struct archive *, size_t len);
/* All of a file into a->o.out, where there is room for it: -ENODATA when it has become shorter. */
int archive_read(struct archive *, struct file *, size_t size);
void zip_list_free(struct zip_list **);

/* Does the query ask for an archive? */
const struct archive_form *http_archive_form(struct span query);
/* The answer: the folder at h->ask->path, or what the query names of it. */
int http_archive(struct http *, const struct archive_form *);

#endif

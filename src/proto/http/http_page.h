/* http_page: a page of a folder: so many names behind a given one, in the order of their bytes. */
#ifndef DRAY_PROTO_HTTP_HTTP_PAGE_H
#define DRAY_PROTO_HTTP_HTTP_PAGE_H

#include "store/store.h"

enum { HTTP_PAGE_MAX = 1000 }; /* names; the most memory that one costs is a quarter of a MiB */

struct http_page {
    char **name; /* n of them, NUL-terminated; in order once page_end was called. One piece of memory with all texts; ours */
    unsigned n, most;
    bool more;   /* there are others behind them */
};

/* most: 1 to HTTP_PAGE_MAX. -ENOMEM. */
int http_page_begin(struct http_page *, unsigned most);
/* A name of the folder that is to be in the page if it is among the first behind `after`; names come in any order. */
void http_page_add(struct http_page *, struct span after, struct span name);
void http_page_end(struct http_page *);
/* For CLEANUP. */
void http_page_free(struct http_page *);

#endif

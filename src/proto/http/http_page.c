/* http_page: see http_page.h. Called by http_list.c for ?json&limit=N&after=NAME. A storage gives names in no order, so a page is chosen from
 * all of them: one pass over the names of the folder, whatever it holds, and memory for the page alone. Meanwhile `name` is a heap
 * with the last name on top, which goes when one comes that is before it. Fails without memory only. */
#include "proto/http/http_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/path.h"

enum { SLOT = NAME_CAP + 1 };

int http_page_begin(struct http_page *p, unsigned most)
{
    *p = (struct http_page){ .name = malloc(most * (sizeof(char *) + SLOT)), .most = most };
    return p->name ? 0 : -ENOMEM;
}

void http_page_free(struct http_page *p)
{
    free(p->name);
    p->name = NULL;
}

static void swap(char **a, char **b)
{
    char *kept = *a;

    *a = *b;
    *b = kept;
}

static void rise(char **heap, unsigned i)
{
    for (; i && strcmp(heap[i], heap[(i - 1) / 2]) > 0; i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
}

static void sink(char **heap, unsigned n)
{
    for (unsigned i = 0, last; 2 * i + 1 < n; i = last) {
        last = 2 * i + 1;
        if (last + 1 < n && strcmp(heap[last + 1], heap[last]) > 0)
            last++;
        if (strcmp(heap[last], heap[i]) <= 0)
            return;
        swap(&heap[last], &heap[i]);
    }
}

static int order(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int first = len ? memcmp(a.at, b.at, len) : 0;

    return first ? first : (a.len > b.len) - (a.len < b.len);
}

static void keep(char *slot, struct span name)
{
    memcpy(slot, name.at, name.len);
    slot[name.len] = '\0';
}

void http_page_add(struct http_page *p, struct span after, struct span name)
{
    if (name.len > NAME_CAP || order(name, after) <= 0)
        return;
    if (p->n < p->most) {
        p->name[p->n] = (char *)(p->name + p->most) + (size_t)p->n * SLOT;
        keep(p->name[p->n], name);
        rise(p->name, p->n++);
        return;
    }
    p->more = true;
    if (order(name, span_of(p->name[0])) >= 0)
        return;
    keep(p->name[0], name);
    sink(p->name, p->n);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void http_page_end(struct http_page *p)
{
    if (p->n)
        qsort(p->name, p->n, sizeof *p->name, by_name);
}

/* http_own: what is not of the store: the page's own files, embedded, and a word on the server's health; login and logout are http_cookie.c's,
 * links http_links.c's. */
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_drop.h"
#include "proto/http/http_who.h"

#define PLACE "/.well-known/dray"

static const struct {
    const char *name, *type, *tag;
    size_t len;
    const char *content;
} files[] = {
#define FILE(name, type, tag, len, content) { name, type, "\"" tag "\"", len, content },
#include <page.inc>
#undef FILE
};

bool http_is_own(struct span path)
{
    return span_eq(path, SPAN(PLACE)) || span_starts(path, SPAN(PLACE "/"));
}

static int send_own(struct http *h, size_t i)
{
    http_field(h, "ETag: %s", files[i].tag);
    http_field(h, "Cache-Control: no-cache");
    http_field(h, "Content-Security-Policy: %s", http_page_policy);
    if (http_has_etag(h->ask->head.field[HTTP_IF_NONE_MATCH], span_of(files[i].tag), true))
        return http_done(h, 304);
    TRY(http_begin(h, 200, files[i].type, (int64_t)files[i].len));
    return h->ask->head_only ? 0 : io_put(h->s->control, (struct span){ files[i].content, files[i].len });
}

int http_own(struct http *h)
{
    const char *name = h->ask->path + sizeof PLACE - 1;
    struct span method = h->ask->head.method;

    if (span_eq(method, SPAN("POST")) && strcmp(name, "/login") == 0)
        return http_login(h);
    if (span_eq(method, SPAN("POST")) && strcmp(name, "/logout") == 0)
        return http_logout(h);
    if (strcmp(name, "/links") == 0 || span_starts(span_of(name), SPAN("/links/")))
        return http_links(h, span_of(name + sizeof "/links" - 1));
    if (!h->ask->head_only && !span_eq(method, SPAN("GET")))
        return http_say(h, 405, "That is not done here.");
    if (strcmp(name, "/health") == 0)
        return http_say(h, 200, "ok");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (*name && strcmp(name + 1, files[i].name) == 0)
            return send_own(h, i);
    return http_say(h, 404, "There is no such page.");
}

/* http_site: may a browser be trusted to send this on its person's behalf, or does a page of somebody else's make it do so? Called before
 * anything is changed, and before a stranger is let in. Owns nothing, waits for nothing.
 *
 * A page elsewhere that has its own name lead here (DNS rebinding) is, to its browser, a page of ours, in a network that it cannot reach
 * itself. It has no cookie and no password, so what it can be is a stranger; and it has no certificate, so it comes in the clear. The one thing
 * that gives it away is its name in Host: of a stranger in the clear that has to be one that nobody else can have. */
#include "proto/http/http_who.h"
#include "wire/http_host.h"

/* Browsers say where a request comes from; who says nothing is none (curl, a script), and nobody can make it send anything. */
bool http_foreign(const struct http *h)
{
    const struct span *f = h->ask->head.field;
    struct span origin = f[HTTP_ORIGIN];

    if (f[HTTP_SEC_FETCH_SITE].at && !span_eq(f[HTTP_SEC_FETCH_SITE], SPAN("same-origin")) && !span_eq(f[HTTP_SEC_FETCH_SITE], SPAN("none")))
        return true;
    if (!origin.at)
        return false;
    if (!span_starts(origin, io_is_tls(h->s->control) ? SPAN("https://") : SPAN("http://")))
        return true;
    return !span_ieq(span_from(origin, (size_t)span_find(origin, '/') + 2), f[HTTP_HOST]);
}

static bool is_listed(struct span name, struct span list)
{
    while (list.len)
        if (http_host_is(name, span_cut(&list, ',')))
            return true;
    return false;
}

/* The operator's list; "any" is what he says who wants no check. */
static bool is_told(struct span name, const struct conf_list *told)
{
    for (unsigned i = 0; i < told->n; i++)
        if (span_eq(span_of(told->item[i]), SPAN("any")) || is_listed(name, span_of(told->item[i])))
            return true;
    return false;
}

bool http_posed(const struct http *h)
{
    const struct server *server = h->s->server;
    struct span name = http_host_name(h->ask->head.field[HTTP_HOST]);

    if (io_is_tls(h->s->control) || http_host_is_near(name))
        return false;
    return !is_listed(name, span_of(server->names)) && !is_told(name, &server->conf->http_host);
}

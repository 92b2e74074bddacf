/* rates: the options of bandwidth as numbers (see rates.h). Called by the front door once and by sessions when a transfer
 * begins; owns nothing. Fails with -EINVAL and a sentence that says what would do. */
#include "conf/rates.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/say.h"

/* "10M" for both directions, "10M/1M" for down and up; more than a TiB a second is no limit that means anything. */
static int parse(struct span text, struct rate *out)
{
    struct span up = text, down = span_cut(&up, '/');
    struct rate r;

    TRY(span_bytes(down, &r.way[RATE_DOWN]));
    r.way[RATE_UP] = r.way[RATE_DOWN];
    if (down.len < text.len)
        TRY(span_bytes(up, &r.way[RATE_UP]));
    if (r.way[RATE_DOWN] > INT64_C(1) << 40 || r.way[RATE_UP] > INT64_C(1) << 40)
        return -ERANGE;
    *out = r;
    return 0;
}

static int bad(const char *flag, const char *text, const char *form, struct buf *err)
{
    buf_printf(err, _("%s: \"%s\" is not %s, in bytes a second, as 10M or (down and up) 10M/500K; 0 is no limit"), flag, text, form);
    return -EINVAL;
}

static int parse_text(const char *flag, const char *text, struct rate *out, struct buf *err)
{
    return text && parse(span_of(text), out) < 0 ? bad(flag, text, "DOWN[/UP]", err) : 0;
}

/* "[NAME=]DOWN[/UP]" */
static int add_account(struct rates *r, const char *text, struct buf *err)
{
    struct span whole = span_of(text);
    ptrdiff_t equals = span_rfind(whole, '=');
    struct rate rate;

    if (equals == 0 || parse(span_from(whole, (size_t)(equals + 1)), &rate) < 0)
        return bad("--rate-account", text, "[NAME=]DOWN[/UP]", err);
    if (equals < 0) {
        r->account = rate;
        return 0;
    }
    r->named[r->n].name = (struct span){ text, (size_t)equals };
    r->named[r->n++].rate = rate;
    return 0;
}

int rates_init(struct rates *r, const struct conf *c, struct buf *err)
{
    *r = (struct rates){ 0 };
    TRY(parse_text("--rate", c->rate, &r->server, err));
    TRY(parse_text("--rate-session", c->rate_session, &r->session, err));
    for (unsigned i = 0; i < c->rate_account.n; i++)
        TRY(add_account(r, c->rate_account.item[i], err));
    return 0;
}

int64_t rates_of_account(const struct rates *r, struct span name, unsigned way, int64_t own)
{
    for (unsigned i = 0; i < r->n; i++)
        if (span_eq(r->named[i].name, name))
            return r->named[i].rate.way[way];
    return own ? own : r->account.way[way];
}

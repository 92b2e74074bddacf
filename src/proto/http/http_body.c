/* http_body: bodies of requests, with a length or in chunks (RFC 9112 sections 6 and 7). Called by the methods that want one, and by the
 * loop for what is left. Fails with -EBADMSG for chunks that are none, -EPIPE when the client is gone, and what streams say. */
#include <errno.h>

#include "base/cleanup.h"
#include "proto/http/http.h"
#include "wire/http_chunk.h"

enum { CHUNK_LINE = 1024, TRAILERS = 32, DROP_MAX = 8 << 20 };

/* A line of the framing; only CRLF ends one. */
static int frame_line(struct http *h, struct span *out)
{
    char *line;
    size_t len;
    int rc = io_line(h->s->control, CHUNK_LINE, &line, &len);

    TRY(rc == -EMSGSIZE ? -EBADMSG : rc == -ENODATA ? -EPIPE : rc);
    *out = (struct span){ line, len };
    return line[len] == '\r' ? 0 : -EBADMSG;
}

static int drop_trailers(struct http *h)
{
    struct span line;

    for (int i = 0; i < TRAILERS; i++) {
        TRY(frame_line(h, &line));
        if (!line.len)
            return 0;
    }
    return -EBADMSG;
}

static int next_chunk(struct http *h)
{
    struct http_ask *a = h->ask;
    struct span line;

    if (a->in_chunk) {
        TRY(frame_line(h, &line));
        TRY(line.len ? -EBADMSG : 0);
    }
    TRY(frame_line(h, &line));
    TRY(http_chunk_parse(line, &a->left));
    a->in_chunk = true;
    if (a->left)
        return 0;
    a->body_over = true;
    return drop_trailers(h);
}

/* 1: `left` bytes come now; 0: that was all. */
static int more(struct http *h)
{
    struct http_ask *a = h->ask;

    if (a->awaits_go) {
        a->awaits_go = false;
        TRY(io_put(h->s->control, SPAN("HTTP/1.1 100 Continue\r\n\r\n")));
        TRY(io_flush(h->s->control));
    }
    if (!a->left && a->head.chunked && !a->body_over) {
        io_deadline(h->s->control, rt_after(h->s->task, h->s->server->conf->data_timeout));
        TRY(next_chunk(h));
    }
    a->body_over |= !a->left;
    return a->left > 0;
}

/* `left` is what has not come, also when it breaks off. */
int http_receive(struct http *h, struct xfer *x, struct file *file)
{
    struct http_ask *a = h->ask;
    int rc;

    x->failed = XFER_STREAM;
    while ((rc = more(h)) > 0) {
        int64_t before = x->bytes;

        rc = xfer_receive_some(x, file, a->left);
        a->left -= x->bytes - before;
        TRY(rc);
    }
    return rc;
}

int http_body_text(struct http *h, size_t max, struct span *out)
{
    struct http_ask *a = h->ask;
    char *text = arena_take(&h->s->scratch, max + 1);
    size_t len = 0;
    int rc;

    if (!text)
        return -ENOMEM;
    io_deadline(h->s->control, rt_after(h->s->task, h->s->server->conf->data_timeout));
    while ((rc = more(h)) > 0) {
        ssize_t n;

        if (a->left > (int64_t)(max - len))
            return -EMSGSIZE;
        n = io_read(h->s->control, text + len, (size_t)a->left);
        TRY(n ? n : -EPIPE);
        len += (size_t)n;
        a->left -= n;
    }
    text[len] = '\0';
    *out = (struct span){ text, len };
    return rc;
}

bool http_body_short(const struct http_ask *a)
{
    return a->body_over || (!a->awaits_go && !a->head.chunked && a->left <= DROP_MAX);
}

static int drop_some(struct http *h, char *junk, size_t len)
{
    ssize_t n = io_read(h->s->control, junk, (int64_t)len < h->ask->left ? len : (size_t)h->ask->left);

    TRY(n ? n : -EPIPE);
    h->ask->left -= n;
    return 0;
}

int http_body_drop(struct http *h)
{
    char junk[1024];
    int rc;

    if (h->ask->body_over)
        return 0;
    io_deadline(h->s->control, rt_after(h->s->task, h->s->server->conf->data_timeout));
    TRY(io_flush(h->s->control));
    while ((rc = more(h)) > 0)
        TRY(drop_some(h, junk, sizeof junk));
    return rc;
}

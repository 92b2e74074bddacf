/* http_body: bodies of requests, with a length or in chunks (RFC 9112 sections 6 and 7), and whether they are those that were meant
 * (RFC 9530). Called by the methods that want one, and by the loop for what is left. Fails with -EBADMSG for chunks that are none,
 * -EPIPE when the client is gone, -EILSEQ for another content than was meant, and what streams say. */
#include <errno.h>

#include "base/cleanup.h"
#include "proto/http/http.h"
#include "wire/http_chunk.h"
#include "wire/http_digest.h"

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

/* ---- into a file ---- */

/* Content-Encoding is refused, so that content and representation are the same bytes; of a PATCH both are those of the piece. */
int http_sums(struct http *h)
{
    const struct span *f = h->ask->head.field;
    struct sums *said = &h->ask->said;
    int rc = f[HTTP_CONTENT_DIGEST].at ? http_digest_parse(f[HTTP_CONTENT_DIGEST], said) : 0;

    if (rc == 0 && f[HTTP_REPR_DIGEST].at)
        rc = http_digest_parse(f[HTTP_REPR_DIGEST], said);
    if (rc == 0)
        return 0;
    TRY(http_say(h, 400, "What the request says of the content's digest is not in order; nothing was stored."));
    return 1;
}

/* The file is not at fault, but it is not to be kept either. */
static int judge(const struct http *h, struct xfer *x, struct digest *came)
{
    const struct sums *said = &h->ask->said;
    struct sums sums = { 0 };

    digest_end(came, &sums);
    for (enum sum_id id = 0; id < SUMS; id++)
        if ((said->has & SUM_BIT(id)) && !sum_same(said, &sums, id)) {
            x->failed = XFER_FILE;
            return -EILSEQ;
        }
    return 0;
}

/* `left` is what has not come, also when it breaks off. */
static int receive(struct http *h, struct xfer *x, struct file *file)
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

int http_receive(struct http *h, struct xfer *x, struct file *file)
{
    struct digest digest;
    int rc;

    TRY(digest_begin(&digest, h->ask->said.has));
    x->digest = &digest;
    rc = receive(h, x, file);
    x->digest = NULL;
    if (rc == 0)
        rc = judge(h, x, &digest);
    digest_drop(&digest);
    return rc;
}

ssize_t http_body_read(struct http *h, struct xfer *x, void *buf, size_t len)
{
    struct http_ask *a = h->ask;
    ssize_t n;
    int rc = more(h);

    if (rc <= 0)
        return rc;
    n = xfer_read(x, buf, (int64_t)len < a->left ? len : (size_t)a->left);
    TRY(n ? n : -EPIPE);
    a->left -= n;
    return n;
}

/* ---- as text, or as nothing ---- */

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

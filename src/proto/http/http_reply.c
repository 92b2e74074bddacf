/* http_reply: answers: their heads, sentences, failures, and bodies that are streamed. Called by every method; what it prints waits in
 * the session's output until the session next waits. Nothing of a client's stands in a head but what was encoded before. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "proto/http/http_who.h"
#include "store/access.h"
#include "sys/clock.h"
#include "wire/http_chunk.h"
#include "wire/http_date.h"
#include "wire/json.h"

const char http_page_policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; "
                                "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const char http_file_policy[] = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'; frame-ancestors 'self'";

const char http_page_head[] = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
                              "<link rel=\"icon\" href=\"/.well-known/dray/icon.svg\">\n<link rel=\"stylesheet\" href=\"/.well-known/dray/page.css\">\n"
                              "<script type=\"module\" src=\"/.well-known/dray/page.js\"></script>\n";

static const char *reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } each[] = {
        { 200, "OK" }, { 201, "Created" }, { 204, "No Content" }, { 206, "Partial Content" }, { 303, "See Other" }, { 304, "Not Modified" },
        { 308, "Permanent Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
        { 405, "Method Not Allowed" }, { 409, "Conflict" }, { 412, "Precondition Failed" }, { 413, "Content Too Large" },
        { 414, "URI Too Long" }, { 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" }, { 421, "Misdirected Request" },
        { 422, "Unprocessable Content" }, { 423, "Locked" }, { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
        { 460, "Checksum Mismatch" }, { 500, "Internal Server Error" },
        { 501, "Not Implemented" }, { 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" }, { 507, "Insufficient Storage" },
    };

    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        if (each[i].status == status)
            return each[i].text;
    return "Status";
}

/* ---- heads ---- */

void http_field(struct http *h, const char *fmt, ...)
{
    struct buf *b = &h->ask->fields;
    size_t before = b->len;
    va_list args;
    int n;

    if (!b->at)
        return;
    va_start(args, fmt);
    n = vsnprintf(b->at + b->len, b->cap - b->len, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n + 2 >= b->cap - before)
        return;
    b->len += (size_t)n;
    buf_text(b, "\r\n");
}

void http_field_put(struct http *h, const char *name, struct span value)
{
    struct buf *b = &h->ask->fields;
    struct span begin = span_of(name);

    if (!b->at || begin.len + value.len + 2 > b->cap - b->len)
        return;
    buf_put(b, begin);
    buf_put(b, value);
    buf_text(b, "\r\n");
}

/* What every answer begins with. By hand, like the fields of a file's: they are sent the most often. */
static void print_first(struct buf *b, const struct http *h, unsigned status)
{
    buf_text(b, "HTTP/1.1 ");
    buf_number(b, status, 10, 0, 0);
    buf_putc(b, ' ');
    buf_text(b, reason(status));
    buf_text(b, "\r\nDate: ");
    http_date_print(b, clock_wall());
    buf_text(b, "\r\n");
    if (h->over)
        buf_text(b, "Connection: close\r\n");
    else if (!h->ask->head.minor)
        buf_text(b, "Connection: keep-alive\r\n");
}

static APART int put_first(struct http *h, unsigned status, const char *type, int64_t length)
{
    char text[400];
    struct buf b = BUF(text);

    print_first(&b, h, status);
    if (type) {
        buf_text(&b, "Content-Type: ");
        buf_text(&b, type);
        buf_text(&b, "\r\nX-Content-Type-Options: nosniff\r\n");
    }
    if (length >= 0 && status != 204 && status != 304) {
        buf_text(&b, "Content-Length: ");
        buf_number(&b, (uint64_t)length, 10, 0, 0);
        buf_text(&b, "\r\n");
    }
    if (length < 0 && h->ask->head.minor)
        buf_text(&b, "Transfer-Encoding: chunked\r\n");
    return io_put(h->s->control, buf_span(&b));
}

int http_begin(struct http *h, unsigned status, const char *type, int64_t length)
{
    struct http_ask *a = h->ask;

    h->over |= !http_body_short(a) || (length < 0 && !a->head.minor);
    a->begun = true;
    TRY(put_first(h, status, type, length));
    TRY(io_put(h->s->control, buf_span(&a->fields)));
    return io_put(h->s->control, SPAN("\r\n"));
}

int http_done(struct http *h, unsigned status)
{
    return http_begin(h, status, NULL, 0);
}

/* ---- sentences ---- */

static void print_page(struct buf *b, unsigned status, const char *sentence)
{
    buf_text(b, http_page_head);
    buf_printf(b, "<title>%u %s</title>\n<h1>%s</h1>\n<p>%s</p>\n", status, reason(status), reason(status), sentence);
    if (status == 401) /* also for who runs no script */
        buf_text(b, "<form method=\"post\" action=\"/.well-known/dray/login\">\n<label>Name <input name=\"name\" autocomplete=\"username\"></label>\n"
                    "<label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\"></label>\n"
                    "<button>Log in</button>\n</form>\n");
}

static void print_json(struct buf *b, const char *sentence)
{
    json_begin(b);
    json_text(b, "error", span_of(sentence));
    json_end(b);
}

static const char *print_kind(struct http *h, struct buf *b, unsigned status, const char *sentence)
{
    if (h->ask->json) {
        print_json(b, sentence);
        return "application/json";
    }
    if (span_starts(h->ask->head.field[HTTP_ACCEPT], SPAN("text/html"))) {
        print_page(b, status, sentence);
        return "text/html; charset=utf-8";
    }
    buf_printf(b, "%s\n", sentence);
    return "text/plain; charset=utf-8";
}

/* The sentences are ours: nothing in them has to be escaped. */
int http_say(struct http *h, unsigned status, const char *fmt, ...)
{
    char sentence[200], text[1200];
    struct buf b = BUF(text);
    const char *type;
    va_list args;

    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    type = print_kind(h, &b, status, sentence);
    http_field(h, "Content-Security-Policy: %s", http_page_policy);
    http_field(h, "Cache-Control: no-store");
    TRY(http_begin(h, status, type, (int64_t)b.len));
    return h->ask->head_only ? 0 : io_put(h->s->control, buf_span(&b));
}

unsigned http_status(int rc)
{
    static const struct {
        int err;
        unsigned status;
    } each[] = {
        { ENOENT, 404 }, { EACCES, 403 }, { EPERM, 403 }, { EEXIST, 409 }, { ENOTEMPTY, 409 }, { EISDIR, 409 }, { ENOTDIR, 409 },
        { EXDEV, 409 }, { EINVAL, 400 }, { ENAMETOOLONG, 414 }, { ENOSPC, 507 }, { EDQUOT, 507 }, { EFBIG, 413 }, { EMSGSIZE, 413 },
        { EBUSY, 423 }, { ERANGE, 416 }, { ENOMEM, 503 }, { EMFILE, 503 }, { EBADMSG, 400 },
    };

    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        if (each[i].err == -rc)
            return each[i].status;
    return 500;
}

/* Who is nobody yet may become somebody: also where nothing is shown to strangers, whether there is something or not. */
static bool login_helps(const struct http *h, int rc)
{
    const struct session *s = h->s;

    return s->account == &s->server->auth->anonymous &&
           (rc == -EACCES || (rc == -ENOENT && !(store_rights(&s->store, h->ask->path) & RIGHT_READ)));
}

int http_fail(struct http *h, int rc)
{
    unsigned status = http_status(rc);

    h->ask->fields.len = 0;
    if (rc == -EBADMSG)
        h->over = true;
    if (login_helps(h, rc))
        return http_unauthorized(h, "Strangers may not do that here; log in.");
    if (rc == -EACCES)
        return http_say(h, 403, "This account may not do that here.");
    return http_say(h, status, "It was not done: %s.", err_text(rc));
}

/* ---- streams ---- */

int http_out_begin(struct http *h, unsigned status, const char *type, struct http_out *o)
{
    *o = (struct http_out){ .h = h, .x = http_xfer(h, RATE_DOWN), .out = { .at = malloc(HTTP_BLOCK), .cap = HTTP_BLOCK },
                            .chunked = h->ask->head.minor };
    if (!o->out.at)
        return -ENOMEM;
    return http_begin(h, status, type, -1);
}

int http_out_push(struct http_out *o)
{
    char text[24];
    struct buf size = BUF(text);
    size_t len = o->out.len;

    o->out.len = 0;
    if (!len)
        return 0;
    http_chunk_print(&size, len);
    if (o->chunked)
        TRY(io_put(o->h->s->control, buf_span(&size)));
    TRY(xfer_write(&o->x, o->out.at, len));
    return o->chunked ? io_put(o->h->s->control, SPAN("\r\n")) : 0;
}

int http_out_file(struct http_out *o, struct file *f, int64_t size)
{
    char text[24];
    struct buf head = BUF(text);

    TRY(http_out_push(o));
    http_chunk_print(&head, (size_t)size);
    if (!size)
        return 0;
    if (o->chunked)
        TRY(io_put(o->h->s->control, buf_span(&head)));
    TRY(xfer_send(&o->x, f, 0, size));
    return o->chunked ? io_put(o->h->s->control, SPAN("\r\n")) : 0;
}

int http_out_end(struct http_out *o)
{
    TRY(http_out_push(o));
    return o->chunked ? io_put(o->h->s->control, SPAN("0\r\n\r\n")) : 0;
}

void http_out_free(struct http_out *o)
{
    free(o->out.at);
    pace_end(&o->x.pace);
}

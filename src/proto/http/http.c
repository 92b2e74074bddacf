/* http: the HTTP/1.1 session: TLS if the first byte says so, the loop over requests, and the table of methods (RFC 9110, 9112).
 * Called by session_main. Owns the session's few strings; what a request needs is scratch memory. A method that fails returns
 * -errno, and the dispatcher answers for it where nothing was answered yet. The session ends when the client wants it, is silent for
 * too long, or talks nonsense. */
#include "proto/http/http_drop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "proto/http/http_who.h"
#include "wire/http_digest.h"
#include "wire/http_uri.h"
#include "wire/path.h"

enum { HEAD_SECONDS = 30, IDLE_SECONDS = 60, LOOK_SECONDS = 1, CHANGES = 1, TLS_HANDSHAKE = 0x16 };

struct http_row {
    const char *method;
    int (*run)(struct http *);
    unsigned flags;
};

static const struct http_row rows[] = {
#define HTTP(method, handler, flags) { method, http_##handler, flags },
#include "proto/http/http.def"
#undef HTTP
};

void http_log(const struct http *h, const char *event, const char *path, int64_t bytes)
{
    const struct account *a = h->s->account;

    LOG(h->s->server->log, event, LOG_TEXT("peer", span_of(h->s->peer)), LOG_TEXT("user", span_of(a ? a->name : "")),
        LOG_TEXT("path", span_of(path)), LOG_NUMBER("bytes", bytes));
}

struct xfer http_xfer(struct http *h, unsigned way)
{
    return (struct xfer){ .task = h->s->task, .data = h->s->control, .seat = h->s->seat, .pace = session_pace(h->s, way),
                          .stall = h->s->server->conf->data_timeout };
}

/* ---- reading a head ---- */

static int64_t head_deadline(const struct http *h)
{
    unsigned most = h->s->server->conf->login_timeout;

    return rt_after(h->s->task, most && most < HEAD_SECONDS ? most : HEAD_SECONDS);
}

/* A line into the head; 1: it was the empty one. io_line also takes a bare LF for an end: what really stood behind the line is still
 * there, and is what http_head_parse judges. */
static int put_line(struct buf *head, const char *line, size_t len)
{
    buf_put(head, (struct span){ line, len });
    buf_text(head, line[len] == '\r' ? "\r\n" : "\n");
    return head->over ? -EMSGSIZE : len == 0;
}

static int take_line(struct http *h, struct buf *head)
{
    char *line;
    size_t len;

    TRY(io_line(h->s->control, HTTP_HEAD_MAX, &line, &len));
    return put_line(head, line, len);
}

static int64_t idle_deadline(const struct http *h)
{
    unsigned idle = h->s->server->conf->idle_timeout;
    int64_t when = rt_after(h->s->task, idle && idle < IDLE_SECONDS ? idle : IDLE_SECONDS);

    return when < h->ends ? when : h->ends;
}

/* A browser keeps connections that it may never use again: where all turns are taken, others may stand in line behind them. */
static APART bool goes_on_waiting(const struct http *h, int64_t last)
{
    const struct server *server = h->s->server;

    return rt_now(h->s->task) < last && board_count(server->board) < server->turns;
}

/* Now and then, where that may have to end. */
static int64_t look_again(const struct http *h, int64_t last)
{
    int64_t soon = h->s->server->turns ? rt_after(h->s->task, LOOK_SECONDS) : last;

    return soon < last ? soon : last;
}

/* Where the session waits between two requests: nothing is held here, and io_line lets go of its buffer. */
static int await_line(struct http *h, char **line, size_t *len)
{
    struct io *io = h->s->control;
    int64_t last = idle_deadline(h);
    int rc;

    io_deadline(io, last);
    if (!io_has_line(io))
        TRY(io_flush(io));
    TRY(rt_idle(h->s->task, true));
    do {
        io_deadline(io, look_again(h, last));
        rc = line ? io_line(io, HTTP_HEAD_MAX, line, len) : io_await_input(io);
    } while (rc == -ETIMEDOUT && goes_on_waiting(h, last));
    rt_idle(h->s->task, false);
    return rc;
}

/* An empty line before a request is passed over: some clients send one behind a body (RFC 9112 section 2.2). */
static int read_head(struct http *h, struct buf *head, const char *line, size_t len)
{
    int rc;

    head->at = arena_take(&h->s->scratch, head->cap);
    if (!head->at)
        return -ENOMEM;
    rc = put_line(head, line, len);
    if (rc == 1)
        head->len = 0;
    io_deadline(h->s->control, head_deadline(h));
    if (rc == 1)
        rc = take_line(h, head);
    while (rc == 0)
        rc = take_line(h, head);
    return rc < 0 ? rc : 0;
}

/* ---- one request ---- */

int http_path(struct http *h, struct span target, char **out, bool *slash)
{
    char *raw = arena_take(&h->s->scratch, PATH_CAP), *path = arena_take(&h->s->scratch, PATH_CAP);
    int len;

    if (!raw || !path)
        return -ENOMEM;
    len = http_uri_decode(target, false, raw, PATH_CAP);
    TRY(len);
    *slash = len && raw[len - 1] == '/';
    *out = path;
    return path_join(SPAN("/"), (struct span){ raw, (size_t)len }, path, PATH_CAP);
}

static const struct http_row *row_of(struct span method)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (span_eq(method, span_of(rows[i].method)))
            return &rows[i];
    return NULL;
}

static void allow(struct http *h)
{
    char text[100];
    struct buf b = BUF(text);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", rows[i].method);
    http_field(h, "Allow: %s", buf_cstr(&b));
}

int http_options(struct http *h)
{
    allow(h);
    http_field(h, "Want-Repr-Digest: sha-256=10, sha-512=10"); /* of uploads */
    http_field(h, "Tus-Resumable: 1.0.0");
    http_field(h, "Tus-Version: 1.0.0");
    http_field(h, "Tus-Extension: creation,checksum,termination");
    http_field(h, "Tus-Checksum-Algorithm: " HTTP_TUS_SUMS);
    return http_done(h, 204);
}

/* In the clear, where the operator wants none of that. */
static int send_to_tls(struct http *h)
{
    struct span host = h->ask->head.field[HTTP_HOST];

    h->over = true;
    if (host.len && span_find(host, '/') < 0)
        http_field(h, "Location: https://%.*s%.*s", SPAN_ARG(host), SPAN_ARG(h->ask->head.target));
    return http_say(h, host.len ? 308 : 403, "This server speaks only encrypted: use https.");
}

static int run_row(struct http *h, const struct http_row *row)
{
    const struct tls_rules *rules = &h->s->server->rules;
    int rc;

    if ((rules->login || rules->data) && !io_is_tls(h->s->control))
        return send_to_tls(h);
    if ((row->flags & CHANGES) && http_foreign(h))
        return http_say(h, 403, "A page of another site has sent this; nothing was changed.");
    if (http_is_own(span_of(h->ask->path)))
        return http_own(h);
    rc = http_is_drop(span_of(h->ask->path)) ? http_drop_who(h) : http_who(h);
    return rc ? rc : row->run(h);
}

static int dispatch(struct http *h)
{
    struct http_ask *a = h->ask;
    const struct http_row *row = row_of(a->head.method);
    struct span path;

    a->head_only = span_eq(a->head.method, SPAN("HEAD"));
    http_uri_split(a->head.target, &path, &a->query);
    a->json = span_find(a->head.field[HTTP_ACCEPT], 'j') >= 0 && http_has_token(a->head.field[HTTP_ACCEPT], SPAN("application/json"));
    if (!row) {
        allow(h);
        return http_say(h, 501, "This method is not known here.");
    }
    if (http_path(h, path, &a->path, &a->slash) < 0)
        return http_say(h, 400, "That address is not one.");
    return run_row(h, row);
}

/* What the request leaves behind is put in order, so that the next one can be understood. */
static int finish(struct http *h, int rc)
{
    struct http_ask *a = h->ask;

    seat_done(h->s->seat, rc >= 0, rt_now(h->s->task));
    if (rc < 0 && !a->begun && rc != -EPIPE && rc != -ECONNRESET && rc != -ECANCELED)
        rc = http_fail(h, rc);
    h->broken = rc < 0 && a->begun;
    if (rc < 0 || h->over)
        return rc;
    return http_body_drop(h);
}

static APART int answer(struct http *h, struct span head)
{
    struct http_ask *a = arena_take(&h->s->scratch, sizeof *a);
    unsigned status;
    int rc;

    if (!a)
        return -ENOMEM;
    *a = (struct http_ask){ .fields = { .cap = HTTP_FIELDS_ROOM } };
    a->fields.at = arena_take(&h->s->scratch, a->fields.cap);
    h->ask = a;
    status = head.at ? (unsigned)http_head_parse(head, &a->head) : 431;
    a->left = a->head.length > 0 && !a->head.chunked ? a->head.length : 0;
    a->body_over = !a->head.chunked && !a->left;
    a->awaits_go = a->head.expect_continue && !a->body_over;
    h->over |= !a->head.keep_alive || status;
    a->body_over |= status;
    rc = status ? http_say(h, status, "This request is not in order; the connection ends.") : dispatch(h);
    return finish(h, rc);
}

/* ---- the loop ---- */

/* rc: what waiting for its first line said. */
static APART int next_request(struct http *h, int rc, const char *line, size_t len)
{
    struct buf head = { .cap = HTTP_HEAD_MAX };

    if (rc == 0)
        rc = read_head(h, &head, line, len);
    if (rc < 0 && rc != -EMSGSIZE)
        return rc;
    return answer(h, rc < 0 ? (struct span){ 0 } : buf_span(&head));
}

static int serve(struct http *h)
{
    int rc = 0;

    while (rc >= 0 && !h->over) {
        char *line = NULL;
        size_t len = 0;

        h->ask = NULL;
        arena_reset(&h->s->scratch);
        rc = rt_now(h->s->task) >= h->ends ? -ETIMEDOUT : await_line(h, &line, &len);
        rc = next_request(h, rc, line, len);
    }
    return rc;
}

/* One port for both: TLS begins with a byte that no request begins with. */
static APART int begin_tls(struct http *h)
{
    struct io *io = h->s->control;
    struct tls_rules rules = h->s->server->rules;
    int rc;

    rules.web = true; /* a browser that is led to an FTP port, or the other way round, ends there (ALPN) */
    if (!h->s->server->tls || sock_first_byte(h->s->arrival->fd) != TLS_HANDSHAKE)
        return 0;
    io_deadline(io, rt_after(h->s->task, h->s->server->conf->login_timeout));
    rc = io_starttls(io, h->s->server->tls, NULL, rules);
    if (rc == 0)
        rc = io_handshake(io);
    if (rc < 0)
        LOG(h->s->server->log, "tls-failed", LOG_TEXT("peer", span_of(h->s->peer)), LOG_TEXT("connection", SPAN("http")),
            LOG_TEXT("why", span_of(err_text(rc))));
    return rc;
}

static int run(struct session *s)
{
    struct http h = { .s = s, .ends = rt_after(s->task, s->server->conf->session_timeout) };
    int rc = await_line(&h, NULL, NULL); /* here, where the stack is low: a browser opens more connections than it uses */

    if (rc == 0)
        rc = begin_tls(&h);
    if (rc == 0)
        rc = serve(&h);
    if (h.passed)
        explicit_bzero(h.passed, strlen(h.passed));
    free(h.passed);
    if (h.broken) /* without a length, as for HTTP/1.0, a polite end would make it look whole */
        io_abort(&s->control);
    return rc;
}

#define BUSY(status, text) "HTTP/1.1 " status "\r\nRetry-After: 10\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n" text "\n"

const struct service http_service = {
    .name = "http", .banned = BUSY("403 Forbidden", "Too many wrong passwords came from your address; try again later."),
    .refuse = BUSY("503 Service Unavailable", "Too many clients, all of them or from your address; try again later."), .run = run,
};

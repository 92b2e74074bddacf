/* talk: connects, logs in, fetches and stores, as the clients of a measurement do (see talk.h). Called by
 * bench/load.c; owns the connection. No wait is longer than PATIENCE. Fails with -errno. RFC 959, RFC 2428 (EPSV),
 * RFC 4217 (TLS). What is downloaded in the clear is not even copied: the clients shall cost less than the server. */
#include "bench/talk.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire/ftp_addr.h"

enum { PATIENCE = 20, STEP = 1 << 20 };

static int connect_to(struct rt_task *task, const struct sock_addr *at, struct io **out)
{
    int fd = sock_stream(at->any.sa_family, NULL), rc;

    TRY(fd);
    rc = rt_connect(task, fd, -1, at, sock_addr_len(at), rt_after(task, PATIENCE));
    if (rc < 0) {
        rt_close(task, fd);
        return rc;
    }
    return io_socket(task, fd, out);
}

/* ---- commands and replies ---- */

static int code_of(const char *line, size_t len)
{
    int code = 0;

    for (size_t i = 0; i < 3; i++) {
        if (i >= len || line[i] < '0' || line[i] > '9')
            return -1;
        code = code * 10 + (line[i] - '0');
    }
    return code;
}

/* The code of the next reply, and its last line. */
static int hear(struct talk *t, struct span *text)
{
    char *line;
    size_t len;
    int code;

    io_deadline(t->io, rt_after(t->task, PATIENCE));
    do {
        TRY(io_line(t->io, IO_LINE_MAX, &line, &len));
        code = code_of(line, len);
    } while (code < 0 || (len > 3 && line[3] == '-'));
    if (text)
        *text = (struct span){ line, len };
    return code;
}

/* RFC 959 section 4.2.1: not implemented, in three ways. */
static int refusal(int code)
{
    return code == 500 || code == 502 || code == 504 ? -EOPNOTSUPP : code == 530 ? -EACCES : -EPROTO;
}

static int expect(struct talk *t, int want, struct span *text)
{
    int code = hear(t, text);

    TRY(code);
    return code == want ? 0 : refusal(code);
}

/* Servers choose among two for the same thing. */
static int expect_either(struct talk *t, int one, int other)
{
    int code = hear(t, NULL);

    TRY(code);
    return code == one || code == other ? 0 : refusal(code);
}

static int say(struct talk *t, const char *verb, const char *arg)
{
    TRY(io_put(t->io, span_of(verb)));
    if (arg) {
        TRY(io_put(t->io, SPAN(" ")));
        TRY(io_put(t->io, span_of(arg)));
    }
    TRY(io_put(t->io, SPAN("\r\n")));
    return io_flush(t->io);
}

int talk_ask(struct talk *t, const char *verb, const char *arg, int want)
{
    TRY(say(t, verb, arg));
    return expect(t, want, NULL);
}

static int shake(struct talk *t, struct io *io, const struct io *control)
{
    io_deadline(io, rt_after(t->task, PATIENCE));
    TRY(io_starttls_client(io, t->with->tls, control, t->with->host));
    return io_handshake(io);
}

int talk_open(struct rt_task *task, const struct server *with, struct talk *out)
{
    *out = (struct talk){ .task = task, .with = with };
    TRY(connect_to(task, &with->at, &out->io));
    sock_tune_control(io_fd(out->io));
    if (with->secure == SERVER_IMPLICIT)
        TRY(shake(out, out->io, NULL));
    TRY(expect(out, 220, NULL));
    if (with->secure != SERVER_AUTH)
        return 0;
    TRY(talk_ask(out, "AUTH", "TLS", 234));
    return shake(out, out->io, NULL);
}

/* Some let a stranger in without asking for a password. */
int talk_login(struct talk *t)
{
    int code;

    TRY(say(t, "USER", t->with->user));
    code = hear(t, NULL);
    TRY(code);
    if (code == 230)
        return 0;
    return code == 331 ? talk_ask(t, "PASS", t->with->password, 230) : refusal(code);
}

int talk_settle(struct talk *t)
{
    if (t->with->secure) {
        TRY(talk_ask(t, "PBSZ", "0", 200));
        TRY(talk_ask(t, "PROT", "P", 200));
    }
    if (*t->with->path)
        TRY(talk_ask(t, "CWD", t->with->path, 250));
    return talk_ask(t, "TYPE", "I", 200);
}

int talk_quit(struct talk *t)
{
    TRY(talk_ask(t, "QUIT", NULL, 221));
    io_close(&t->io); /* all is said: that a goodbye over TLS finds nobody is no failure */
    return 0;
}

void talk_drop(struct talk *t)
{
    io_abort(&t->io);
}

/* ---- transfers ---- */

static int begin(struct talk *t, const char *verb, const char *arg, struct io **data)
{
    struct sock_addr at = t->with->at;
    struct span text;
    uint16_t port;

    TRY(say(t, "EPSV", NULL));
    TRY(expect(t, 229, &text));
    TRY(ftp_addr_parse_229(text, &port));
    sock_addr_set_port(&at, port);
    TRY(connect_to(t->task, &at, data));
    TRY(say(t, verb, arg));
    TRY(expect_either(t, 125, 150));
    return t->with->secure ? shake(t, *data, t->io) : 0;
}

static int64_t count_lines(const char *at, size_t len)
{
    const char *end = at + len;
    int64_t n = 0;

    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        n++;
    }
    return n;
}

static ssize_t receive(struct talk *t, struct io *data, struct span block, bool look)
{
    if (!look && !t->with->secure)
        return rt_recv(t->task, io_fd(data), -1, NULL, block.len, rt_after(t->task, PATIENCE));
    io_deadline(data, rt_after(t->task, PATIENCE));
    return io_read(data, (char *)(uintptr_t)block.at, block.len);
}

int talk_get(struct talk *t, const char *verb, const char *arg, struct span block, struct talk_sum *sum)
{
    CLEANUP(io_abort) struct io *data = NULL;
    bool lines = *verb != 'R';
    ssize_t n;

    *sum = (struct talk_sum){ 0 };
    TRY(begin(t, verb, arg, &data));
    while ((n = receive(t, data, block, lines)) > 0) {
        sum->bytes += n;
        if (lines)
            sum->lines += count_lines(block.at, (size_t)n);
        TRY(rt_turn(t->task, -1));
    }
    TRY(n);
    io_close(&data); /* all is here, as in talk_quit */
    return expect_either(t, 226, 250);
}

int talk_put(struct talk *t, const char *name, int file, int64_t len)
{
    CLEANUP(io_abort) struct io *data = NULL;
    int64_t off = 0;

    TRY(begin(t, "STOR", name, &data));
    while (off < len) {
        ssize_t n;

        io_deadline(data, rt_after(t->task, PATIENCE));
        n = io_sendfile(data, file, &off, len - off < STEP ? (size_t)(len - off) : STEP);
        TRY(n);
        if (n == 0)
            return -ENODATA;
        TRY(rt_turn(t->task, -1));
    }
    /* over TLS a ticket may wait to be read: a close on top of it would be a reset */
    TRY((t->with->secure ? io_close_politely : io_close)(&data));
    return expect_either(t, 226, 250);
}

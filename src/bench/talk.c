/* talk: connects, logs in, fetches and stores, as the clients of a measurement do (see talk.h). Called by
 * bench/load.c; owns the connection. No wait is longer than PATIENCE. Fails with -errno. RFC 959, RFC 2428 (EPSV). */
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
        sock_close(fd);
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

int talk_open(struct rt_task *task, const struct server *with, struct talk *out)
{
    *out = (struct talk){ .task = task, .with = with };
    TRY(connect_to(task, &with->at, &out->io));
    sock_tune_control(io_fd(out->io));
    return expect(out, 220, NULL);
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
    if (*t->with->path)
        TRY(talk_ask(t, "CWD", t->with->path, 250));
    return talk_ask(t, "TYPE", "I", 200);
}

int talk_quit(struct talk *t)
{
    TRY(talk_ask(t, "QUIT", NULL, 221));
    return io_close(&t->io);
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
    return expect_either(t, 125, 150);
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

int talk_get(struct talk *t, const char *verb, const char *arg, struct span block, struct talk_sum *sum)
{
    CLEANUP(io_abort) struct io *data = NULL;
    char *at = (char *)(uintptr_t)block.at;
    ssize_t n;

    *sum = (struct talk_sum){ 0 };
    TRY(begin(t, verb, arg, &data));
    for (;;) {
        io_deadline(data, rt_after(t->task, PATIENCE));
        n = io_read(data, at, block.len);
        if (n <= 0)
            break;
        sum->bytes += n;
        if (*verb == 'M')
            sum->lines += count_lines(at, (size_t)n);
    }
    TRY(n);
    TRY(io_close(&data));
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
    }
    TRY(io_close(&data));
    return expect_either(t, 226, 250);
}

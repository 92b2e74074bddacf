/* ftpc: commands and replies on the client's control connection. Called by the rest of the ftpc files; owns the
 * connection and the last reply. Everything the server sends is bounded: lines by io_line, replies by ftp_reply,
 * waiting by the patience given at connect. Fails as ftpc.h says; a connection that failed once stays lost. RFC 959
 * sections 4 and 5. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/ftpc_impl.h"
#include "sys/sock.h"

enum { CONNECT_SECONDS = 20, GOODBYE_SECONDS = 2, CATCH_UP_SECONDS = 10 };

static int connect_socket(struct rt_task *task, const struct sock_addr *to)
{
    int fd = sock_stream(to->any.sa_family, NULL), rc;

    TRY(fd);
    rc = rt_connect(task, fd, -1, to, sock_addr_len(to), rt_after(task, CONNECT_SECONDS));
    if (rc < 0) {
        rt_close(task, fd);
        return rc;
    }
    sock_tune_control(fd);
    return fd;
}

int ftpc_connect(struct rt_task *task, const struct sock_addr *to, struct ftpc_how how, struct ftpc **out)
{
    CLEANUP(ftpc_drop) struct ftpc *ftp = calloc(1, sizeof *ftp);
    int fd;

    if (!ftp)
        return -ENOMEM;
    ftp->task = task;
    ftp->how = how;
    ftp->can = &ftp->own;
    ftp->peer = *to;
    fd = connect_socket(task, to);
    TRY(fd);
    TRY(io_socket(task, fd, &ftp->io));
    *out = ftp;
    ftp = NULL;
    return 0;
}

void ftpc_drop(struct ftpc **ftp)
{
    if (*ftp) {
        ftpc_data_forget(*ftp);
        io_abort(&(*ftp)->io);
    }
    free(*ftp);
    *ftp = NULL;
}

void ftpc_quit(struct ftpc **ftp)
{
    if (*ftp && !(*ftp)->lost && (*ftp)->due == (int)(*ftp)->ahead.count) {
        (*ftp)->how.patience = GOODBYE_SECONDS;
        ftpc_ask(*ftp, "QUIT", (struct span){ 0 });
        io_close(&(*ftp)->io);
    }
    ftpc_drop(ftp);
}

int ftpc_code(const struct ftpc *ftp)
{
    return ftp->reply.code;
}

struct span ftpc_words(const struct ftpc *ftp)
{
    return (struct span){ ftp->reply.text, ftp->reply.len };
}

int ftpc_cause(const struct ftpc *ftp)
{
    return ftp->cause;
}

bool ftpc_lost(const struct ftpc *ftp)
{
    return !ftp || ftp->lost;
}

/* ---- commands and replies ---- */

/* Interruption leaves the connection as it is; any other failure is its end. */
static int failed(struct ftpc *ftp, int rc)
{
    if (rc == -ECANCELED)
        return rc;
    ftp->lost = true;
    ftp->cause = rc;
    return -ENOTCONN;
}

static bool can_be_sent(struct span arg)
{
    return span_find(arg, '\r') < 0 && span_find(arg, '\n') < 0 && span_find(arg, '\0') < 0 &&
           arg.len < IO_LINE_MAX - 16;
}

/* A byte 255 begins a telnet command, so that one in a name is sent twice (RFC 959 section 5.3.1, RFC 854). */
static int put_escaped(struct io *io, struct span arg)
{
    while (arg.len) {
        ptrdiff_t at = span_find(arg, '\377');
        size_t n = at < 0 ? arg.len : (size_t)at + 1;

        TRY(io_put(io, (struct span){ arg.at, n }));
        if (at >= 0)
            TRY(io_put(io, SPAN("\377")));
        arg = span_from(arg, n);
    }
    return 0;
}

static int put_command(struct io *io, const char *verb, struct span arg)
{
    TRY(io_put(io, span_of(verb)));
    if (arg.len)
        TRY(io_put(io, SPAN(" ")));
    TRY(put_escaped(io, arg));
    return io_put(io, SPAN("\r\n"));
}

static void tell_sent(const struct ftpc *ftp, const char *verb, struct span arg)
{
    char line[256];
    struct buf b = BUF(line);

    if (!ftp->how.talk)
        return;
    if (strcmp(verb, "PASS") == 0)
        arg = SPAN("****");
    buf_text(&b, verb);
    if (arg.len)
        buf_putc(&b, ' ');
    buf_put(&b, (struct span){ arg.at, arg.len < 200 ? arg.len : 200 });
    ftp->how.talk(ftp->how.talk_arg, true, buf_span(&b));
}

int ftpc_queue(struct ftpc *ftp, const char *verb, struct span arg)
{
    int rc;

    if (ftp->lost)
        return -ENOTCONN;
    if (!can_be_sent(arg))
        return -EINVAL;
    tell_sent(ftp, verb, arg);
    io_deadline(ftp->io, rt_after(ftp->task, ftp->how.patience));
    ftp->due++;
    rc = put_command(ftp->io, verb, arg);
    return rc < 0 ? failed(ftp, rc) : 0;
}

int ftpc_flush(struct ftpc *ftp)
{
    int rc = io_flush(ftp->io);

    return rc < 0 ? failed(ftp, rc) : 0;
}

int ftpc_send(struct ftpc *ftp, const char *verb, struct span arg)
{
    TRY(ftpc_queue(ftp, verb, arg));
    return ftpc_flush(ftp);
}

static int feed_line(struct ftpc *ftp)
{
    char *line;
    size_t len;

    TRY(io_line(ftp->io, IO_LINE_MAX, &line, &len));
    if (ftp->how.talk)
        ftp->how.talk(ftp->how.talk_arg, false, (struct span){ line, len });
    return ftp_reply_feed(&ftp->reply, (struct span){ line, len });
}

/* 421 may come at any time, also in place of an answer: the server is about to close. */
static int complete(struct ftpc *ftp)
{
    ftp->mid_reply = false;
    if (ftp->reply.code >= 200 && ftp->due)
        ftp->due--;
    if (ftp->reply.code != 421)
        return ftp->reply.code;
    ftp->lost = true;
    ftp->cause = 0;
    return -ENOTCONN;
}

int ftpc_reply(struct ftpc *ftp)
{
    int rc;

    if (ftp->lost)
        return -ENOTCONN;
    if (!ftp->mid_reply)
        ftp->reply = (struct ftp_reply){ 0 };
    ftp->mid_reply = true;
    do
        rc = feed_line(ftp);
    while (rc == 0);
    return rc < 0 ? failed(ftp, rc) : complete(ftp);
}

int ftpc_final(struct ftpc *ftp)
{
    int code;

    io_deadline(ftp->io, rt_after(ftp->task, ftp->how.patience));
    do
        code = ftpc_reply(ftp);
    while (code > 0 && code < 200);
    return code;
}

bool ftpc_has_word(struct ftpc *ftp)
{
    return io_has_line(ftp->io) || io_fill_now(ftp->io) < 0 || io_has_line(ftp->io);
}

void ftpc_measured(struct ftpc *ftp, int64_t asked)
{
    int64_t took = rt_now(ftp->task) - asked;

    if (took < ftp->quickest || !ftp->quickest)
        ftp->quickest = took;
}

static int ask(struct ftpc *ftp, const char *verb, struct span arg, bool port)
{
    int64_t asked = rt_now(ftp->task);
    unsigned before = ftp->ahead.count; /* only a server that keeps commands has answers to give still */
    int code;

    TRY(ftpc_queue(ftp, verb, arg));
    TRY(port ? ftpc_queue_port(ftp) : 0);
    TRY(ftpc_flush(ftp));
    TRY(ftpc_take(ftp, before));
    code = ftpc_final(ftp);
    if (code > 0)
        ftpc_measured(ftp, asked);
    return code;
}

int ftpc_ask(struct ftpc *ftp, const char *verb, struct span arg)
{
    return ask(ftp, verb, arg, false);
}

int ftpc_ask_and_port(struct ftpc *ftp, const char *verb, struct span arg)
{
    return ask(ftp, verb, arg, true);
}

int ftpc_catch_up(struct ftpc *ftp)
{
    unsigned patience = ftp->how.patience;
    int rc = 0;

    ftp->how.patience = CATCH_UP_SECONDS;
    while (ftp->due && rc >= 0)
        rc = ftpc_final(ftp);
    ftp->how.patience = patience;
    if (rc < 0)
        ftp->lost = true;
    return rc < 0 ? -ENOTCONN : 0;
}

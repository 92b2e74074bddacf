/* ftpc_xfer: one transfer, from the command to its final reply, and the way back into step after one that failed.
 * While data flows the control connection is heard, so that a refusal in mid-transfer is not waited out; a final
 * reply that comes before the data ends lets the rest come, as does the end of the connection. Called by transfers and
 * listings; the data stream belongs to the caller. Fails as ftpc.h says. RFC 959 sections 3.4 and 5.4 (sequences of
 * replies), RFC 3659 section 7 (MLSD). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/ftpc_impl.h"

enum { LAST_WORDS_SECONDS = 15, RESYNC_SECONDS = 10, RESYNC_REPLIES = 16 };

/* The 1xx that lets the data flow. A final 2xx in its place is taken as "already done": the data may have been sent. */
static int confirmation(struct ftpc *ftp)
{
    int code;

    io_deadline(ftp->io, rt_after(ftp->task, ftp->how.patience));
    code = ftpc_reply(ftp);
    TRY(code);
    ftp->ended = code >= 200;
    ftp->transferring = code < 200;
    return code < 200 ? 0 : ftpc_verdict(ftp);
}

static int queue_allo(struct ftpc *ftp, int64_t bytes)
{
    char text[24];
    struct buf b = BUF(text);

    buf_number(&b, (uint64_t)bytes, 10, 1, ' ');
    return ftpc_queue(ftp, "ALLO", buf_span(&b));
}

/* What the first n answers say is not for this transfer, but for a range that was refused: it is not asked for any more. */
static int answers_before(struct ftpc *ftp, unsigned n)
{
    bool astray;

    TRY(ftpc_take(ftp, n));
    astray = ftp->ahead.astray;
    ftp->ahead.astray = false;
    if (astray)
        ftp->can->rang = false;
    return astray ? -EPIPE : 0;
}

/* In a hurry there is no ALLO: so few bytes go in one step. */
static int command(struct ftpc *ftp, const char *verb, struct span arg, bool hurry)
{
    int64_t bytes = hurry ? 0 : ftp->ahead.bytes;
    unsigned before;

    ftp->ended = false;
    ftp->ahead.bytes = 0;
    if (hurry || !ftp->can->atomic)
        TRY(ftpc_take_in(ftp));
    before = ftp->ahead.count;
    if (bytes)
        TRY(queue_allo(ftp, bytes));
    TRY(ftpc_queue(ftp, verb, arg));
    TRY(ftpc_queue_ahead(ftp, arg));
    TRY(ftpc_flush(ftp));
    ftp->transferring = true;
    TRY(answers_before(ftp, before));
    if (bytes)
        TRY(ftpc_final(ftp)); /* too little room: STOR will say so, too */
    return hurry ? 0 : confirmation(ftp);
}

static int begin(struct ftpc *ftp, const char *verb, struct span arg, int *fd, struct io **data)
{
    bool hurry = ftp->ahead.hurry;
    int stream, rc;

    ftp->ahead.hurry = false;
    TRY(ftpc_data_open(ftp, fd));
    rc = command(ftp, verb, arg, hurry);
    if (rc == 0)
        rc = ftpc_data_take(ftp, fd);
    if (rc == -EPIPE)
        ftpc_data_doubt(ftp);
    TRY(rc);
    stream = *fd;
    *fd = -1;
    TRY(io_socket(ftp->task, stream, data));
    TRY(ftpc_shake_data(ftp, *data));
    /* in a hurry nobody hears: the confirmation is no word about the end */
    io_hear(*data, ftp->ended || hurry ? NULL : ftp->io);
    return 0;
}

int ftpc_begin(struct ftpc *ftp, const char *verb, struct span arg, struct io **data)
{
    int fd = -1, rc = begin(ftp, verb, arg, &fd, data);

    if (fd >= 0)
        rt_close(ftp->task, fd);
    return rc;
}

/* Without "-a" some servers hide names that begin with a dot; others take it for a name. */
static int begin_plain_list(struct ftpc *ftp, struct span folder, struct io **data)
{
    CLEANUP(free_text) char *all = NULL;
    int rc;

    if (ftp->can->plain_list)
        return ftpc_begin(ftp, "LIST", folder, data);
    if (asprintf(&all, "-a%s%.*s", folder.len ? " " : "", SPAN_ARG(folder)) < 0)
        return -ENOMEM;
    rc = ftpc_begin(ftp, "LIST", span_of(all), data);
    if (rc != -EACCES && rc != -ENOENT)
        return rc;
    rc = ftpc_begin(ftp, "LIST", folder, data);
    ftp->can->plain_list = rc == 0;
    return rc;
}

bool ftpc_list_plainly(struct ftpc *ftp, bool plainly)
{
    bool was = ftp->can->plain_list;

    ftp->can->plain_list = plainly;
    return was != plainly;
}

int ftpc_list_begin(struct ftpc *ftp, struct span folder, bool *facts, struct io **data)
{
    int rc;

    *facts = ftp->can->mlst;
    if (!ftp->can->mlst)
        return begin_plain_list(ftp, folder, data);
    rc = ftpc_begin(ftp, "MLSD", folder, data);
    if (rc != -EACCES || (ftp->reply.code != 500 && ftp->reply.code != 502))
        return rc;
    *facts = ftp->can->mlst = false;
    return begin_plain_list(ftp, folder, data);
}

int64_t ftpc_announced(const struct ftpc *ftp)
{
    struct span text = ftpc_words(ftp), number;
    ptrdiff_t at = span_rfind(text, '(');
    uint64_t bytes;

    if (ftp->reply.code / 100 != 1 || at < 0)
        return -1;
    text = span_from(text, (size_t)at + 1);
    number = span_cut(&text, ' ');
    return span_starts(text, SPAN("bytes)")) && span_u64(number, INT64_MAX, &bytes) == 0 ? (int64_t)bytes : -1;
}

static unsigned last_patience(const struct ftpc *ftp)
{
    return ftp->how.patience < LAST_WORDS_SECONDS ? ftp->how.patience : LAST_WORDS_SECONDS;
}

/* Perhaps the server spoke before the data ended: a refusal ends the transfer; "done" lets the rest of the data come. */
static int overheard(struct ftpc *ftp, struct io *data)
{
    if (!ftpc_has_word(ftp))
        return 0;
    io_hear(data, NULL);
    TRY(ftpc_final(ftp));
    ftp->ended = true;
    ftp->transferring = false;
    return ftpc_verdict(ftp);
}

/* One more try? 1 yes; else the failure. */
static int data_trouble(struct ftpc *ftp, struct io *data, int rc)
{
    if (rc != -EINTR)
        return ftpc_data_failed(rc);
    TRY(overheard(ftp, data));
    return 1;
}

/* A control connection that is lost ends no download: what the server had sent still comes, and need not be fetched again. */
ssize_t ftpc_read(struct ftpc *ftp, struct io *data, void *buf, size_t len)
{
    for (;;) {
        ssize_t n;
        int rc;

        io_deadline(data, rt_after(ftp->task, ftp->lost ? last_patience(ftp) : ftp->how.patience));
        n = io_read(data, buf, len);
        if (n >= 0)
            return n;
        rc = data_trouble(ftp, data, (int)n);
        if (rc < 0 && rc != -ENOTCONN)
            return rc;
    }
}

int ftpc_line(struct ftpc *ftp, struct io *data, struct span *line)
{
    for (;;) {
        char *at;
        size_t len;
        int rc;

        io_deadline(data, rt_after(ftp->task, ftp->how.patience));
        rc = io_line(data, IO_LINE_MAX, &at, &len);
        if (rc == 0)
            *line = (struct span){ at, len };
        if (rc == 0 || rc == -ENODATA || rc == -EMSGSIZE)
            return rc;
        TRY(data_trouble(ftp, data, rc));
    }
}

ssize_t ftpc_sendfile(struct ftpc *ftp, struct io *data, int file, int64_t *off, size_t len)
{
    for (;;) {
        ssize_t n;

        io_deadline(data, rt_after(ftp->task, ftp->how.patience));
        n = io_sendfile(data, file, off, len);
        if (n >= 0 || n == -EIO)
            return n;
        TRY(data_trouble(ftp, data, (int)n));
    }
}

int ftpc_end(struct ftpc *ftp)
{
    if (!ftp->ended)
        TRY(ftpc_final(ftp));
    ftp->ended = ftp->transferring = false;
    return ftpc_verdict(ftp);
}

/* ---- the end of a transfer that failed ---- */

/* The data connection broke: the server says why, and soon. */
static int last_words(struct ftpc *ftp, int rc)
{
    unsigned patience = ftp->how.patience;
    int said;

    ftp->how.patience = last_patience(ftp);
    said = ftpc_end(ftp);
    ftp->how.patience = patience;
    return said < 0 ? said : rc;
}

/* Servers answer ABOR with one reply or two. PWD's answer is like no other: when it comes, everything before it has
 * come. It is asked for when the transfer has ended: Pure-FTPd throws away what arrives with ABOR. */
static int resync(struct ftpc *ftp)
{
    int code = ftpc_final(ftp);

    if (code >= 0)
        code = ftpc_send(ftp, "PWD", (struct span){ 0 });
    for (int i = 0; i < RESYNC_REPLIES && code >= 0 && code != 257; i++)
        code = ftpc_final(ftp);
    ftp->due = 0;
    ftp->ahead = (struct ftpc_ahead){ 0 };
    ftp->transferring = ftp->ended = false;
    if (code != 257)
        ftp->lost = true;
    return code == 257 ? 0 : -ENOTCONN;
}

/* ABOR goes out before the reset: some servers take a reset for the end of the file. */
static int stop_server(struct ftpc *ftp, struct io **data)
{
    unsigned patience = ftp->how.patience;
    int rc;

    ftp->how.patience = RESYNC_SECONDS;
    rc = ftpc_send(ftp, "ABOR", (struct span){ 0 });
    io_abort(data);
    if (rc == 0)
        rc = resync(ftp);
    ftp->how.patience = patience;
    return rc;
}

/* What was asked ahead of a transfer that failed is answered all the same. */
static int in_step(struct ftpc *ftp, int rc)
{
    ftp->ahead = (struct ftpc_ahead){ 0 };
    if (!ftp->lost && ftp->due)
        ftpc_read_over(ftp, ftpc_catch_up);
    return rc;
}

int ftpc_give_up(struct ftpc *ftp, struct io **data, int rc)
{
    ftpc_data_forget(ftp);
    if (rc == -EPROTO) /* somebody plays tricks: no word more */
        ftp->lost = true;
    if (!ftp->lost && ftp->transferring && rc != -EPIPE)
        return stop_server(ftp, data) < 0 && rc != -ECANCELED ? -ENOTCONN : rc;
    io_abort(data);
    if (!ftp->lost && ftp->transferring)
        rc = last_words(ftp, rc);
    return in_step(ftp, rc);
}

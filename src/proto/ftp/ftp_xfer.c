/* ftp_xfer: RETR STOR STOU APPE ABOR (RFC 959 sections 4.1.3 and 5.4). Each reads as it happens: resolve, open, say 150, move,
 * close, commit, say 226. An upload exists only after its commit, and 226 is said only then; whatever goes wrong before
 * leaves what was there untouched, because closing without a commit is all the cleaning up there is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "proto/ftp/ftp_tls.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "wire/path.h"

static void log_transfer(struct ftp *f, const char *event, const char *path, int64_t bytes)
{
    LOG(f->s->server->log, event, LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("user", span_of(ftp_user(f))),
        LOG_TEXT("path", span_of(path)), LOG_NUMBER("bytes", bytes));
}

/* ---- download ---- */

/* What REST or RANG asked for. Text has other offsets on the wire than in the file: a part of it would be a guess. A range
 * behind the end is nothing (draft-bryan-ftp-range section 4.3), a restart there a mistake. */
static int which_part(struct ftp *f, int64_t size, struct ftp_range *out)
{
    if ((f->restart || f->range.to) && f->ascii)
        return fail_with(f, 554, -EOPNOTSUPP);
    if (f->restart > size)
        return -ERANGE;
    *out = f->restart ? (struct ftp_range){ f->restart, size } : ftp_range_within(f->range, size);
    return 0;
}

enum { SMALL = 8 * 1024 }; /* fits any socket buffer: its 150 may leave together with the 226 */

static int send_file(struct ftp *f, struct io *data, struct file *file, struct ftp_range part, int64_t *bytes)
{
    struct xfer x = data_xfer(f, data, RATE_DOWN);
    int rc;

    f->moving = &x;
    if (part.to - part.from > SMALL)
        TRY(reply_now(f));
    rc = f->ascii ? xfer_send_text(&x, file) : xfer_send(&x, file, part.from, part.to);
    *bytes = x.bytes;
    return data_result(f, &x, rc);
}

int verb_retr(struct ftp *f, struct span arg)
{
    CLEANUP(file_close) struct file *file = NULL;
    CLEANUP(io_abort) struct io *data = NULL;
    struct ftp_range part = { 0 };
    int64_t bytes;
    char first[64];
    char *path;

    TRY(ftp_path(f, arg, &path));
    TRY(store_open(&f->s->store, path, &file));
    TRY(which_part(f, file_size(file), &part));
    seat_doing(f->s->seat, SEAT_SENDING, path, part.to - part.from, rt_now(f->s->task));
    snprintf(first, sizeof first, "Here it comes (%lld bytes).", (long long)(part.to - part.from));
    TRY(data_open(f, first, &data));
    TRY(send_file(f, data, file, part, &bytes));
    TRY(fail_with(f, 426, io_close(&data)));
    log_transfer(f, "sent", path, bytes);
    return reply(f, 226, "Sent, %lld bytes.", (long long)bytes);
}

/* ---- upload ---- */

static bool said_goodbye(const struct ftp *f)
{
    struct span said = io_peek(f->s->control);

    while (said.len && strchr("\r\n", said.at[said.len - 1]))
        said.len--;
    return span_ieq(span_from(said, (size_t)(span_rfind(said, '\n') + 1)), SPAN("QUIT"));
}

/* A client that is killed ends all its connections at once, and the data connection's end looks like that of the file. Behind a
 * command that waits for its turn the other one was not heard; who wants to leave without waiting for the reply says QUIT. */
static int has_finished(struct ftp *f)
{
    if (!f->deaf || !sock_peer_ended(io_fd(f->s->control)))
        return 0;
    io_fill_now(f->s->control);
    return said_goodbye(f) ? 0 : fail_with(f, 426, -EPIPE);
}

/* A line that breaks, or an ABOR, leaves what came to be continued; a disk that is full does not. */
static int receive_file(struct ftp *f, struct io *data, struct file **file, int64_t *bytes)
{
    struct xfer x = data_xfer(f, data, RATE_UP);
    int rc;

    f->moving = &x;
    TRY(reply_now(f));
    rc = f->ascii ? xfer_receive_text(&x, *file) : xfer_receive(&x, *file);
    *bytes = x.bytes;
    if (rc == 0)
        rc = has_finished(f);
    if (rc == 0)
        rc = data_whole(f, data, x.bytes);
    if (rc < 0 && x.failed == XFER_STREAM)
        file_keep(file);
    return data_result(f, &x, rc);
}

static int store_file(struct ftp *f, const struct store_upload *how, const char *first)
{
    CLEANUP(file_close) struct file *file = NULL;
    CLEANUP(io_abort) struct io *data = NULL;
    int64_t bytes;

    if (f->range.to)
        return reply(f, 554, "RANG is for RETR and HASH; REST continues an upload.");
    if (how->keep && f->ascii)
        return fail_with(f, 554, -EOPNOTSUPP);
    TRY(store_create(&f->s->store, how, &file));
    seat_doing(f->s->seat, SEAT_RECEIVING, how->path, -1, rt_now(f->s->task));
    TRY(data_open(f, first, &data));
    TRY(receive_file(f, data, &file, &bytes));
    TRY(file_commit(file));
    if (how->partial)
        ftp_partial_done(f);
    io_close(&data);
    log_transfer(f, "stored", file_path(file), bytes);
    return reply(f, 226, "Stored, %lld bytes.", (long long)bytes);
}

int verb_stor(struct ftp *f, struct span arg)
{
    struct store_upload how = { .how = STORE_PUT, .keep = f->restart, .once = f->ascii };
    char *path;

    TRY(ftp_path(f, arg, &path));
    how.path = path;
    how.partial = how.keep && f->partial_of && strcmp(f->partial_of, path) == 0;
    return store_file(f, &how, "Send it.");
}

/* REST does not matter (RFC 959: an append begins at the end). */
int verb_appe(struct ftp *f, struct span arg)
{
    struct store_upload how = { .how = STORE_APPEND, .once = f->ascii };
    char *path;

    TRY(ftp_path(f, arg, &path));
    how.path = path;
    return store_file(f, &how, "Send what follows.");
}

/* The name is told in the first reply, in the form of RFC 1123 section 4.1.2.9. */
int verb_stou(struct ftp *f, struct span arg)
{
    struct buf unique = { .cap = PATH_CAP }, first = { .cap = PATH_CAP };
    char *path;

    unique.at = arena_take(&f->s->scratch, unique.cap);
    first.at = arena_take(&f->s->scratch, first.cap);
    if (!unique.at || !first.at)
        return -ENOMEM;
    TRY(ftp_path(f, arg.len ? arg : SPAN("upload"), &path));
    buf_printf(&unique, "%s.%lld-%08x", path, (long long)clock_wall(), (unsigned)fs_random());
    buf_printf(&first, "FILE: %s", show(f, path_leaf(buf_span(&unique))));
    return store_file(f, &(struct store_upload){ .path = buf_cstr(&unique), .how = STORE_NEW, .once = true }, buf_cstr(&first));
}

int verb_abor(struct ftp *f, struct span arg)
{
    (void)arg;
    data_forget(f);
    return reply(f, 226, "Nothing is under way.");
}

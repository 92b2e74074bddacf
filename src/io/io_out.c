/* io_out: what a stream sends: collected into few packets, with a sticky error. Called by sessions and the client through io.h; the
 * room for what waits is there only while something does. Fails with -errno as io.h says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/piece.h"
#include "io/io_impl.h"

enum { JOIN_MAX = 16 * 1024 }; /* a small file behind its head: copied, rather than a packet of its own */

/* The first error stays: whatever follows must not pass for sent. Being interrupted or late at waiting is no error of
 * the stream, but what was lost by it is: the caller sees that from *done. */
static int failed(struct io *io, int rc)
{
    if (rc != -EINTR && !io->error)
        io->error = rc;
    return rc;
}

static int send_all(struct io *io, const char *at, size_t len, size_t *done)
{
    while (*done < len) {
        ssize_t n = io->ops->send(io, at + *done, len - *done);

        if (n < 0)
            return failed(io, (int)n);
        *done += (size_t)n;
    }
    return 0;
}

int io_flush(struct io *io)
{
    struct io_out *out = &io->out;
    size_t done = 0;
    int rc;

    TRY(io->error);
    if (!out->len)
        return 0;
    rc = send_all(io, out->at, out->len, &done);
    out->len -= (unsigned)done;
    if (out->len) {
        memmove(out->at, out->at + done, out->len);
        return rc;
    }
    piece_give(out->at);
    out->at = NULL;
    return rc;
}

int io_put(struct io *io, struct span s)
{
    struct io_out *out = &io->out;

    while (s.len) {
        size_t room = IO_OUT_MAX - out->len, n = s.len < room ? s.len : room;

        if (!out->at && !(out->at = piece_take()))
            return failed(io, -ENOMEM);
        memcpy(out->at + out->len, s.at, n);
        out->len += (unsigned)n;
        s = span_from(s, n);
        if (out->len == IO_OUT_MAX)
            TRY(io_flush(io));
    }
    return io->error;
}

/* What waits, and what shall leave now, in one packet: as much as goes at once. */
static int send_joined(struct io *io, const void *buf, size_t len, size_t *done)
{
    struct io_out *out = &io->out;
    bool fits = out->len + len <= PIECE;
    char *both = fits ? out->at : malloc(out->len + len);
    ssize_t n;

    if (!both)
        return io_flush(io);
    if (!fits)
        memcpy(both, out->at, out->len);
    memcpy(both + out->len, buf, len);
    n = io->ops->send(io, both, out->len + len);
    if (!fits)
        free(both);
    if (n < 0)
        return failed(io, (int)n);
    if ((size_t)n >= out->len) {
        *done += (size_t)n - out->len;
        piece_give(out->at);
        *out = (struct io_out){ 0 };
        return 0;
    }
    out->len -= (unsigned)n;
    memmove(out->at, out->at + n, out->len);
    return io_flush(io);
}

int io_write(struct io *io, const void *buf, size_t len, size_t *done)
{
    TRY(io->error);
    if (io->out.len && len - *done <= JOIN_MAX)
        TRY(send_joined(io, (const char *)buf + *done, len - *done, done));
    TRY(io_flush(io));
    return send_all(io, buf, len, done);
}

int io_await_room(struct io *io)
{
    int rc = io->ops->await_room(io);

    return rc < 0 ? failed(io, rc) : 0;
}

ssize_t io_write_now(struct io *io, const void *buf, size_t len)
{
    ssize_t n;

    TRY(io_flush(io));
    n = io->ops->send_now(io, buf, len);
    return n < 0 && n != -EAGAIN ? failed(io, (int)n) : n;
}

ssize_t io_sendfile(struct io *io, int file, int64_t *off, size_t len)
{
    ssize_t n;

    TRY(io_flush(io));
    n = io->ops->sendfile(io, file, *off, len);
    if (n < 0)
        return failed(io, (int)n);
    *off += n;
    return n;
}

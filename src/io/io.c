/* io: the buffered half of every stream: lines and the deadline; its output is io_out.c's. Below it an io_ops moves the bytes.
 * Called by sessions and the client; a stream owns its descriptor and its buffers, all bounded. Fails with -errno as io.h says.
 * Line ends: RFC 959 section 5.3.1 asks for CRLF, a bare LF is understood as well. */
#include "io/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/piece.h"
#include "io/io_impl.h"

enum { IN_MAX = IO_LINE_MAX + 2 }; /* one longest line and its end */

int io_socket(struct rt_task *task, int fd, struct io **out)
{
    struct io *io = calloc(1, sizeof *io);

    if (!io) {
        rt_close(task, fd);
        return -ENOMEM;
    }
    io->ops = &io_sock_ops;
    io->task = task;
    io->fd = fd;
    io->deadline = RT_NEVER;
    *out = io;
    return 0;
}

void io_deadline(struct io *io, int64_t when)
{
    io->deadline = when;
}

void io_hear(struct io *io, struct io *control)
{
    io->hear = control;
}

int io_hearing(const struct io *io)
{
    return io->hear ? io->hear->fd : -1;
}

int io_fd(const struct io *io)
{
    return io->fd;
}

/* ---- input ---- */

static size_t buffered(const struct io_in *in)
{
    return in->to - in->from;
}

static const char *find_lf(const struct io_in *in)
{
    return buffered(in) ? memchr(in->at + in->from, '\n', buffered(in)) : NULL;
}

/* Nothing waits any more: nothing is kept. */
static void shrink(struct io_in *in)
{
    if (buffered(in))
        return;
    free(in->at);
    *in = (struct io_in){ .skipping = in->skipping };
}

/* Room for n more bytes: moves what waits to the front, or to a larger place. */
static int make_room(struct io_in *in, size_t n)
{
    size_t keep = buffered(in), need = keep + n;
    char *more = in->at;

    if (in->to + n <= in->cap)
        return 0;
    if (need > in->cap) {
        size_t cap = need < 112 ? 112 : IN_MAX;

        more = malloc(cap);
        if (!more)
            return -ENOMEM;
        in->cap = (unsigned)cap;
    }
    if (keep)
        memmove(more, in->at + in->from, keep);
    if (more != in->at)
        free(in->at);
    in->at = more;
    in->from = 0;
    in->to = (unsigned)keep;
    return 0;
}

static int append(struct io_in *in, const char *bytes, size_t n)
{
    TRY(make_room(in, n));
    memcpy(in->at + in->to, bytes, n);
    in->to += (unsigned)n;
    return 0;
}

/* Receives into a borrowed block, and keeps only what came: a session that waits owns no buffer. */
static int receive(struct io *io)
{
    size_t room = IN_MAX - buffered(&io->in);
    char *block;
    ssize_t n;

    if (!room)
        return -ENOBUFS;
    block = rt_block_take();
    if (!block)
        return -ENOMEM;
    n = io->ops->recv_now(io, block, room);
    if (n > 0)
        n = append(&io->in, block, (size_t)n);
    else if (n == 0)
        n = -ENODATA;
    rt_block_give(block);
    return (int)n;
}

static int fill(struct io *io)
{
    int rc;

    do { /* a client that waits for a reply has said nothing more yet: asking before waiting would be in vain */
        TRY(io->ops->await(io, io->deadline));
        rc = receive(io);
    } while (rc == -EAGAIN);
    return rc;
}

int io_fill_now(struct io *io)
{
    int rc = receive(io);

    return rc == -EAGAIN ? 0 : rc;
}

/* Takes the line that ends at lf. */
static void take_line(struct io_in *in, const char *lf, char **line, size_t *len)
{
    char *start = in->at + in->from;
    size_t n = (size_t)(lf - start);

    in->from += (unsigned)n + 1;
    if (n && start[n - 1] == '\r')
        n--;
    *line = start;
    *len = n;
}

/* Forgets what is buffered of a line that is too long; true when its end was there. */
static bool skip_line(struct io_in *in)
{
    const char *lf = find_lf(in);

    in->from = lf ? (unsigned)(lf - in->at) + 1 : in->to;
    in->skipping = !lf;
    return lf;
}

static int next_line(struct io_in *in, size_t max, char **line, size_t *len)
{
    const char *lf;

    if (in->skipping)
        return skip_line(in) ? -EMSGSIZE : -EAGAIN;
    lf = find_lf(in);
    if (!lf && buffered(in) <= max + 1)
        return -EAGAIN;
    if (!lf || (size_t)(lf - in->at) - in->from > max + 1)
        return skip_line(in) ? -EMSGSIZE : -EAGAIN;
    take_line(in, lf, line, len);
    return *len > max ? -EMSGSIZE : 0;
}

int io_line(struct io *io, size_t max, char **line, size_t *len)
{
    shrink(&io->in);
    for (;;) {
        int rc = next_line(&io->in, max, line, len);

        if (rc != -EAGAIN)
            return rc;
        shrink(&io->in);
        TRY(fill(io));
    }
}

bool io_has_line(const struct io *io)
{
    return !io->in.skipping && find_lf(&io->in);
}

bool io_peek_line(const struct io *io, struct span *line)
{
    const char *start = io->in.at + io->in.from, *lf = find_lf(&io->in);

    if (!lf || io->in.skipping)
        return false;
    *line = (struct span){ start, (size_t)(lf - start) };
    if (line->len && start[line->len - 1] == '\r')
        line->len--;
    return true;
}

struct span io_peek(const struct io *io)
{
    return (struct span){ io->in.at + io->in.from, buffered(&io->in) };
}

static ssize_t take(struct io_in *in, void *buf, size_t len)
{
    size_t n = buffered(in) < len ? buffered(in) : len;

    memcpy(buf, in->at + in->from, n);
    in->from += (unsigned)n;
    return (ssize_t)n;
}

ssize_t io_read(struct io *io, void *buf, size_t len)
{
    struct io_in *in = &io->in;
    ssize_t n;

    if (buffered(in))
        return take(in, buf, len);
    while ((n = io->ops->recv_now(io, buf, len)) == -EAGAIN)
        TRY(io->ops->await(io, io->deadline));
    return n;
}

int io_await_input(struct io *io)
{
    return buffered(&io->in) ? 0 : io->ops->await(io, io->deadline);
}

ssize_t io_read_now(struct io *io, void *buf, size_t len)
{
    return buffered(&io->in) ? take(&io->in, buf, len) : io->ops->recv_now(io, buf, len);
}

/* ---- the end ---- */

static void dispose(struct io *io, bool reset)
{
    io->ops->close(io, reset);
    free(io->in.at);
    piece_give(io->out.at);
    free(io);
}

/* What is buffered is the last that is said. */
static int flush_last(struct io *io)
{
    if (io->tls)
        io_tls_last(io);
    return io_flush(io);
}

int io_close(struct io **pio)
{
    struct io *io = *pio;
    int rc = flush_last(io), end;

    end = rc < 0 ? 0 : io->ops->finish(io);
    dispose(io, rc < 0);
    *pio = NULL;
    return rc < 0 ? rc : end;
}

/* Closing a socket with unread input resets it, and the reset overtakes the last reply: read some of it away first. */
static void read_away(struct io *io)
{
    char junk[1024];
    int64_t when = rt_now(io->task) + RT_SECONDS(1);

    for (int i = 0; i < 256; i++)
        if (io->ops->await(io, when) < 0 || io->ops->recv_now(io, junk, sizeof junk) <= 0)
            return;
}

int io_close_politely(struct io **pio)
{
    struct io *io = *pio;
    int rc;

    io->hear = NULL;
    rc = flush_last(io);
    if (rc == 0 && io->ops->finish(io) == 0)
        read_away(io);
    dispose(io, false);
    *pio = NULL;
    return rc;
}

void io_abort(struct io **pio)
{
    if (*pio)
        dispose(*pio, true);
    *pio = NULL;
}

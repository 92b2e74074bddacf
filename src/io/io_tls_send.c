/* io_tls_send: the sending half of TLS over a stream (see io_tls.c). Much is sealed at once, into a block that is borrowed for it, and
 * goes from there; what does not go at once is copied, and waits. Owns what waits (io_tls.out). Fails with what the stream below says,
 * -EPROTO for what breaks TLS. TLS: RFC 8446, 5246. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/io_impl.h"
#include "io/tls_impl.h"
#include "sys/sock.h"

enum { STEP = 128 * 1024, HOLD = 16 * 1024 };

int io_tls_keep(struct io_tls *t, const char *at, size_t n)
{
    char *more;

    if (t->from)
        memmove(t->out, t->out + t->from, t->left);
    t->from = 0;
    more = realloc(t->out, t->left + n);
    if (!more)
        return -ENOMEM;
    memcpy(more + t->left, at, n);
    t->out = more;
    t->left += n;
    return 0;
}

static ssize_t push(struct io *io, io_send_fn *by)
{
    struct io_tls *t = io->tls;
    ssize_t n = by(io, t->out + t->from, t->left);

    if (n < 0)
        return n;
    t->from += (size_t)n;
    t->left -= (size_t)n;
    if (t->left)
        return n;
    free(t->out);
    t->out = NULL;
    t->from = 0;
    return n;
}

int io_tls_drain(struct io *io, io_send_fn *by)
{
    while (io->tls->left)
        TRY(push(io, by));
    return 0;
}

/* How much of `len` to seal at once: where more follows, what fills whole packets (see sock.h). A record is longer than what is in it by
 * its head, a tag of 16 bytes, and a byte that names its type, or in TLS 1.2 a number (RFC 8446 5.2, RFC 5288 3). */
static size_t step(const struct io *io, size_t len)
{
    size_t record, sealed;

    if (len <= STEP)
        return len;
    record = IO_TLS_RECORD + IO_TLS_HEAD + 16 + (SSL_version(io->tls->ssl) < TLS1_3_VERSION ? 8 : 1);
    sealed = sock_whole_packets(io->fd, STEP);
    return sealed - (sealed + record - 1) / record * (record - IO_TLS_RECORD);
}

/* On a data connection, and before the end of any, little waits for what follows, which is close_notify as a rule: one packet instead
 * of two. */
static bool may_wait(const struct io_tls *t, size_t len)
{
    return (t->who.data || t->last) && t->left + len <= HOLD;
}

void io_tls_last(struct io *io)
{
    io->tls->last = true;
}

/* What goes at once goes from the block: only the rest is copied, and kept. */
static int hand_over(struct io *io, const char *at, size_t len)
{
    struct io_tls *t = io->tls;

    while (len && !t->left && !may_wait(t, len)) {
        ssize_t n = t->below->send_now(io, at, len);

        if (n == -EAGAIN)
            break;
        TRY(n);
        at += n;
        len -= (size_t)n;
    }
    return len ? io_tls_keep(t, at, len) : 0;
}

static int seal_into_block(struct io *io, const void *buf, size_t len)
{
    struct io_tls *t = io->tls;
    size_t done = 0;
    int rc;

    t->filled = 0;
    io_tls_forget_errors();
    if (SSL_write_ex(t->ssl, buf, len, &done) != 1) {
        rc = io_tls_result(t, 0);
        return rc == 0 || rc == -EAGAIN ? -EPROTO : rc;
    }
    t->owed = done;
    return hand_over(io, t->block, t->filled);
}

static int seal(struct io *io, const void *buf, size_t len)
{
    struct io_tls *t = io->tls;
    int rc;

    t->block = rt_block_take();
    if (!t->block)
        return -ENOMEM;
    rc = seal_into_block(io, buf, len);
    rt_block_give(t->block);
    t->block = NULL;
    return rc;
}

/* Records are longer than what is in them: what is owed beyond the bytes that are left has gone. What waits counts, too: whoever
 * closes the stream hears whether it went. */
static size_t gone(struct io_tls *t, size_t most)
{
    size_t left = may_wait(t, 0) ? 0 : t->left, n = t->owed > left ? t->owed - left : 0;

    n = n < most ? n : most;
    t->owed -= n;
    return n;
}

/* What waits goes before much is sealed, which would be copied behind it; with little it goes in one packet. */
static int make_way(struct io *io, size_t len, io_send_fn *by)
{
    return io->tls->left + len <= HOLD ? 0 : io_tls_drain(io, by);
}

static ssize_t send_by(struct io *io, const void *buf, size_t len, io_send_fn *by)
{
    size_t n;

    if (!io->tls->owed) {
        TRY(make_way(io, len, by));
        TRY(seal(io, buf, step(io, len)));
    }
    while (!(n = gone(io->tls, len)))
        TRY(push(io, by));
    return (ssize_t)n;
}

ssize_t io_tls_send(struct io *io, const void *buf, size_t len)
{
    return send_by(io, buf, len, io->tls->below->send);
}

ssize_t io_tls_send_now(struct io *io, const void *buf, size_t len)
{
    return send_by(io, buf, len, io->tls->below->send_now);
}

static ssize_t read_and_seal(struct io *io, int file, int64_t off, size_t len)
{
    char *block = rt_block_take();
    ssize_t n = block ? rt_pread(io->task, file, block, step(io, len), off) : -ENOMEM;
    int rc = n > 0 ? seal(io, block, (size_t)n) : 0;

    if (block)
        rt_block_give(block);
    if (n < 0)
        return n == -ENOMEM ? n : -EIO;
    return rc < 0 ? rc : n;
}

ssize_t io_tls_sendfile(struct io *io, int file, int64_t off, size_t len)
{
    ssize_t n = 1;

    if (!io->tls->owed) {
        TRY(make_way(io, len, io->tls->below->send));
        n = read_and_seal(io, file, off, len);
    }
    return n <= 0 ? n : send_by(io, NULL, len, io->tls->below->send);
}

/* io_tls: TLS over a stream, in place: io_starttls (io_tls_begin.c) puts these operations between io.c and those that were there.
 * Called through io_ops only; the sending half is io_tls_send.c. Owns an SSL and what waits to be sent, there only while it waits.
 * OpenSSL never waits and nobody waits inside it: its BIO asks the stream below for what is there (nothing: "would block") and
 * puts away what is to be sent; the loops out here wait, with the stream's deadline and hearing. Bytes count as sent when their
 * records have left, or are few enough to wait for others: whoever was told less offers the rest again, as with any stream, and
 * then it is not sealed twice.
 * Fails with what the stream below says, -EPROTO for what breaks TLS, -ENETRESET for an end that is none (see io_truncated).
 * TLS: RFC 8446, 5246. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "io/io_impl.h"
#include "io/tls_impl.h"

/* HELD_MAX: no more does OpenSSL hold, a record that was begun or what it has read ahead. MUCH: of room to read into, so that several
 * records are worth receiving at once; RECEIVE: no more than stays in the processor's cache until it is written to a file. */
enum { KEEP_MAX = 64 * 1024, HELD_MAX = IO_TLS_HEAD + IO_TLS_RECORD + 512, MUCH = 64 * 1024, RECEIVE = 256 * 1024 };

/* ---- the BIO ---- */

/* Where records begin and end: only between two of them may a stream end. */
static void follow(struct io_tls *t, const unsigned char *at, size_t n)
{
    while (n) {
        size_t k = 1;

        if (t->head == IO_TLS_HEAD) {
            k = n < t->body ? n : t->body;
            t->body -= (unsigned)k;
        } else {
            t->body = (t->body << 8 | *at) & 0xffff; /* its last two bytes are the length */
            t->head++;
        }
        if (t->head == IO_TLS_HEAD && !t->body)
            t->head = 0;
        at += k;
        n -= k;
    }
}

/* From the stream below, which may have ended or failed. */
static ssize_t receive(struct io *io, char *buf, size_t len)
{
    struct io_tls *t = io->tls;
    ssize_t n = t->ended ? 0 : t->error ? t->error : t->below->recv_now(io, buf, len);

    if (n > 0)
        follow(t, (const unsigned char *)buf, (size_t)n);
    else if (n == 0)
        t->ended = true;
    else if (n != -EAGAIN)
        t->error = (int)n;
    return n;
}

static ssize_t take_ahead(struct io_tls *t, char *buf, size_t len)
{
    size_t n = len < t->ahead_len ? len : t->ahead_len;

    memcpy(buf, t->ahead, n);
    t->ahead += n;
    t->ahead_len -= n;
    return n ? (ssize_t)n : t->ended ? 0 : t->error ? t->error : -EAGAIN;
}

static int bio_read(BIO *b, char *buf, size_t len, size_t *got)
{
    struct io *io = BIO_get_data(b);
    ssize_t n = io->tls->ahead ? take_ahead(io->tls, buf, len) : receive(io, buf, len);

    BIO_clear_retry_flags(b);
    if (n == -EAGAIN)
        BIO_set_retry_read(b);
    if (n <= 0)
        return 0;
    *got = (size_t)n;
    return 1;
}

/* Outside of a send only little is said: handshakes, alerts, new keys. Who asks for more of that and reads nothing is cut off. */
static int bio_write(BIO *b, const char *buf, size_t len, size_t *put)
{
    struct io_tls *t = ((struct io *)BIO_get_data(b))->tls;

    BIO_clear_retry_flags(b);
    *put = len;
    if (!t->block)
        return t->left + len <= KEEP_MAX && io_tls_keep(t, buf, len) == 0;
    if (len > RT_BLOCK - t->filled)
        return 0;
    memcpy(t->block + t->filled, buf, len);
    t->filled += len;
    return 1;
}

static long bio_ctrl(BIO *b, int what, long n, void *p)
{
    (void)b, (void)n, (void)p;
    return what == BIO_CTRL_FLUSH;
}

BIO_METHOD *io_tls_bio(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");

    if (!m)
        return NULL;
    BIO_meth_set_read_ex(m, bio_read);
    BIO_meth_set_write_ex(m, bio_write);
    BIO_meth_set_ctrl(m, bio_ctrl);
    return m;
}

/* ---- receiving ---- */

/* On a control connection what waits goes now (on data connections: io_let_go). A ticket that has gone out leaves a buffer for what might
 * be read behind it: a session that is idle afterwards needs none. */
static int tls_await(struct io *io, int64_t when)
{
    struct io_tls *t = io->tls;

    if (t->pending)
        return 0;
    if (!t->who.data) {
        TRY(io_tls_drain(io, t->below->send));
        SSL_free_buffers(t->ssl);
    }
    return t->below->await(io, when);
}

static int tls_await_room(struct io *io)
{
    return io->tls->below->await_room(io);
}

/* No close_notify, but no record is torn either: many clients end so, and whoever cut the line could do it only here. */
static ssize_t end(struct io_tls *t, int rc)
{
    if (rc != -ENETRESET || t->strict || t->head)
        return rc;
    t->truncated = true;
    return 0;
}

static int read_all(struct io_tls *t, char *buf, size_t len, size_t *done)
{
    size_t n;
    int ok = 1;

    io_tls_forget_errors();
    while (*done < len && (ok = SSL_read_ex(t->ssl, buf + *done, len - *done, &n)) == 1)
        *done += n;
    return ok == 1 ? 1 : io_tls_result(t, 0);
}

/* OpenSSL receives record by record, in two calls each, unless it is told to read ahead: then in one call what its buffer holds. But
 * at every record it moves what it has read to the front of that, which costs more than the cipher where there is much. There the
 * block is read ahead out here. It is used up at once: all that it can bring, with what OpenSSL held before, fits buf. */
static int read_ahead(struct io *io, char *block, size_t take, char *buf, size_t len, size_t *done)
{
    struct io_tls *t = io->tls;
    ssize_t n = receive(io, block, take);
    int rc;

    t->ahead = block;
    t->ahead_len = n > 0 ? (size_t)n : 0;
    rc = read_all(t, buf, len, done);
    CHECK(!t->ahead_len || rc != 1);
    t->ahead = NULL;
    return rc == -EAGAIN && n == (ssize_t)take ? 1 : rc;
}

/* Block after block, until less has come than there was room for: whoever writes a file does it in large pieces. */
static int read_many(struct io *io, char *buf, size_t len, size_t *done)
{
    struct io_tls *t = io->tls;
    char *block = len >= MUCH && SSL_pending(t->ssl) == 0 ? rt_block_take() : NULL;
    size_t room;
    int rc = 1;

    SSL_set_read_ahead(t->ssl, !block);
    if (!block)
        return read_all(t, buf, len, done);
    while (rc == 1 && (room = len - *done) >= MUCH)
        rc = read_ahead(io, block, (room < RECEIVE ? room : RECEIVE) - HELD_MAX, buf, len, done);
    rt_block_give(block);
    return rc;
}

static ssize_t tls_recv_now(struct io *io, void *buf, size_t len)
{
    struct io_tls *t = io->tls;
    size_t done = 0;
    int rc = read_many(io, buf, len, &done);

    t->pending = rc == 1 ? SSL_has_pending(t->ssl) : rc != -EAGAIN; /* an end that was seen is still to be told */
    if (t->who.data)
        io_tls_drain(io, t->below->send_now); /* an answer that OpenSSL gave by itself; what does not go now goes with the next bytes */
    return done ? (ssize_t)done : end(t, rc);
}

/* ---- the end ---- */

/* Nothing is heard any more: this is the last that is said. */
static int tls_finish(struct io *io)
{
    struct io_tls *t = io->tls;
    int rc;

    io->hear = NULL;
    io_tls_forget_errors();
    SSL_shutdown(t->ssl);
    io_tls_forget_errors();
    rc = io_tls_drain(io, t->below->send);
    return rc < 0 ? rc : t->below->finish(io);
}

static void tls_close(struct io *io, bool reset)
{
    struct io_tls *t = io->tls;

    tls_let_go(t->ssl);
    t->below->close(io, reset);
    free(t->out);
    free(t);
}

const struct io_ops io_tls_ops = {
    .await = tls_await, .await_room = tls_await_room, .recv_now = tls_recv_now, .send = io_tls_send,
    .send_now = io_tls_send_now, .sendfile = io_tls_sendfile, .finish = tls_finish, .close = tls_close,
};

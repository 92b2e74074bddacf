/* io_tls: TLS over a stream, in place: io_starttls puts itself between io.c and the operations that were there. Called by the
 * verbs that begin TLS, then only through io_ops. Owns an SSL and what waits to be sent, which is there only while it waits.
 * OpenSSL never waits and nobody waits inside it: its BIO asks the stream below for what is there (nothing: "would block") and
 * puts away what is to be sent; the loops out here wait, with the stream's deadline and hearing. Bytes count as sent when their
 * records have left: whoever was told less offers the rest again, as with any stream, and then it is not sealed twice.
 * Fails with what the stream below says, -EPROTO for what breaks TLS, -ENETRESET for an end that is none (see io_truncated),
 * -EKEYREJECTED for a session that was not resumed. TLS: RFC 8446, 5246. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/io_impl.h"
#include "io/tls_impl.h"

enum { STEP = 128 * 1024, KEEP_MAX = 64 * 1024, RECORD_HEAD = 5 };

struct io_tls {
    const struct io_ops *below;
    SSL *ssl;
    struct tls_who who;
    char *out;             /* records that wait to be sent */
    size_t from, left;     /* those of out */
    size_t owed;           /* plaintext in them that was not yet reported as sent */
    char *block;           /* borrowed, while much is sealed at once */
    size_t filled;
    unsigned head, body;   /* of the record that is being received: header bytes seen, bytes still to come */
    int error;             /* of the stream below */
    bool ended;            /* the stream below has */
    bool pending;          /* OpenSSL may hold bytes that are not yet read */
    bool truncated, strict, resume;
};

/* ---- the BIO ---- */

/* Where records begin and end: only between two of them may a stream end. */
static void follow(struct io_tls *t, const unsigned char *at, size_t n)
{
    while (n) {
        size_t k = 1;

        if (t->head == RECORD_HEAD) {
            k = n < t->body ? n : t->body;
            t->body -= (unsigned)k;
        } else {
            t->body = (t->body << 8 | *at) & 0xffff; /* its last two bytes are the length */
            t->head++;
        }
        if (t->head == RECORD_HEAD && !t->body)
            t->head = 0;
        at += k;
        n -= k;
    }
}

static int bio_read(BIO *b, char *buf, size_t len, size_t *got)
{
    struct io *io = BIO_get_data(b);
    struct io_tls *t = io->tls;
    ssize_t n = t->ended ? 0 : t->error ? t->error : t->below->recv_now(io, buf, len);

    BIO_clear_retry_flags(b);
    if (n > 0) {
        follow(t, (const unsigned char *)buf, (size_t)n);
        *got = (size_t)n;
        return 1;
    }
    if (n == -EAGAIN)
        BIO_set_retry_read(b);
    else if (n == 0)
        t->ended = true;
    else
        t->error = (int)n;
    return 0;
}

static int keep(struct io_tls *t, const char *at, size_t n)
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

/* Outside of a send only little is said: handshakes, alerts, new keys. Who asks for more of that and reads nothing is cut off. */
static int bio_write(BIO *b, const char *buf, size_t len, size_t *put)
{
    struct io_tls *t = ((struct io *)BIO_get_data(b))->tls;

    BIO_clear_retry_flags(b);
    *put = len;
    if (!t->block)
        return t->left + len <= KEEP_MAX && keep(t, buf, len) == 0;
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

/* What a call of OpenSSL that did not succeed means; its queue of errors belongs to the thread, and is left empty. */
static int result(struct io_tls *t, int rc)
{
    int why = SSL_get_error(t->ssl, rc);

    ERR_clear_error();
    if (why == SSL_ERROR_ZERO_RETURN)
        return 0;
    if (why == SSL_ERROR_WANT_READ)
        return -EAGAIN;
    if (t->error)
        return t->error;
    return t->ended ? -ENETRESET : -EPROTO;
}

/* ---- sending ---- */

static ssize_t push(struct io *io, ssize_t (*by)(struct io *, const void *, size_t))
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

static int drain(struct io *io, ssize_t (*by)(struct io *, const void *, size_t))
{
    while (io->tls->left)
        TRY(push(io, by));
    return 0;
}

/* What goes at once goes from the block: only the rest is copied, and kept. */
static int hand_over(struct io *io, const char *at, size_t len)
{
    struct io_tls *t = io->tls;

    while (len && !t->left) {
        ssize_t n = t->below->send_now(io, at, len);

        if (n == -EAGAIN)
            break;
        TRY(n);
        at += n;
        len -= (size_t)n;
    }
    return len ? keep(t, at, len) : 0;
}

static int seal_into_block(struct io *io, const void *buf, size_t len)
{
    struct io_tls *t = io->tls;
    size_t done = 0;
    int rc;

    t->filled = 0;
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, buf, len < STEP ? len : STEP, &done) != 1) {
        rc = result(t, 0);
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

/* Records are longer than what is in them: what is owed beyond the bytes that are left has gone. */
static size_t gone(struct io_tls *t, size_t most)
{
    size_t n = t->owed > t->left ? t->owed - t->left : 0;

    n = n < most ? n : most;
    t->owed -= n;
    return n;
}

static ssize_t send_by(struct io *io, const void *buf, size_t len, ssize_t (*by)(struct io *, const void *, size_t))
{
    size_t n;

    if (!io->tls->owed)
        TRY(seal(io, buf, len));
    while (!(n = gone(io->tls, len)))
        TRY(push(io, by));
    return (ssize_t)n;
}

static ssize_t tls_send(struct io *io, const void *buf, size_t len)
{
    return send_by(io, buf, len, io->tls->below->send);
}

static ssize_t tls_send_now(struct io *io, const void *buf, size_t len)
{
    return send_by(io, buf, len, io->tls->below->send_now);
}

static ssize_t read_and_seal(struct io *io, int file, int64_t off, size_t len)
{
    char *block = rt_block_take();
    ssize_t n = block ? rt_pread(io->task, file, block, len < STEP ? len : STEP, off) : -ENOMEM;
    int rc = n > 0 ? seal(io, block, (size_t)n) : 0;

    if (block)
        rt_block_give(block);
    if (n < 0)
        return n == -ENOMEM ? n : -EIO;
    return rc < 0 ? rc : n;
}

static ssize_t tls_sendfile(struct io *io, int file, int64_t off, size_t len)
{
    ssize_t n = io->tls->owed ? 1 : read_and_seal(io, file, off, len);

    return n <= 0 ? n : send_by(io, NULL, len, io->tls->below->send);
}

/* ---- receiving ---- */

static int tls_await(struct io *io, int64_t when)
{
    return io->tls->pending ? 0 : io->tls->below->await(io, when);
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

static ssize_t tls_recv_now(struct io *io, void *buf, size_t len)
{
    struct io_tls *t = io->tls;
    size_t done = 0, n;
    int ok = 1;

    ERR_clear_error();
    while (done < len && (ok = SSL_read_ex(t->ssl, (char *)buf + done, len - done, &n)) == 1)
        done += n;
    t->pending = ok == 1 && SSL_has_pending(t->ssl);
    if (ok != 1)
        ok = result(t, 0);
    drain(io, t->below->send_now); /* an answer that OpenSSL gave by itself; what does not go now goes with the next bytes */
    return done ? (ssize_t)done : end(t, ok);
}

/* ---- the end ---- */

/* Nothing is heard any more: this is the last that is said. */
static int tls_finish(struct io *io)
{
    struct io_tls *t = io->tls;
    int rc;

    io->hear = NULL;
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    ERR_clear_error();
    rc = drain(io, t->below->send);
    return rc < 0 ? rc : t->below->finish(io);
}

static void tls_close(struct io *io, bool reset)
{
    struct io_tls *t = io->tls;

    SSL_free(t->ssl);
    t->below->close(io, reset);
    free(t->out);
    free(t);
}

static const struct io_ops tls_ops = {
    .await = tls_await, .await_room = tls_await_room, .recv_now = tls_recv_now, .send = tls_send, .send_now = tls_send_now,
    .sendfile = tls_sendfile, .finish = tls_finish, .close = tls_close,
};

/* ---- the beginning ---- */

static int make_ssl(struct io *io, struct io_tls *t, const struct tls *tls)
{
    BIO *bio = BIO_new(tls->bio);

    t->ssl = SSL_new(tls->ctx);
    if (!bio || !t->ssl) {
        BIO_free(bio);
        SSL_free(t->ssl);
        ERR_clear_error();
        return -ENOMEM;
    }
    BIO_set_data(bio, io);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_app_data(t->ssl, &t->who);
    SSL_set_accept_state(t->ssl);
    if (t->who.data) /* a client that only uploads never reads, and what it has not read makes its end a reset */
        SSL_set_num_tickets(t->ssl, 0);
    return 0;
}

static int identify(struct io_tls *t, const struct io *control)
{
    t->who.data = control;
    if (control && control->tls) {
        memcpy(t->who.id, control->tls->who.id, TLS_ID);
        return 0;
    }
    return RAND_bytes(t->who.id, TLS_ID) == 1 ? 0 : -ENOMEM;
}

int io_starttls(struct io *io, const struct tls *tls, const struct io *control, struct tls_rules rules)
{
    struct io_tls *t = calloc(1, sizeof *t);
    int rc = t ? identify(t, control) : -ENOMEM;

    if (rc == 0)
        rc = make_ssl(io, t, tls);
    if (rc < 0) {
        free(t);
        return rc;
    }
    t->below = io->ops;
    t->strict = control && rules.strict;
    t->resume = control && rules.resume;
    free(io->in.at); /* what was said in the clear behind the word that began TLS is nobody's */
    io->in = (struct io_in){ 0 };
    io->ops = &tls_ops;
    io->tls = t;
    return 0;
}

/* One step of the handshake; -EAGAIN: the peer's turn. */
static int shake(struct io_tls *t)
{
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(t->ssl);
    if (rc == 1)
        return 0;
    rc = result(t, rc);
    return rc == 0 ? -EPROTO : rc;
}

static int handshake(struct io *io)
{
    struct io_tls *t = io->tls;
    int rc;

    TRY(drain(io, t->below->send));
    while ((rc = shake(t)) == -EAGAIN) {
        TRY(drain(io, t->below->send));
        TRY(t->below->await(io, io->deadline));
    }
    if (rc < 0)
        drain(io, t->below->send_now); /* the alert */
    else
        rc = drain(io, t->below->send);
    if (rc == 0 && t->resume && !SSL_session_reused(t->ssl))
        return -EKEYREJECTED;
    t->pending = SSL_has_pending(t->ssl);
    return rc;
}

int io_handshake(struct io *io)
{
    int rc = handshake(io);

    if (rc < 0 && rc != -EINTR)
        io->error = rc; /* nothing can be said any more, nor in the clear */
    return rc;
}

bool io_is_tls(const struct io *io)
{
    return io->tls;
}

bool io_truncated(const struct io *io)
{
    return io->tls && io->tls->truncated;
}

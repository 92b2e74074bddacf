/* io_tls_begin: how a stream becomes a TLS stream: io_starttls, then io_handshake. Called by the verbs that begin TLS. What is owned
 * from then on is io_tls.c's. Fails with what the stream below says, -EPROTO for what breaks TLS, -ENETRESET for a peer that leaves,
 * -EKEYREJECTED for a session that had to be resumed and was not; after that the stream says nothing any more. */
#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/tls_impl.h"

static int make_ssl(struct io *io, struct io_tls *t, struct tls *tls)
{
    SSL_CTX *ctx = tls_now(tls, io->task);
    BIO *bio = BIO_new(tls->bio);

    t->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    if (!bio || !t->ssl) {
        BIO_free(bio);
        SSL_free(t->ssl);
        io_tls_forget_errors();
        return -ENOMEM;
    }
    BIO_set_data(bio, io);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_app_data(t->ssl, &t->who);
    SSL_set_accept_state(t->ssl);
    if (!t->who.data)
        return 0;
    SSL_set_verify(t->ssl, SSL_VERIFY_NONE, NULL); /* who it is was shown on the control connection */
    SSL_set_num_tickets(t->ssl, 0); /* a client that only uploads never reads, and what it has not read makes its end a reset */
    SSL_clear_mode(t->ssl, SSL_MODE_RELEASE_BUFFERS); /* bulk: a large buffer that comes and goes costs more than the cipher */
    return 0;
}

static int identify(struct io_tls *t, const struct io *control)
{
    t->who.data = control;
    if (control && control->tls) {
        t->who.control = control->tls->ssl;
        memcpy(t->who.id, control->tls->who.id, TLS_ID);
        return 0;
    }
    return RAND_bytes(t->who.id, TLS_ID) == 1 ? 0 : -ENOMEM;
}

int io_starttls(struct io *io, struct tls *tls, const struct io *control, struct tls_rules rules)
{
    struct io_tls *t = calloc(1, sizeof *t);
    int rc = t ? identify(t, control) : -ENOMEM;

    if (rc == 0)
        t->who.web = rules.web;
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
    io->ops = &io_tls_ops;
    io->tls = t;
    return 0;
}

/* What a call of OpenSSL that did not succeed means; its queue of errors belongs to the thread, and is left empty. */
int io_tls_result(struct io_tls *t, int rc)
{
    int why = SSL_get_error(t->ssl, rc);

    io_tls_forget_errors();
    if (why == SSL_ERROR_ZERO_RETURN)
        return 0;
    if (why == SSL_ERROR_WANT_READ)
        return -EAGAIN;
    if (t->error)
        return t->error;
    return t->ended ? -ENETRESET : -EPROTO;
}

/* One step of the handshake; -EAGAIN: the peer's turn. */
static int shake(struct io_tls *t)
{
    int rc;

    io_tls_forget_errors();
    rc = SSL_do_handshake(t->ssl);
    if (rc == 1)
        return 0;
    rc = io_tls_result(t, rc);
    return rc == 0 ? -EPROTO : rc;
}

/* Why it failed, and what the peer has sent behind that is read away: a close on top of it would be a reset, which overtakes. */
static void send_alert(struct io *io)
{
    const struct io_ops *below = io->tls->below;
    char *block = rt_block_take();

    io_tls_drain(io, below->send_now);
    if (!block)
        return;
    below->recv_now(io, block, RT_BLOCK);
    rt_block_give(block);
}

/* Nobody waits for them: they go with the first reply. */
static bool only_tickets_wait(const struct io_tls *t)
{
    return SSL_is_server(t->ssl) && !t->who.data && SSL_version(t->ssl) >= TLS1_3_VERSION;
}

static int handshake(struct io *io)
{
    struct io_tls *t = io->tls;
    int rc;

    SSL_set_read_ahead(t->ssl, 1); /* what is read beyond the handshake is the first that is read afterwards */
    TRY(io_tls_drain(io, t->below->send));
    while ((rc = shake(t)) == -EAGAIN) {
        TRY(io_tls_drain(io, t->below->send));
        TRY(t->below->await(io, io->deadline));
    }
    if (rc < 0)
        send_alert(io);
    else if (!only_tickets_wait(t))
        rc = io_tls_drain(io, t->below->send);
    if (rc == 0 && t->resume && !SSL_session_reused(t->ssl))
        return -EKEYREJECTED;
    if (rc == 0 && t->who.control && SSL_session_reused(t->ssl))
        tls_give_ticket(t->who.control);
    t->pending = SSL_has_pending(t->ssl);
    io_tls_forget_errors();
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

int io_let_go(struct io *io)
{
    return io->tls ? io_tls_drain(io, io->tls->below->send) : 0;
}

void io_tls_print(const struct io *io, struct buf *b)
{
    const SSL *ssl = io->tls->ssl;

    buf_printf(b, "%s %s%s", SSL_get_version(ssl), SSL_get_cipher_name(ssl), SSL_session_reused(ssl) ? ", resumed" : "");
}

bool io_truncated(const struct io *io)
{
    return io->tls && io->tls->truncated;
}

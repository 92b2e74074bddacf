/* line: a connection of the client of fuzz_session, over t/sim/net.c: plain, or TLS by OpenSSL's own client with memory on both
 * sides. One byte of what TLS sends can be spoiled, or the last before a cut. Called by peer.c, which owns the struct. All luck of
 * OpenSSL is the run's, so that the same input shakes hands with the same bytes. */
#define OPENSSL_API_COMPAT 0x10100000L /* RAND_set_rand_method */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>

#include "session.h"
#include "world.h"

static SSL_CTX *ctx;

static int luck_bytes(unsigned char *buf, int len)
{
    for (int i = 0; i < len; i++)
        buf[i] = (unsigned char)stage_luck();
    return 1;
}

static int luck_status(void)
{
    return 1;
}

void line_prepare(void)
{
    static const RAND_METHOD luck = { .bytes = luck_bytes, .pseudorand = luck_bytes, .status = luck_status };

    RAND_set_rand_method(&luck);
    ctx = SSL_CTX_new(TLS_client_method());
    CHECK(ctx);
    SSL_CTX_set_options(ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

void line_connect(struct line *l, const struct sock_addr *from, const struct sock_addr *to)
{
    l->fd = net_socket(false, to->any.sa_family);
    CHECK(l->fd >= 0 && net_bind(l->fd, from) == 0);
    CHECK(net_connect(l->fd, to) == -EINPROGRESS);
    l->connecting = true;
}

void line_secure(struct line *l, const struct choice *c, const struct line *from)
{
    SSL_SESSION *session = from && from->ssl ? SSL_get1_session(from->ssl) : NULL;

    l->ssl = SSL_new(ctx);
    CHECK(l->ssl);
    SSL_set_bio(l->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_max_proto_version(l->ssl, c->tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_set_connect_state(l->ssl);
    if (session)
        SSL_set_session(l->ssl, session);
    SSL_SESSION_free(session);
}

static size_t receive(struct line *l, char *buf, size_t cap)
{
    ssize_t n = net_recv(l->fd, buf, cap);

    if (n == -EAGAIN || n == -ENOTCONN)
        return 0;
    l->ended = l->ended || n <= 0;
    l->broken = l->broken || n < 0;
    return n > 0 ? (size_t)n : 0;
}

static size_t decrypt(struct line *l, char *buf, size_t cap)
{
    size_t n = 0;

    ERR_clear_error();
    if (SSL_read_ex(l->ssl, buf, cap, &n) == 1)
        return n;
    if (SSL_get_error(l->ssl, 0) == SSL_ERROR_SSL)
        l->broken = true;
    return 0;
}

static bool fetch(struct line *l)
{
    char wire[8192];
    size_t n = receive(l, wire, sizeof wire);

    if (n)
        BIO_write(SSL_get_rbio(l->ssl), wire, (int)n);
    return n;
}

size_t line_read(struct line *l, char *buf, size_t cap, bool *moved)
{
    *moved = false;
    if (l->fd < 0 || l->connecting || (l->ssl && !l->shaken))
        return 0;
    if (!l->ssl)
        return receive(l, buf, cap);
    *moved = fetch(l);
    return decrypt(l, buf, cap);
}

/* The byte that the input chose is wrong, or the last. */
static void spoil(struct line *l, const struct choice *c, size_t n)
{
    if (!c->spoil_at || c->spoil_at < l->wired || c->spoil_at >= l->wired + n) {
        l->wired += n;
        return;
    }
    l->spoiled = true;
    if (c->spoil_cut) {
        l->to = c->spoil_at - l->wired;
        l->broken = true;
    } else
        l->out[c->spoil_at - l->wired] ^= (char)(1 << c->seed % 8);
    l->wired += n;
}

static void from_tls(struct line *l, const struct choice *c)
{
    int n = l->broken ? 0 : BIO_read(SSL_get_wbio(l->ssl), l->out, sizeof l->out);

    if (n <= 0)
        return;
    l->from = 0;
    l->to = (size_t)n;
    spoil(l, c, (size_t)n);
}

static bool send_out(struct line *l)
{
    ssize_t n = l->from < l->to ? net_send(l->fd, l->out + l->from, l->to - l->from) : 0;

    if (n < 0 && n != -EAGAIN) {
        l->broken = true;
        l->from = l->to;
    }
    if (n > 0)
        l->from += (size_t)n;
    return n > 0;
}

static bool is_connected(struct line *l)
{
    int rc;

    if (!l->connecting)
        return true;
    rc = net_connect(l->fd, NULL);
    if (rc == -EALREADY)
        return false;
    l->connecting = false;
    if (rc != -EISCONN)
        line_close(l, false);
    return rc == -EISCONN;
}

static bool shake(struct line *l)
{
    bool moved = fetch(l);

    ERR_clear_error();
    l->shaken = !l->broken && SSL_do_handshake(l->ssl) == 1;
    if (!l->shaken && !l->broken && SSL_get_error(l->ssl, -1) == SSL_ERROR_SSL)
        l->broken = true;
    return moved || l->shaken;
}

bool line_pump(struct line *l, const struct choice *c)
{
    bool moved;

    if (l->fd < 0 || !is_connected(l))
        return false;
    moved = l->ssl && !l->shaken && shake(l);
    if (l->ssl && l->from == l->to)
        from_tls(l, c);
    return send_out(l) || moved;
}

bool line_free(const struct line *l)
{
    return l->fd >= 0 && !l->connecting && !l->broken && l->from == l->to &&
           (!l->ssl || (l->shaken && !BIO_pending(SSL_get_wbio(l->ssl))));
}

void line_write(struct line *l, const char *at, size_t len)
{
    size_t n;

    if (l->ssl) {
        if (SSL_write_ex(l->ssl, at, len, &n) != 1)
            l->broken = true;
        return;
    }
    CHECK(len <= sizeof l->out);
    memcpy(l->out, at, len);
    l->from = 0;
    l->to = len;
}

void line_fin(struct line *l, bool notify)
{
    if (l->ssl && l->shaken && notify && !l->broken) {
        char out[256];
        int n;

        SSL_shutdown(l->ssl);
        n = BIO_read(SSL_get_wbio(l->ssl), out, sizeof out);
        if (n > 0)
            net_send(l->fd, out, (size_t)n);
    }
    net_shutdown_send(l->fd);
}

void line_close(struct line *l, bool reset)
{
    if (l->fd >= 0 && reset)
        net_linger_none(l->fd);
    if (l->fd >= 0)
        net_close(l->fd);
    SSL_free(l->ssl);
    ERR_clear_error();
    *l = (struct line){ .fd = -1 };
}

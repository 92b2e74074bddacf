/* Which tickets a control connection gives, and which its data connections resume: over socket pairs, the client being OpenSSL by
 * hand; only its handshakes are in a thread. Every data connection here has to resume. */
#include "unit_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/io.h"

enum { NUMBER = 32, FILES = 6 };

static const struct rt_stop never = { -1, -1 };
static struct rt_task task;
static struct tls *tls, *other;
static SSL_CTX *ctx;

/* Both ends of a connection. */
struct line {
    struct io *io;
    SSL *ssl;
    int fd;
    pthread_t id;
};

/* ---- what OpenSSL holds ---- */

static _Atomic size_t held;

static void *counted(void *at)
{
    held += at ? malloc_usable_size(at) : 0;
    return at;
}

static void *take(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return counted(malloc(n));
}

static void give(void *at, const char *file, int line)
{
    (void)file, (void)line;
    held -= at ? malloc_usable_size(at) : 0;
    free(at);
}

static void *take_other(void *at, size_t n, const char *file, int line)
{
    if (n == 0) {
        give(at, file, line);
        return NULL;
    }
    held -= at ? malloc_usable_size(at) : 0;
    return counted(realloc(at, n));
}

/* ---- connections ---- */

static void *shake(void *arg)
{
    struct line *l = arg;

    SSL_connect(l->ssl);
    return NULL;
}

/* What came of the server's handshake. offer: the client's ticket; NULL: none. */
static int meet(struct line *l, struct tls *with, const struct io *control, SSL_SESSION *offer)
{
    SSL_SESSION *copy = offer ? SSL_SESSION_dup(offer) : NULL;
    int fd[2], rc;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(io_socket(&task, fd[0], &l->io), 0);
    io_deadline(l->io, rt_after(&task, 20));
    l->fd = fd[1];
    l->ssl = SSL_new(ctx);
    SSL_set_fd(l->ssl, l->fd);
    if (copy)
        SSL_set_session(l->ssl, copy);
    SSL_SESSION_free(copy);
    assert_int_equal(io_starttls(l->io, with, control, (struct tls_rules){ .resume = true }), 0);
    assert_int_equal(pthread_create(&l->id, NULL, shake, l), 0);
    rc = io_handshake(l->io);
    pthread_join(l->id, NULL);
    ERR_clear_error(); /* the client's */
    return rc;
}

static void part(struct line *l)
{
    io_abort(&l->io);
    SSL_set_shutdown(l->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(l->ssl);
    close(l->fd);
}

/* A reply on the control connection, and the newest ticket that the client has then. */
static SSL_SESSION *reply(struct line *control)
{
    char got[8];

    assert_int_equal(io_put(control->io, SPAN("226\r\n")), 0);
    assert_int_equal(io_flush(control->io), 0);
    assert_int_equal(SSL_read(control->ssl, got, sizeof got), 5);
    return SSL_get1_session(control->ssl);
}

static size_t length(const SSL_SESSION *session)
{
    const unsigned char *ticket;
    size_t len;

    SSL_SESSION_get0_ticket(session, &ticket, &len);
    return len;
}

/* A data connection that offers this ticket, broken off when its handshake is done; then the reply. */
static int file(struct line *control, SSL_SESSION *offer, SSL_SESSION **newest)
{
    struct line data;
    int rc = meet(&data, tls, control->io, offer);

    part(&data);
    *newest = reply(control);
    return rc;
}

static void begin(struct line *control, SSL_SESSION *offer, SSL_SESSION **first)
{
    assert_int_equal(meet(control, tls, NULL, offer), 0);
    *first = reply(control);
    assert_true(length(*first) > NUMBER);
}

static void every_file_brings_a_ticket_that_is_a_number(void **state)
{
    struct line control;
    SSL_SESSION *newest, *next;

    (void)state;
    begin(&control, NULL, &newest);
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(file(&control, newest, &next), 0);
        assert_int_equal(length(next), NUMBER);
        SSL_SESSION_free(newest);
        newest = next;
    }
    SSL_SESSION_free(newest);
    part(&control);
}

/* Some clients take a ticket once and go on with it, the first or a later one; and a connection that was broken off spoils none. */
static void a_ticket_is_good_for_many_files(void **state)
{
    (void)state;
    for (int taken = 0; taken < 3; taken++) {
        struct line control;
        SSL_SESSION *own, *next;

        begin(&control, NULL, &own);
        for (int i = 0; i < taken; i++) {
            assert_int_equal(file(&control, own, &next), 0);
            SSL_SESSION_free(own);
            own = next;
        }
        for (int i = 0; i < FILES; i++) {
            assert_int_equal(file(&control, own, &next), 0);
            SSL_SESSION_free(next);
        }
        SSL_SESSION_free(own);
        part(&control);
    }
}

/* One file behind: each uses the ticket before the newest. */
static void a_client_may_be_late(void **state)
{
    struct line control;
    SSL_SESSION *last, *newest, *next;

    (void)state;
    begin(&control, NULL, &last);
    assert_int_equal(file(&control, last, &newest), 0);
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(file(&control, last, &next), 0);
        SSL_SESSION_free(last);
        last = newest;
        newest = next;
    }
    SSL_SESSION_free(last);
    SSL_SESSION_free(newest);
    part(&control);
}

static void what_another_control_connection_gave_is_nothing(void **state)
{
    struct line one, two;
    SSL_SESSION *first, *second, *ones, *next;

    (void)state;
    begin(&one, NULL, &first);
    begin(&two, NULL, &second);
    assert_int_equal(file(&one, first, &ones), 0);
    assert_int_equal(length(ones), NUMBER);
    assert_int_equal(file(&two, ones, &next), -EKEYREJECTED);
    SSL_SESSION_free(next);
    assert_int_equal(file(&two, second, &next), 0);
    SSL_SESSION_free(next);
    part(&two);
    assert_int_equal(file(&one, ones, &next), 0);
    SSL_SESSION_free(next);
    SSL_SESSION_free(ones);
    SSL_SESSION_free(first);
    SSL_SESSION_free(second);
    part(&one);
}

/* The first ticket behind a file leaves OpenSSL with a buffer, which is most of what an idle session would cost. */
static void who_waits_for_a_command_holds_no_buffer(void **state)
{
    enum { BUFFER = 16 << 10 };
    struct line control;
    SSL_SESSION *first, *next;
    size_t busy;

    (void)state;
    begin(&control, NULL, &first);
    assert_int_equal(file(&control, first, &next), 0);
    busy = held;
    io_deadline(control.io, rt_now(&task));
    assert_int_equal(io_await_input(control.io), -ETIMEDOUT);
    assert_true(held + BUFFER <= busy);
    SSL_SESSION_free(first);
    SSL_SESSION_free(next);
    part(&control);
}

/* It can be used only where it was given; a control connection that comes with one shakes hands in full, and goes on as any. */
static void whoever_comes_again(void **state)
{
    struct line control;
    SSL_SESSION *stranger, *offers[3], *own, *next;

    (void)state;
    assert_int_equal(meet(&control, other, NULL, NULL), 0);
    stranger = reply(&control);
    part(&control);
    begin(&control, NULL, &offers[0]);
    assert_int_equal(file(&control, offers[0], &offers[1]), 0);
    part(&control);
    offers[2] = stranger;
    for (int i = 0; i < 3; i++) {
        begin(&control, offers[i], &own);
        same_int("resumed", (size_t)i, SSL_session_reused(control.ssl), i == 0);
        for (int k = 0; k < FILES; k++) {
            assert_int_equal(file(&control, own, &next), 0);
            SSL_SESSION_free(own);
            own = next;
        }
        SSL_SESSION_free(own);
        SSL_SESSION_free(offers[i]);
        part(&control);
    }
}

/* TLS 1.2 without tickets: all resume the one session of the control connection, by its id. */
static void a_session_with_an_id_is_good_for_many_files(void **state)
{
    struct line control;
    SSL_SESSION *own, *next;

    (void)state;
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    assert_int_equal(meet(&control, tls, NULL, NULL), 0);
    own = reply(&control);
    assert_int_equal(length(own), 0);
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(file(&control, own, &next), 0);
        SSL_SESSION_free(next);
    }
    SSL_SESSION_free(own);
    part(&control);
    SSL_CTX_set_max_proto_version(ctx, 0);
    SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
}

static int set_up(void **state)
{
    (void)state;
    task = rt_block_task(never);
    ctx = SSL_CTX_new(TLS_client_method());
    return ctx && unit_tls(&tls) == 0 && unit_tls(&other) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    tls_free(&tls);
    tls_free(&other);
    SSL_CTX_free(ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_brings_a_ticket_that_is_a_number),
        cmocka_unit_test(a_ticket_is_good_for_many_files),
        cmocka_unit_test(a_client_may_be_late),
        cmocka_unit_test(what_another_control_connection_gave_is_nothing),
        cmocka_unit_test(whoever_comes_again),
        cmocka_unit_test(who_waits_for_a_command_holds_no_buffer),
        cmocka_unit_test(a_session_with_an_id_is_good_for_many_files),
    };

    assert_int_equal(CRYPTO_set_mem_functions(take, take_other, give), 1);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* Steps of a download fill whole packets: in the clear on an event loop, and sealed by TLS 1.2 and 1.3; and what is short shares one.
 * Over loopback, with packets of a size that no step is a multiple of by itself. */
#include "unit_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/io_impl.h"
#include "io/tls_impl.h"
#include "rt/loop.h"
#include "sys/sock.h"

enum { MUCH = 200 * 1024 /* more than a step */, PACKET = 1009 };

static const struct rt_stop never = { -1, -1 };
static struct rt_task task;
static struct tls *tls;
static char much[MUCH];

/* ---- a connection ---- */

static void connect_two(int *near, int *far)
{
    struct sock_addr at;
    int listener;

    assert_int_equal(sock_addr_parse("127.0.0.1", 0, &at), 0);
    listener = sock_listen(&at, 1, true);
    assert_true(listener >= 0);
    assert_int_equal(sock_local(listener, &at), 0);
    assert_int_equal(setsockopt(listener, IPPROTO_TCP, TCP_MAXSEG, &(int){ PACKET }, sizeof(int)), 0);
    *far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(*far, &at.any, sock_addr_len(&at)), 0);
    *near = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(*near >= 0);
    assert_int_equal(setsockopt(*near, SOL_SOCKET, SO_SNDBUF, &(int){ MUCH }, sizeof(int)), 0); /* the kernel takes twice that */
    sock_close(listener);
}

static size_t packet(int fd)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, &len), 0);
    assert_in_range(bytes, PACKET / 2, PACKET); /* options of TCP take some */
    return (size_t)bytes;
}

/* ---- in the clear ---- */

static void of_a_length(void **state)
{
    int near, far, pair[2];
    size_t most;

    (void)state;
    connect_two(&near, &far);
    most = packet(near);
    assert_int_equal(sock_whole_packets(near, most - 1), most - 1);
    assert_int_equal(sock_whole_packets(near, most), most);
    assert_int_equal(sock_whole_packets(near, 3 * most - 1), 2 * most);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(sock_whole_packets(pair[0], 3 * most - 1), 3 * most - 1);
    for (int i = 0; i < 2; i++)
        sock_close(pair[i]);
    sock_close(near);
    sock_close(far);
}

static void send_a_step(struct rt_task *on, void *arg)
{
    int near, far, file = *(int *)arg;
    size_t most;
    ssize_t went;

    connect_two(&near, &far);
    most = packet(near);
    went = rt_sendfile(on, near, -1, file, 0, MUCH, RT_NEVER);
    assert_true(went > 0);
    assert_int_equal((size_t)went % most, 0);
    assert_int_equal(rt_sendfile(on, near, -1, file, went, most + 1, RT_NEVER), most + 1); /* not long: as it is */
    rt_close(on, near);
    sock_close(far);
}

static void of_a_step_on_a_loop(void **state)
{
    char path[] = "/tmp/dray-packets-XXXXXX";
    int file = mkstemp(path);
    struct loop *loop;

    (void)state;
    assert_true(file >= 0);
    unlink(path);
    assert_int_equal(write(file, much, MUCH), MUCH);
    assert_int_equal(loop_new(&loop_epoll, never, 1, &loop), 0);
    assert_int_equal(loop_start(loop, send_a_step, &file, sizeof file), 0);
    loop_run(loop);
    loop_free(&loop);
    close(file);
}

/* ---- sealed ---- */

static struct io_ops below;
static size_t sends, first; /* to the stream below: how many, and how long the first was */

static ssize_t see(struct io *io, const void *buf, size_t len)
{
    if (!sends++)
        first = len;
    return io_sock_ops.send_now(io, buf, len);
}

struct peer {
    int fd, version;
};

static void *shake_hands(void *arg)
{
    const struct peer *p = arg;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);

    SSL_set_max_proto_version(ssl, p->version);
    SSL_set_fd(ssl, p->fd);
    assert_int_equal(SSL_connect(ssl), 1);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return NULL;
}

/* A stream whose sends are seen from the end of the handshake on. */
static struct io *meet(struct peer *p)
{
    struct io *io;
    pthread_t id;
    int near;

    connect_two(&near, &p->fd);
    assert_int_equal(io_socket(&task, near, &io), 0);
    io_deadline(io, rt_after(&task, 20));
    assert_int_equal(io_starttls(io, tls, NULL, (struct tls_rules){ 0 }), 0);
    assert_int_equal(pthread_create(&id, NULL, shake_hands, p), 0);
    assert_int_equal(io_handshake(io), 0);
    pthread_join(id, NULL);
    below = *io->tls->below;
    below.send = below.send_now = see;
    io->tls->below = &below;
    sends = 0;
    return io;
}

static void of_what_is_sealed(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct peer p = { .version = versions[i] };
        struct io *io = meet(&p);
        size_t most;
        ssize_t went;

        assert_int_equal(io_let_go(io), 0); /* a ticket */
        sends = 0;
        most = packet(io_fd(io));
        went = io_write_now(io, much, MUCH);
        same_int("much", i, went > MUCH / 4, true);
        same_int("whole", i, (long)(first % most), 0);
        same_int("sealed", i, first > (size_t)went, true);
        io_abort(&io);
        sock_close(p.fd);
    }
}

static void what_is_said_first_and_last_has_company(void **state)
{
    struct peer p = { .version = TLS1_3_VERSION };
    struct io *io = meet(&p);

    (void)state;
    assert_int_equal(io_put(io, SPAN("220 dray\r\n")), 0);
    assert_int_equal(io_flush(io), 0);
    assert_int_equal(sends, 1);
    assert_true(first > 200); /* a ticket is in it */
    assert_int_equal(io_put(io, SPAN("221 Goodbye.\r\n")), 0);
    assert_int_equal(io_close(&io), 0);
    assert_int_equal(sends, 2); /* with close_notify */
    sock_close(p.fd);
}

static int set_up(void **state)
{
    (void)state;
    task = rt_block_task(never);
    return unit_tls(&tls);
}

static int tear_down(void **state)
{
    (void)state;
    tls_free(&tls);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_length),
        cmocka_unit_test(of_a_step_on_a_loop),
        cmocka_unit_test(of_what_is_sealed),
        cmocka_unit_test(what_is_said_first_and_last_has_company),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

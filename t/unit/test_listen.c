/* Whoever arrives at the door: where he has come to, and how his connection is tuned. Both are known without asking the kernel again. */
#include "unit.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/listen.h"
#include "sys/sock.h"

static const struct rt_stop never = { -1, -1 };

/* At a door on `host`, a client who comes to `to`. */
static struct arrival arrive(const char *host, const char *to, int *client)
{
    struct rt_task task = rt_block_task(never);
    struct listeners doors = { 0 };
    struct sock_addr at;
    struct arrival got;

    assert_int_equal(listen_open(&doors, host, 0, 7), 0);
    assert_int_equal(sock_addr_parse(to, sock_addr_port(&doors.l[0].at), &at), 0);
    *client = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(*client, &at.any, sock_addr_len(&at)), 0);
    assert_int_equal(listen_accept(&task, &doors, -1, rt_after(&task, 10), &got), 0);
    assert_int_equal(got.service, 7);
    listen_close_all(&doors);
    return got;
}

static void where_he_has_come_to_is_known(void **state)
{
    static const struct {
        const char *host, *to;
    } rows[] = { { "127.0.0.1", "127.0.0.1" }, { "127.0.0.2", "127.0.0.2" }, { "0.0.0.0", "127.0.0.2" }, { NULL, "127.0.0.2" } };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int client;
        struct arrival got = arrive(rows[i].host, rows[i].to, &client);
        struct sock_addr local, peer;
        char text[64];
        struct buf b = BUF(text);

        assert_int_equal(sock_local(got.fd, &local), 0);
        assert_int_equal(sock_local(client, &peer), 0);
        sock_addr_print(&b, &got.local);
        same_text("came to", i, buf_span(&b), rows[i].to);
        same_int("port", i, sock_addr_port(&got.local), sock_addr_port(&local));
        same_int("host", i, sock_addr_same_host(&got.local, &local), true);
        same_int("from", i, sock_addr_port(&got.peer), sock_addr_port(&peer));
        sock_close(got.fd);
        sock_close(client);
    }
}

static void his_connection_is_tuned(void **state)
{
    static const struct {
        int level, name;
    } wanted[] = { { IPPROTO_TCP, TCP_NODELAY }, { SOL_SOCKET, SO_OOBINLINE }, { SOL_SOCKET, SO_KEEPALIVE } };
    int client;
    struct arrival got = arrive("127.0.0.1", "127.0.0.1", &client);

    (void)state;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        int on = 0;
        socklen_t len = sizeof on;

        same_int("asked", i, getsockopt(got.fd, wanted[i].level, wanted[i].name, &on, &len), 0);
        same_int("on", i, on, 1);
    }
    sock_close(got.fd);
    sock_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_he_has_come_to_is_known),
        cmocka_unit_test(his_connection_is_tuned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

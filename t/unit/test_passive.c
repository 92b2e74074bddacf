/* The passive pool with real sockets: who gets which listener when, what happens to late connections, and what is kept. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/passive.h"

static struct rt_task task;
static struct sock_addr here;

static int begin(void **state)
{
    (void)state;
    task = rt_block_task((struct rt_stop){ -1, -1 });
    return sock_addr_parse("127.0.0.1", 0, &here);
}

/* The first port of a block that is this process's as long as it lives: a name of a socket says so. t/e2e/tools.py has the same names. */
enum { FIRST = 12000, LAST = 31000, BLOCK = 200 };

static unsigned own_block(void)
{
    static unsigned mine;

    for (unsigned first = FIRST; !mine && first < LAST; first += BLOCK) {
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "dray-test-ports-%u", first);

        if (bind(fd, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (unsigned)len)) == 0)
            mine = first;
        else
            close(fd);
    }
    if (!mine)
        fail_msg("no block of ports is free");
    return mine;
}

/* A port with this many free neighbours above, so that the range is nobody else's. */
static uint16_t free_range(unsigned n)
{
    for (unsigned low = own_block(), min = low; min + n <= low + BLOCK; min += n) {
        unsigned free = 0;

        for (; free < n; free++) {
            struct sock_addr at = here;
            int fd;

            sock_addr_set_port(&at, (uint16_t)(min + free));
            fd = sock_listen(&at, 1, true);
            if (fd < 0)
                break;
            close(fd);
        }
        if (free == n)
            return (uint16_t)min;
    }
    fail_msg("no free ports");
    return 0;
}

static struct passive_lease lease_at(struct passive *p, const struct sock_addr *at)
{
    struct passive_lease l = { .fd = -1 };

    assert_int_equal(passive_lease(p, &task, at, &l), 0);
    assert_true(l.fd >= 0 && l.port > 0);
    return l;
}

static struct passive_lease lease(struct passive *p)
{
    return lease_at(p, &here);
}

static void give_back(struct passive *p, struct passive_lease *l, bool came)
{
    passive_return(p, &task, &here, l, came);
    assert_int_equal(l->fd, -1);
}

/* Like a client: connected, or -errno. Blocking. */
static int call(const struct sock_addr *host, uint16_t port)
{
    struct sock_addr to = *host;
    int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sock_addr_set_port(&to, port);
    if (connect(fd, &to.any, sock_addr_len(&to)) == 0)
        return fd;
    close(fd);
    return -errno;
}

static bool open_to_calls(uint16_t port)
{
    int fd = call(&here, port);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int count_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void the_same_listener_serves_one_after_the_other(void **state)
{
    CLEANUP(passive_free) struct passive *p = passive_new(0, 0, 1);
    struct passive_lease l = lease(p);
    uint16_t port = l.port;
    int before = count_fds();

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct sock_addr peer;
        int client = call(&here, l.port), fd = rt_accept(&task, l.fd, -1, &peer, rt_after(&task, 5));

        assert_true(client >= 0 && fd >= 0);
        close(fd); /* first, so that the port lingers */
        close(client);
        give_back(p, &l, true);
        l = lease(p);
        assert_int_equal(l.port, port);
    }
    assert_int_equal(count_fds(), before);
    give_back(p, &l, true);
}

static void leased_ones_are_different(void **state)
{
    CLEANUP(passive_free) struct passive *p = passive_new(0, 0, 1);
    struct passive_lease l[10];

    (void)state;
    for (int i = 0; i < 10; i++) {
        l[i] = lease(p);
        for (int k = 0; k < i; k++)
            assert_true(l[k].port != l[i].port && l[k].fd != l[i].fd);
    }
    for (int i = 0; i < 10; i++)
        give_back(p, &l[i], true);
}

static void late_connections_are_closed_before_the_next_lease(void **state)
{
    CLEANUP(passive_free) struct passive *p = passive_new(0, 0, 1);
    struct passive_lease l = lease(p);
    struct sock_addr peer;
    uint16_t port = l.port;
    int late[5];
    char byte;

    (void)state;
    late[0] = call(&here, port);
    give_back(p, &l, true);
    for (int i = 1; i < 5; i++)
        late[i] = call(&here, port);
    l = lease(p);
    assert_int_equal(l.port, port);
    assert_int_equal(rt_accept(&task, l.fd, -1, &peer, 0), -ETIMEDOUT);
    for (int i = 0; i < 5; i++) {
        assert_true(late[i] >= 0);
        assert_true(recv(late[i], &byte, 1, 0) <= 0); /* the end or a reset, and no waiting */
        close(late[i]);
    }
    give_back(p, &l, true);
}

static void what_did_not_come_is_refused(void **state)
{
    CLEANUP(passive_free) struct passive *p = passive_new(0, 0, 1);
    struct passive_lease l = lease(p);
    uint16_t port = l.port;

    (void)state;
    assert_true(open_to_calls(port));
    give_back(p, &l, false);
    assert_false(open_to_calls(port));
    give_back(p, &l, false); /* nothing to give back, nothing happens */
}

static void a_missed_port_is_left_out_while_there_are_others(void **state)
{
    uint16_t min = free_range(3);
    CLEANUP(passive_free) struct passive *p = passive_new(min, (uint16_t)(min + 2), 0);
    struct passive_lease l = lease(p), other, third, missed;
    uint16_t port = l.port;

    (void)state;
    give_back(p, &l, false);
    for (int i = 0; i < 40; i++) {
        l = lease(p);
        assert_true(l.port != port && l.port >= min && l.port <= min + 2);
        give_back(p, &l, true);
    }
    other = lease(p);
    third = lease(p);
    assert_true(other.port != port && third.port != port);
    missed = lease(p); /* no other is left */
    assert_int_equal(missed.port, port);
    give_back(p, &other, true);
    give_back(p, &third, true);
    give_back(p, &missed, true);
}

/* All processes know what one has left out. */
static void left_out_for_other_processes_too(void **state)
{
    uint16_t min = free_range(2);
    CLEANUP(passive_free) struct passive *p = passive_new(min, (uint16_t)(min + 1), 0);
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        struct passive_lease l = { .fd = -1 };

        while (passive_lease(p, &task, &here, &l) == 0 && l.port != min)
            passive_return(p, &task, &here, &l, true);
        passive_return(p, &task, &here, &l, false);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 40; i++) {
        struct passive_lease l = lease(p);

        assert_int_equal(l.port, min + 1);
        give_back(p, &l, true);
    }
}

static void a_range_of_one_serves_one_after_the_other(void **state)
{
    static const unsigned processes[] = { 0, 1, 2, 16 };
    uint16_t min = free_range(1);

    (void)state;
    for (size_t i = 0; i < COUNT(processes); i++) {
        CLEANUP(passive_free) struct passive *p = passive_new(min, min, processes[i]);

        for (int k = 0; k < 50; k++) {
            struct passive_lease l = lease(p);
            struct sock_addr peer;
            int client = call(&here, l.port), fd = rt_accept(&task, l.fd, -1, &peer, rt_after(&task, 5));

            assert_int_equal(l.port, min);
            assert_true(client >= 0 && fd >= 0);
            give_back(p, &l, true);
            close(fd);
            close(client);
        }
        same_int("kept", i, open_to_calls(min), processes[i] == 1);
    }
}

static void *return_soon(void *arg)
{
    struct passive_lease *l = ((void **)arg)[1];

    usleep(300000);
    passive_return(((void **)arg)[0], &task, &here, l, true);
    return NULL;
}

static void a_taken_range_is_waited_for_but_not_for_ever(void **state)
{
    uint16_t min = free_range(1);
    CLEANUP(passive_free) struct passive *p = passive_new(min, min, 1);
    struct passive_lease l = lease(p), second = { .fd = -1 };
    void *args[] = { p, &l };
    int64_t start = rt_now(&task);
    pthread_t id;

    (void)state;
    assert_int_equal(passive_lease(p, &task, &here, &second), -EADDRINUSE);
    assert_in_range(rt_now(&task) - start, RT_SECONDS(1), RT_SECONDS(10));
    assert_int_equal(second.fd, -1);
    assert_int_equal(pthread_create(&id, NULL, return_soon, args), 0);
    second = lease(p);
    assert_int_equal(second.port, min);
    pthread_join(id, NULL);
    give_back(p, &second, true);
}

/* What stays open after all are returned. */
static void the_share_of_a_process(void **state)
{
    static const struct {
        unsigned range, processes;
        int kept;
    } rows[] = { { 0, 1, 64 }, { 0, 16, 64 }, { 0, 0, 64 }, { 100, 1, 64 }, { 10, 1, 10 }, { 100, 0, 0 },
                 { 100, 10, 5 }, { 100, 51, 0 }, { 2, 1, 2 }, { 2, 2, 0 } };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint16_t min = rows[i].range ? free_range(rows[i].range) : 0;
        struct passive *p = passive_new(min, (uint16_t)(min + rows[i].range - 1), rows[i].processes);
        unsigned n = rows[i].range && rows[i].range < 70 ? rows[i].range : 70;
        struct passive_lease l[70];
        int before = count_fds();

        for (unsigned k = 0; k < n; k++)
            l[k] = lease(p);
        for (unsigned k = 0; k < n; k++)
            give_back(p, &l[k], true);
        same_int("kept", i, count_fds() - before, rows[i].kept);
        passive_free(&p);
        same_int("left", i, count_fds(), before);
    }
}

static void each_address_has_its_own(void **state)
{
    CLEANUP(passive_free) struct passive *p = passive_new(0, 0, 1);
    static const char *const hosts[] = { "127.0.0.1", "127.0.0.2", "::1" };
    struct sock_addr at[3], got;
    uint16_t port[3];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) {
            struct passive_lease l;

            assert_int_equal(sock_addr_parse(hosts[i], 0, &at[i]), 0);
            l = lease_at(p, &at[i]);
            assert_int_equal(sock_local(l.fd, &got), 0);
            assert_true(sock_addr_same_host(&got, &at[i]));
            if (round)
                assert_int_equal(l.port, port[i]);
            port[i] = l.port;
            passive_return(p, &task, &at[i], &l, true);
        }
    }
}

static void an_address_that_is_not_here(void **state)
{
    CLEANUP(passive_free) struct passive *p = passive_new(0, 0, 1);
    struct passive_lease l = { .fd = -7 };
    struct sock_addr at;

    (void)state;
    assert_int_equal(sock_addr_parse("192.0.2.1", 0, &at), 0);
    assert_int_equal(passive_lease(p, &task, &at, &l), -EADDRNOTAVAIL);
    assert_int_equal(l.fd, -7);
}

static void a_flooded_listener_is_given_up(void **state)
{
    struct sock_addr at = here;
    int fd = sock_listen(&at, 100, false), client[20];

    (void)state;
    assert_int_equal(sock_local(fd, &at), 0);
    for (int i = 0; i < 20; i++)
        client[i] = call(&here, sock_addr_port(&at));
    assert_int_equal(sock_drain(fd, 10), -EBUSY);
    assert_int_equal(sock_drain(fd, 10), 0);
    assert_int_equal(sock_drain(-1, 10), -EBADF);
    for (int i = 0; i < 20; i++)
        close(client[i]);
    close(fd);
}

struct crowd {
    struct passive *p;
    _Atomic int holder[65536];
};

static void *one_of_many(void *arg)
{
    struct crowd *c = arg;
    struct rt_task own = rt_block_task((struct rt_stop){ -1, -1 });

    for (int i = 0; i < 200; i++) {
        struct passive_lease l;

        if (passive_lease(c->p, &own, &here, &l) < 0)
            return (void *)(uintptr_t)"no lease";
        if (c->holder[l.port]++)
            return (void *)(uintptr_t)"two at one port";
        c->holder[l.port]--;
        passive_return(c->p, &own, &here, &l, i % 7 != 0);
    }
    return NULL;
}

static void threads_never_share(void **state)
{
    static struct crowd c;
    uint16_t min = free_range(6);
    pthread_t id[8];

    (void)state;
    c.p = passive_new(min, (uint16_t)(min + 5), 1);
    for (size_t i = 0; i < COUNT(id); i++)
        assert_int_equal(pthread_create(&id[i], NULL, one_of_many, &c), 0);
    for (size_t i = 0; i < COUNT(id); i++) {
        void *wrong;

        pthread_join(id[i], &wrong);
        if (wrong)
            fail_msg("%s", (const char *)wrong);
    }
    passive_free(&c.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_listener_serves_one_after_the_other),
        cmocka_unit_test(leased_ones_are_different),
        cmocka_unit_test(late_connections_are_closed_before_the_next_lease),
        cmocka_unit_test(what_did_not_come_is_refused),
        cmocka_unit_test(a_missed_port_is_left_out_while_there_are_others),
        cmocka_unit_test(left_out_for_other_processes_too),
        cmocka_unit_test(a_range_of_one_serves_one_after_the_other),
        cmocka_unit_test(a_taken_range_is_waited_for_but_not_for_ever),
        cmocka_unit_test(the_share_of_a_process),
        cmocka_unit_test(each_address_has_its_own),
        cmocka_unit_test(an_address_that_is_not_here),
        cmocka_unit_test(a_flooded_listener_is_given_up),
        cmocka_unit_test(threads_never_share),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}

/* Streams over a socket pair: lines however they arrive, limits, deadlines, hearing, and what an error leaves behind. */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/io.h"

static const struct rt_stop never = { -1, -1 };
static struct rt_task task;
static int far; /* the other end */

static struct io *stream(void)
{
    struct io *io;
    int fd[2];

    task = rt_block_task(never);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(io_socket(&task, fd[0], &io), 0);
    far = fd[1];
    io_deadline(io, rt_after(&task, 5));
    return io;
}

static void done(struct io **io)
{
    io_abort(io);
    if (far >= 0)
        close(far);
}

static void say(const void *bytes, size_t len)
{
    assert_int_equal(write(far, bytes, len), len);
}

static void expect_line(struct io *io, const char *want)
{
    char *line;
    size_t len;

    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), 0);
    same_text("line", 0, (struct span){ line, len }, want);
}

static void lines_with_either_end(void **state)
{
    CLEANUP(done) struct io *io = stream();

    (void)state;
    say("one\r\ntwo\n\r\n three \r\r\n", 21);
    expect_line(io, "one");
    expect_line(io, "two");
    expect_line(io, "");
    expect_line(io, " three \r");
}

/* A line of every length around the inner buffer's size and the limit, in one piece or split at any place. */
static void lines_of_all_lengths(void **state)
{
    static const size_t lengths[] = { 1, 253, 254, 255, 256, 257, 511, 4000, 8190, 8191, 8192 };
    static char bytes[8300];

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        CLEANUP(done) struct io *io = stream();
        char *line;
        size_t len;

        memset(bytes, 'a' + (int)i, lengths[i]);
        memcpy(bytes + lengths[i], "\r\nnext\r\n", 8);
        say(bytes, lengths[i] / 2);
        io_fill_now(io);
        say(bytes + lengths[i] / 2, lengths[i] - lengths[i] / 2 + 8);
        assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), 0);
        same_span("line", i, (struct span){ line, len }, (struct span){ bytes, lengths[i] });
        expect_line(io, "next");
    }
}

static void a_line_too_long_is_thrown_away_once(void **state)
{
    static const size_t lengths[] = { 8193, 8194, 8195, 9000, 100000 };
    static char bytes[100010];

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        CLEANUP(done) struct io *io = stream();
        char *line;
        size_t len;

        memset(bytes, 'x', lengths[i]);
        memcpy(bytes + lengths[i], "\r\nok\r\n", 6);
        say(bytes, lengths[i] + 6);
        same_int("too long", i, io_line(io, IO_LINE_MAX, &line, &len), -EMSGSIZE);
        expect_line(io, "ok");
    }
}

static void the_end_of_the_stream(void **state)
{
    CLEANUP(done) struct io *io = stream();
    char *line;
    size_t len;

    (void)state;
    say("last\r\nunfinished", 16);
    close(far);
    far = -1;
    expect_line(io, "last");
    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), -ENODATA);
}

static void a_deadline_ends_the_wait(void **state)
{
    CLEANUP(done) struct io *io = stream();
    int64_t before = rt_now(&task);
    char *line;
    size_t len;

    (void)state;
    io_deadline(io, before + RT_SECONDS(1) / 20);
    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), -ETIMEDOUT);
    assert_true(rt_now(&task) - before >= RT_SECONDS(1) / 20);
}

/* What was put stays in order, leaves when flushed or full, and waits for a reader. */
static void output_is_collected(void **state)
{
    CLEANUP(done) struct io *io = stream();
    static char got[5000];
    size_t sum = 0;

    (void)state;
    assert_int_equal(io_put(io, SPAN("150 a\r\n")), 0);
    assert_int_equal(read(far, got, sizeof got), -1);
    assert_int_equal(io_put(io, SPAN("226 b\r\n")), 0);
    assert_int_equal(io_flush(io), 0);
    assert_int_equal(read(far, got, sizeof got), 14);
    assert_memory_equal(got, "150 a\r\n226 b\r\n", 14);
    for (int i = 0; i < 400; i++)
        assert_int_equal(io_put(io, SPAN("0123456789")), 0);
    assert_int_equal(io_flush(io), 0);
    while (sum < 4000) {
        ssize_t n = read(far, got, sizeof got);

        assert_true(n > 0);
        for (ssize_t k = 0; k < n; k++)
            assert_int_equal(got[k], '0' + (int)((sum + (size_t)k) % 10));
        sum += (size_t)n;
    }
}

static void what_waits_leaves_with_what_follows(void **state)
{
    static char got[5000], body[1000];
    struct io *io;
    size_t sent = 0;
    int fd[2];

    (void)state;
    task = rt_block_task(never);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0); /* packets can be told apart */
    assert_int_equal(io_socket(&task, fd[0], &io), 0);
    assert_int_equal(io_put(io, SPAN("head")), 0);
    assert_int_equal(io_write(io, body, sizeof body, &sent), 0);
    assert_int_equal(sent, sizeof body);
    assert_int_equal(read(fd[1], got, sizeof got), 4 + sizeof body);
    assert_memory_equal(got, "head", 4);
    io_abort(&io);
    close(fd[1]);
}

enum { HEAD = 900, BODY = 6000, ALL = HEAD + BODY, CHUNK = 100 };

/* The buffer of the line is full but for `free` chunks; then it is emptied again and again. */
static void cut_somewhere(unsigned free)
{
    CLEANUP(done) struct io *io = stream();
    int io_far = far;
    struct io *control = stream();
    static char all[ALL], got[1 << 16];
    size_t sent = 0, came = 0, before = 0;
    int rc, least = 1;

    say("x", 1); /* every wait ends by what is heard */
    close(far);
    far = io_far;
    io_hear(io, control);
    for (size_t i = 0; i < ALL; i++)
        all[i] = (char)(i * 7 + i / 256);
    setsockopt(io_fd(io), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    while (send(io_fd(io), all, CHUNK, MSG_DONTWAIT) > 0)
        before += CHUNK;
    for (; free; free--)
        before -= (size_t)read(far, got, CHUNK);
    assert_int_equal(io_put(io, (struct span){ all, HEAD }), 0);
    do {
        ssize_t n;

        rc = io_write(io, all + HEAD, BODY, &sent);
        assert_true(rc == 0 || rc == -EINTR);
        while ((n = read(far, got + came, sizeof got - came)) > 0)
            came += (size_t)n;
        assert_true(sent <= BODY);
    } while (rc < 0);
    assert_int_equal(sent, BODY);
    assert_int_equal(came, before + ALL);
    assert_memory_equal(got + before, all, ALL);
    io_abort(&control);
}

static void what_is_cut_goes_on_where_it_was_cut(void **state)
{
    (void)state;
    for (unsigned free = 0; free < 6; free++)
        cut_somewhere(free);
}

static void a_write_error_sticks(void **state)
{
    CLEANUP(done) struct io *io = stream();

    (void)state;
    close(far);
    far = -1;
    io_put(io, SPAN("x"));
    assert_int_equal(io_flush(io), -EPIPE);
    assert_int_equal(io_put(io, SPAN("y")), -EPIPE);
    assert_int_equal(io_close(&io), -EPIPE);
    assert_null(io);
}

/* A full data stream is interrupted by input on the control stream, and goes on where it stopped. */
static void hearing_while_writing(void **state)
{
    CLEANUP(done) struct io *data = stream();
    int data_far = far;
    struct io *control = stream();
    static char big[1 << 20];
    size_t sent = 0;

    (void)state;
    io_hear(data, control);
    say("ABOR\r\n", 6);
    assert_int_equal(io_write(data, big, sizeof big, &sent), -EINTR);
    assert_in_range(sent, 1, sizeof big - 1);
    expect_line(control, "ABOR");
    io_deadline(data, rt_now(&task) + RT_SECONDS(1) / 20);
    assert_int_equal(io_write(data, big, sizeof big, &sent), -ETIMEDOUT);
    io_abort(&control);
    close(far);
    far = data_far;
}

/* The kernel tells a reset once. Data that came before it must not make the stream look as if it had ended well. */
static void a_reset_is_never_an_end(void **state)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct linger now = { .l_onoff = 1 };
    socklen_t len = sizeof at;
    int door = socket(AF_INET, SOCK_STREAM, 0), peer = socket(AF_INET, SOCK_STREAM, 0);
    struct pollfd reset = { .events = POLLRDHUP };
    struct io *io;
    char got[100];
    ssize_t n;

    (void)state;
    task = rt_block_task(never);
    assert_int_equal(bind(door, (struct sockaddr *)&at, sizeof at) | listen(door, 1), 0);
    getsockname(door, (struct sockaddr *)&at, &len);
    assert_int_equal(connect(peer, (struct sockaddr *)&at, sizeof at), 0);
    reset.fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
    assert_int_equal(io_socket(&task, reset.fd, &io), 0);
    assert_int_equal(write(peer, "data", 4), 4);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(peer);
    assert_int_equal(poll(&reset, 1, 5000), 1);
    while ((n = io_read_now(io, got, sizeof got)) > 0)
        ;
    assert_int_equal(n, -ECONNRESET);
    io_abort(&io);
    close(door);
}

static void a_stop_cancels_waits_but_not_a_goodbye(void **state)
{
    CLEANUP(done) struct io *io = stream();
    int stop[2];
    char *line, got[8];
    size_t len;

    (void)state;
    assert_int_equal(pipe(stop), 0);
    task = rt_block_task((struct rt_stop){ .drain = stop[0], .now = -1 });
    assert_int_equal(write(stop[1], "x", 1), 1);
    io_deadline(io, rt_now(&task) + RT_SECONDS(1) / 20);
    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), -ETIMEDOUT); /* busy: a drain lets it work */
    assert_int_equal(rt_idle(&task, true), 0);
    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), -ECANCELED);
    assert_int_equal(rt_idle(&task, false), -ECANCELED);
    io_put(io, SPAN("421\r\n"));
    assert_int_equal(io_flush(io), 0);
    assert_int_equal(read(far, got, sizeof got), 5);
    close(stop[0]);
    close(stop[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_with_either_end),
        cmocka_unit_test(lines_of_all_lengths),
        cmocka_unit_test(a_line_too_long_is_thrown_away_once),
        cmocka_unit_test(the_end_of_the_stream),
        cmocka_unit_test(a_deadline_ends_the_wait),
        cmocka_unit_test(output_is_collected),
        cmocka_unit_test(what_waits_leaves_with_what_follows),
        cmocka_unit_test(what_is_cut_goes_on_where_it_was_cut),
        cmocka_unit_test(a_write_error_sticks),
        cmocka_unit_test(hearing_while_writing),
        cmocka_unit_test(a_reset_is_never_an_end),
        cmocka_unit_test(a_stop_cancels_waits_but_not_a_goodbye),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

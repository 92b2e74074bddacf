/* How an upload ends when its client does: on processes and on event loops. The file that is written closes the control
 * connection as its bytes arrive, as a client does that is killed just then: the end of the data is behind them already. */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "proto/xfer.h"
#include "rt/loop.h"
#include "store/store_impl.h"

struct scene {
    int data[2], control[2];
    bool vanishes; /* the client, while its bytes are written */
    int heard, rc;
    int64_t bytes;
};

struct sink {
    struct file file; /* first */
    struct scene *scene;
};

static int sink_write(struct file *f, const void *buf, size_t len)
{
    struct scene *s = ((struct sink *)f)->scene;

    (void)buf;
    f->size += (int64_t)len;
    if (s->vanishes && s->control[1] >= 0) {
        close(s->control[1]);
        s->control[1] = -1;
    }
    return 0;
}

static const struct file_ops sink_ops = { .write = sink_write };

static int heard(void *ctx)
{
    struct scene *s = ctx;

    s->heard++;
    return -EPIPE;
}

static void receive(struct rt_task *task, void *arg)
{
    struct scene *s = *(struct scene **)arg;
    struct sink sink = { .file = { .ops = &sink_ops, .task = task, .fd = -1 }, .scene = s };
    struct xfer x = { .task = task, .heard = heard, .ctx = s };
    struct io *control = NULL;

    s->rc = io_socket(task, s->data[0], &x.data);
    if (s->rc == 0)
        s->rc = io_socket(task, s->control[0], &control);
    io_hear(x.data, control);
    if (s->rc == 0)
        s->rc = xfer_receive(&x, &sink.file);
    s->bytes = sink.file.size;
    io_abort(&x.data);
    io_abort(&control);
}

static struct scene scene(bool vanishes)
{
    struct scene s = { .vanishes = vanishes };

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s.data), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s.control), 0);
    assert_int_equal(send(s.data[1], "all there is", 12, 0), 12);
    close(s.data[1]);
    return s;
}

static void judge(const struct scene *s)
{
    assert_int_equal(s->bytes, 12);
    assert_int_equal(s->rc, s->vanishes ? -EPIPE : 0);
    assert_int_equal(s->heard, s->vanishes);
    if (s->control[1] >= 0)
        close(s->control[1]);
}

static void on_a_process(bool vanishes)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    struct scene s = scene(vanishes), *at = &s;

    receive(&task, &at);
    judge(&s);
}

static void on_a_loop(bool vanishes)
{
    struct scene s = scene(vanishes), *at = &s;
    struct loop *loop;

    assert_int_equal(loop_new(&loop_epoll, (struct rt_stop){ -1, -1 }, 4, &loop), 0);
    assert_int_equal(loop_start(loop, receive, &at, sizeof at), 0);
    loop_run(loop);
    loop_free(&loop);
    judge(&s);
}

static void a_client_that_stays_has_sent_it_all(void **state)
{
    (void)state;
    on_a_process(false);
    on_a_loop(false);
}

static void a_client_that_vanishes_has_not_finished(void **state)
{
    (void)state;
    on_a_process(true);
    on_a_loop(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_stays_has_sent_it_all),
        cmocka_unit_test(a_client_that_vanishes_has_not_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

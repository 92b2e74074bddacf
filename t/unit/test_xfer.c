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

/* ---- so many bytes and not one more ---- */

struct part {
    struct scene *scene;
    int rc[3];
    int64_t bytes[3];
    enum xfer_side failed;
    struct sums sums; /* of the first part */
};

static void receive_parts(struct rt_task *task, void *arg)
{
    static const int64_t len[] = { 3, 0, 10 };
    struct part *p = *(struct part **)arg;
    struct sink sink = { .file = { .ops = &sink_ops, .task = task, .fd = -1 }, .scene = p->scene };
    struct xfer x = { .task = task };
    struct digest digest;

    assert_int_equal(io_socket(task, p->scene->data[0], &x.data), 0);
    assert_int_equal(digest_begin(&digest, SUM_BIT(SUM_CRC32)), 0);
    for (size_t i = 0; i < COUNT(len); i++) {
        x.digest = i == 0 ? &digest : NULL;
        p->rc[i] = xfer_receive_some(&x, &sink.file, len[i]);
        p->bytes[i] = sink.file.size;
    }
    p->failed = x.failed;
    digest_end(&digest, &p->sums);
    io_abort(&x.data);
}

static void judge_parts(struct part *p)
{
    struct sums want = { 0 };

    assert_int_equal(sum_parse(SPAN("3b1871dd"), SUM_CRC32, &want), 0); /* of "all" */
    assert_true(sum_same(&want, &p->sums, SUM_CRC32));
    assert_int_equal(p->rc[0], 0);
    assert_int_equal(p->bytes[0], 3);
    assert_int_equal(p->rc[1], 0);
    assert_int_equal(p->bytes[1], 3);
    assert_int_equal(p->rc[2], -EPIPE); /* nine come */
    assert_int_equal(p->bytes[2], 12);
    assert_int_equal(p->failed, XFER_STREAM);
    close(p->scene->control[0]);
    close(p->scene->control[1]);
}

static void a_part_is_taken_and_not_one_byte_more(void **state)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    struct scene here = scene(false), there = scene(false);
    struct part on_process = { .scene = &here }, on_loop = { .scene = &there }, *at = &on_process;
    struct loop *loop;

    (void)state;
    receive_parts(&task, &at);
    judge_parts(&on_process);
    at = &on_loop;
    assert_int_equal(loop_new(&loop_epoll, (struct rt_stop){ -1, -1 }, 4, &loop), 0);
    assert_int_equal(loop_start(loop, receive_parts, &at, sizeof at), 0);
    loop_run(loop);
    loop_free(&loop);
    judge_parts(&on_loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_stays_has_sent_it_all),
        cmocka_unit_test(a_client_that_vanishes_has_not_finished),
        cmocka_unit_test(a_part_is_taken_and_not_one_byte_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

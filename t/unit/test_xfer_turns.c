/* Between steps of a transfer (test_xfer.c: how one ends) others have their turn: no more than so many bytes move without one, however fast the line is. The file is
 * the test's own, and so is the task, which looks at every turn that is given up. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/xfer.h"
#include "rt/rt_ops.h"
#include "store/store_impl.h"

enum { KIB = 1024, MIB = 1024 * KIB, ALL = 16 * MIB, BLOCK = 64 * KIB };

static const struct rt_stop never = { -1, -1 };
static struct rt_ops ops;
static struct xfer x;
static int64_t seen, most; /* bytes when the last turn was given up; between two of them */

static void look(void)
{
    if (x.bytes - seen > most)
        most = x.bytes - seen;
    seen = x.bytes;
}

/* A turn is a wait whose deadline has passed. */
static int wait_and_look(struct rt_task *task, struct pollfd *fds, unsigned n, int64_t when)
{
    if (when == 0)
        look();
    return rt_block.wait(task, fds, n, when);
}

/* ---- a file of zeros that takes everything ---- */

static ssize_t read_zeros(struct file *f, void *buf, size_t len, int64_t off)
{
    size_t left = (size_t)(f->size - off), n = len < left ? len : left;

    memset(buf, 0, n);
    return (ssize_t)n;
}

static int write_nothing(struct file *f, const void *buf, size_t len)
{
    (void)f, (void)buf, (void)len;
    return 0;
}

static const struct file_ops zeros = { .read = read_zeros, .write = write_nothing };

/* ---- the other end ---- */

static void *take_all(void *arg)
{
    static char block[BLOCK];

    while (read(*(int *)arg, block, BLOCK) > 0)
        ;
    return NULL;
}

static void *give_all(void *arg)
{
    static const char block[BLOCK];

    for (int i = 0; i < ALL / BLOCK; i++)
        assert_int_equal(send(*(int *)arg, block, BLOCK, MSG_NOSIGNAL), BLOCK);
    shutdown(*(int *)arg, SHUT_WR);
    return NULL;
}

/* ---- the ways ---- */

static int send_all(struct file *f)
{
    return xfer_send(&x, f, 0, ALL);
}

static int send_text(struct file *f)
{
    return xfer_send_text(&x, f);
}

static int receive(struct file *f)
{
    return xfer_receive(&x, f);
}

static void others_have_their_turn(void **state)
{
    static const struct {
        const char *way;
        int (*move)(struct file *);
        void *(*other)(void *);
        bool descriptor; /* the file has one */
        int64_t most;
    } rows[] = { { "sendfile", send_all, take_all, true, MIB },
                 { "reading", send_all, take_all, false, 256 * KIB },
                 { "text", send_text, take_all, false, 64 * KIB },
                 { "receiving", receive, give_all, false, 4 * MIB + RT_BLOCK } };
    int memory = memfd_create("file", MFD_CLOEXEC);

    (void)state;
    assert_int_equal(ftruncate(memory, ALL), 0);
    ops = rt_block;
    ops.wait = wait_and_look;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rt_task task = { .ops = &ops, .stop = never };
        struct file f = { .ops = &zeros, .task = &task, .fd = rows[i].descriptor ? memory : -1, .size = ALL };
        pthread_t id;
        int fd[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
        assert_int_equal(fcntl(fd[1], F_SETFL, 0), 0);
        x = (struct xfer){ .task = &task, .stall = 60 };
        seen = most = 0;
        assert_int_equal(io_socket(&task, fd[0], &x.data), 0);
        assert_int_equal(pthread_create(&id, NULL, rows[i].other, &fd[1]), 0);
        same_int(rows[i].way, 0, rows[i].move(&f), 0);
        look();
        io_close(&x.data);
        pthread_join(id, NULL);
        same_int(rows[i].way, 1, x.bytes, ALL);
        if (most > rows[i].most)
            fail_msg("%s: %lld bytes without a turn for others", rows[i].way, (long long)most);
        close(fd[1]);
    }
    close(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_have_their_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

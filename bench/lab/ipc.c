/* What a message between two processes costs, by each way of sending one.
 *
 * bench/lab/run ipc. A parent sends a message of 8 bytes and waits for the answer, many times; half of the time of a round is the
 * price of a message, with the switch from one process to the other. Both run on one processor, so that no figure depends on how far
 * apart two of them are. */
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 20000 };

static int fds[2][2];      /* [direction]{to read from, to write to} */
static atomic_int *places; /* [direction], shared: 1 if a message lies there */
static pid_t pids[2];      /* the one who receives [direction] */
static sigset_t usr1;

static void must(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static void fd_send(int way)
{
    uint64_t m = 1;
    must(write(fds[way][1], &m, sizeof(m)) == sizeof(m), "write");
}

static void fd_receive(int way)
{
    uint64_t m;
    must(read(fds[way][0], &m, sizeof(m)) == sizeof(m), "read");
}

static void mq_post(int way)
{
    must(mq_send(fds[way][1], "message", 8, 0) == 0, "mq_send");
}

static void mq_take(int way)
{
    char m[8];
    must(mq_receive(fds[way][0], m, sizeof(m), NULL) == sizeof(m), "mq_receive");
}

static void futex_send(int way)
{
    atomic_store(&places[way], 1);
    syscall(SYS_futex, &places[way], FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void futex_receive(int way)
{
    while (atomic_load(&places[way]) == 0)
        syscall(SYS_futex, &places[way], FUTEX_WAIT, 0, NULL, NULL, 0);
    atomic_store(&places[way], 0);
}

static void signal_send(int way)
{
    must(kill(pids[way], SIGUSR1) == 0, "kill");
}

static void signal_receive(int way)
{
    int got;
    (void)way;
    must(sigwait(&usr1, &got) == 0, "sigwait");
}

static void open_pipe(int way)
{
    must(pipe2(fds[way], O_CLOEXEC) == 0, "pipe");
}

static void open_pair(int way)
{
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds[way]) == 0, "socketpair");
}

static void open_event(int way)
{
    fds[way][0] = fds[way][1] = eventfd(0, EFD_CLOEXEC);
    must(fds[way][0] >= 0, "eventfd");
}

static void open_queue(int way)
{
    struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 8 };
    char name[40];

    snprintf(name, sizeof(name), "/lab-%d-%d", (int)getpid(), way);
    fds[way][0] = fds[way][1] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    must(fds[way][0] >= 0, "mq_open");
    mq_unlink(name);
}

static const struct way {
    const char *name, *use;
    void (*open)(int), (*send)(int), (*receive)(int);
} ways[] = {
    { "pipe", "bytes, one way, between relatives", open_pipe, fd_send, fd_receive },
    { "socketpair", "bytes both ways, and descriptors", open_pair, fd_send, fd_receive },
    { "message queue", "messages with borders and priorities", open_queue, mq_post, mq_take },
    { "eventfd", "a number, to wake a loop", open_event, fd_send, fd_receive },
    { "shared memory, futex", "any data, no copy; order is your own affair", NULL, futex_send, futex_receive },
    { "signal", "no data; several may become one", NULL, signal_send, signal_receive },
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double price(const struct way *w)
{
    int status;
    double start;

    for (int way = 0; w->open && way < 2; way++)
        w->open(way);
    pids[1] = getpid();
    pids[0] = fork();
    must(pids[0] >= 0, "fork");
    if (pids[0] == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 0; i < ROUNDS; i++) {
            w->receive(0);
            w->send(1);
        }
        _exit(0);
    }
    start = now();
    for (int i = 0; i < ROUNDS; i++) {
        w->send(0);
        w->receive(1);
    }
    start = (now() - start) / ROUNDS / 2;
    must(waitpid(pids[0], &status, 0) > 0 && status == 0, "the other process");
    for (int way = 0; w->open && way < 2; way++) {
        close(fds[way][0]);
        if (fds[way][1] != fds[way][0])
            close(fds[way][1]);
    }
    return start;
}

int main(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    must(sched_setaffinity(0, sizeof(one), &one) == 0, "sched_setaffinity");
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    places = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(places != MAP_FAILED, "mmap");
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        printf("%-21s %6.0f ns a message   %s\n", ways[i].name, price(&ways[i]), ways[i].use);
        fflush(stdout);
    }
    printf("Learned: most of a message's price is waking who waits for it; choose by what it can carry.\n");
    return 0;
}

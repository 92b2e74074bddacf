/* proc: processes, signals, shared memory (see proc.h). Called by the front door and the models. The descriptors that signal
 * handlers write to are the one piece of file-scope state: a handler has no other way to know them. */
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static struct {
    int drain, now, child;
    int shut[PROC_SHUT_MAX];
    unsigned shuts, seconds;
    atomic_uint stops; /* two signals may be handled by two threads at once */
} caught = { .drain = -1, .now = -1, .child = -1 };

void *proc_shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

void *proc_private(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

void proc_private_free(void *at, size_t size)
{
    if (at)
        munmap(at, size);
}

void proc_unshare(void *at, size_t size)
{
    munmap(at, size);
}

int proc_event(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

void proc_event_raise(int fd)
{
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);

    (void)n; /* full means raised */
}

void proc_event_clear(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof count);

    (void)n; /* empty means clear */
}

static void on_stop(int signal)
{
    int saved = errno;

    if (signal == SIGALRM || atomic_fetch_add(&caught.stops, 1))
        proc_event_raise(caught.now);
    else
        proc_event_raise(caught.drain);
    for (unsigned i = 0; i < caught.shuts; i++)
        shutdown(caught.shut[i], SHUT_RDWR);
    if (signal != SIGALRM && caught.seconds)
        alarm(caught.seconds);
    errno = saved;
}

void proc_shut_on_stop(int listener)
{
    CHECK(caught.shuts < PROC_SHUT_MAX);
    caught.shut[caught.shuts++] = listener;
}

static void on_child(int signal)
{
    int saved = errno;

    (void)signal;
    proc_event_raise(caught.child);
    errno = saved;
}

static int catch_one(int signal, void (*handler)(int))
{
    struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigemptyset(&act.sa_mask);
    return sigaction(signal, &act, NULL) < 0 ? -errno : 0;
}

int proc_catch_stop(int drain, int now, unsigned seconds)
{
    int rc = 0;

    caught.drain = drain;
    caught.now = now;
    caught.seconds = seconds;
    rc |= catch_one(SIGINT, on_stop);
    rc |= catch_one(SIGTERM, on_stop);
    rc |= catch_one(SIGALRM, on_stop);
    rc |= catch_one(SIGHUP, isatty(STDIN_FILENO) ? on_stop : SIG_IGN);
    rc |= catch_one(SIGPIPE, SIG_IGN);
    return rc < 0 ? -EINVAL : 0;
}

int proc_watch_children(int fd)
{
    caught.child = fd;
    return catch_one(SIGCHLD, on_child);
}

pid_t proc_fork(void)
{
    pid_t parent = getpid(), pid = fork();

    if (pid < 0)
        return -errno;
    if (pid > 0)
        return pid;
    catch_one(SIGINT, SIG_IGN);
    catch_one(SIGHUP, SIG_IGN);
    catch_one(SIGTERM, SIG_DFL);
    catch_one(SIGALRM, SIG_DFL);
    catch_one(SIGCHLD, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    return 0;
}

void proc_exit(int code)
{
    _exit(code);
}

int proc_reap(struct proc_end *out, bool wait)
{
    int status;
    pid_t pid;

    do
        pid = waitpid(-1, &status, wait ? 0 : WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (pid <= 0)
        return pid < 0 ? -errno : 0;
    *out = (struct proc_end){ .pid = pid, .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                              .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0 };
    return 1;
}

int proc_signal(pid_t pid, int signal)
{
    return kill(pid, signal) < 0 ? -errno : 0;
}

pid_t proc_pid(void)
{
    return getpid();
}

void proc_owner(unsigned *uid, unsigned *gid)
{
    *uid = geteuid();
    *gid = getegid();
}

unsigned long proc_raise_files(void)
{
    struct rlimit lim;

    if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
        return 1024;
    if (lim.rlim_cur < lim.rlim_max) {
        lim.rlim_cur = lim.rlim_max;
        setrlimit(RLIMIT_NOFILE, &lim);
    }
    return lim.rlim_cur;
}

bool proc_raise_locked(void)
{
    static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

    return setrlimit(RLIMIT_MEMLOCK, &all) == 0;
}

unsigned proc_cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

unsigned proc_computers(void)
{
    unsigned cpus = proc_cpus();

    return cpus < 2 ? 2 : cpus < PROC_COMPUTERS_MAX ? cpus : PROC_COMPUTERS_MAX;
}

void proc_open_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

bool proc_reader_left(int fd)
{
    struct pollfd p = { .fd = fd };

    return poll(&p, 1, 0) > 0 && p.revents & POLLERR;
}

/* For Linux a priority is that of a thread. Where it is refused all threads are alike: slower to answer, and right. */
void proc_thread_meek(void)
{
    setpriority(PRIO_PROCESS, 0, 19);
}

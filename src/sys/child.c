/* child: fork, exec and the end of processes that belong to a measurement (see child.h). Called by bench/; owns
 * the pipe of each child and its process group. The signals that the parent holds back (sys/interrupt) are let
 * through again in the child. Fails with -errno. */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Those of ours that are of this half: their number, and which. */
static unsigned choose(enum child_cpus cpus, cpu_set_t *mine)
{
    cpu_set_t may;
    int all, seen = 0;

    CPU_ZERO(mine);
    if (sched_getaffinity(0, sizeof may, &may) < 0)
        return 0;
    all = CPU_COUNT(&may);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &may) && (all < 2 || cpus == CHILD_ANY || (seen++ < all / 2) == (cpus == CHILD_FIRST_HALF)))
            CPU_SET(i, mine);
    return (unsigned)CPU_COUNT(mine);
}

unsigned child_cpus(enum child_cpus cpus)
{
    cpu_set_t mine;
    unsigned n = choose(cpus, &mine);

    return n ? n : 1;
}

static void keep_to(enum child_cpus cpus)
{
    cpu_set_t mine;

    if (cpus != CHILD_ANY && choose(cpus, &mine))
        sched_setaffinity(0, sizeof mine, &mine);
}

static void let_signals_through(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
    sigset_t none;

    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int child_fork(enum child_cpus cpus, struct child *out)
{
    pid_t parent = getpid(), pid = fork();

    if (pid < 0)
        return -errno;
    *out = (struct child){ .pid = pid, .out = -1 };
    if (pid > 0) {
        setpgid(pid, pid); /* here as well: whoever comes second finds it done */
        return 0;
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    let_signals_through();
    keep_to(cpus);
    return 1;
}

void child_exit(int code)
{
    _exit(code);
}

void child_be_meek(void)
{
    setpriority(PRIO_PROCESS, 0, 19);
}

int64_t child_cpu(const struct child *child)
{
    struct timespec ts;
    clockid_t id;

    if (child->pid <= 0 || clock_getcpuclockid(child->pid, &id) != 0 || clock_gettime(id, &ts) < 0)
        return 0;
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void forget_options(void)
{
    for (char **e = environ; *e;) {
        char name[64];

        if (strncmp(*e, "DRAY_", 5) == 0 && strcspn(*e, "=") < sizeof name) {
            snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
            unsetenv(name);
            e = environ;
        } else
            e++;
    }
}

static _Noreturn void become(const char *folder, const char *path, char *const argv[], int out)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    forget_options();
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 && (!folder || chdir(folder) == 0))
        execv(path, argv);
    _exit(127);
}

int child_exec_in(const char *folder, const char *path, char *const argv[], enum child_cpus cpus, struct child *out)
{
    CLEANUP(close_fd) int ours = -1;
    CLEANUP(close_fd) int theirs = -1;
    int ends[2], rc;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    ours = ends[0];
    theirs = ends[1];
    fcntl(ours, F_SETFL, O_NONBLOCK);
    rc = child_fork(cpus, out);
    TRY(rc);
    if (rc == 1)
        become(folder, path, argv, theirs);
    out->out = ours;
    ours = -1;
    return 0;
}

int child_exec(const char *path, char *const argv[], enum child_cpus cpus, struct child *out)
{
    return child_exec_in(NULL, path, argv, cpus, out);
}

ssize_t child_read(const struct child *child, void *buf, size_t len)
{
    ssize_t n;

    do
        n = read(child->out, buf, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Ended within that time? It stays a zombie, so that its group's number cannot be given to anybody else. */
static bool ends_within(pid_t pid, unsigned seconds)
{
    CLEANUP(close_fd) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return fd >= 0 && poll(&p, 1, (int)seconds * 1000) > 0;
}

int child_wait(struct child *child)
{
    int status = 0;

    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close_fd(&child->out);
    *child = CHILD_NONE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_end(struct child *child, unsigned seconds)
{
    if (child->pid > 0) {
        if (!seconds || kill(child->pid, SIGTERM) < 0 || !ends_within(child->pid, seconds))
            kill(child->pid, SIGKILL);
        kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close_fd(&child->out);
    *child = CHILD_NONE;
}

int child_beside(const char *name, char *out, size_t cap)
{
    char self[1024];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;
    int len;

    if (n < 0)
        return -errno;
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return -ENOENT;
    len = snprintf(out, cap, "%.*s/%s", (int)(slash - self), self, name);
    return len < 0 || (size_t)len >= cap ? -ENAMETOOLONG : 0;
}

int child_in_path(const char *name, char *out, size_t cap)
{
    const char *at = getenv("PATH");

    while (at && *at) {
        size_t len = strcspn(at, ":");
        int n = snprintf(out, cap, "%.*s/%s", (int)len, at, name);

        if (*at == '/' && n > 0 && (size_t)n < cap && child_runnable(out))
            return 0;
        at += len + (at[len] == ':');
    }
    return -ENOENT;
}

bool child_runnable(const char *path)
{
    return access(path, X_OK) == 0;
}

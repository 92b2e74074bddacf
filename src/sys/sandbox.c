/* sandbox: puts the parts together, and tries them first in a child (see sandbox.h). Called by the front door. What the handler
 * of a refused call needs is file-scope state: a signal handler has no other way to know it. Fails with -errno; a part that
 * the machine does not have is no failure, but said in sandbox_found. */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "sys/sandbox_impl.h"

static struct {
    void (*tell)(void *arg, const char *call, int number);
    void *arg;
    bool filtered; /* by the seccomp part */
} refused;

void sandbox_allow(struct sandbox *s, struct sandbox_rule rule)
{
    CHECK(s->n < SANDBOX_RULES);
    s->rule[s->n++] = rule;
}

/* ---- a refused call ---- */

/* The signal comes from the call itself, at a place that we know: no lock is held there, so `tell` may do what any code may. */
static void on_refused(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    if (refused.tell)
        refused.tell(refused.arg, sandbox_call_name(info->si_syscall), info->si_syscall);
    _exit(SANDBOX_REFUSED);
}

static int catch(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction act = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

    sigemptyset(&act.sa_mask);
    return sigaction(SIGSYS, &act, NULL) < 0 ? -errno : 0;
}

/* ---- the parts ---- */

static int no_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* Not with a sanitizer: it looks for leaks by tracing itself. */
static int no_dumps(const struct sandbox *s)
{
    static const struct rlimit none;

    if (s->debug || SANDBOX_TOOLS)
        return 1;
    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return -errno;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

static int no_files(const struct sandbox *s)
{
    return SANDBOX_TOOLS ? -ECANCELED : sandbox_landlock(s);
}

/* The last one: the others make calls that it refuses. */
static void enter(const struct sandbox *s, struct sandbox_found *out)
{
    tzset(); /* a file of the system, read once */
    out->dumps = no_dumps(s);
    out->privileges = no_privileges();
    out->landlock = out->privileges < 0 ? out->privileges : no_files(s);
    out->seccomp = out->privileges < 0 ? out->privileges : sandbox_seccomp(s);
}

static int weaker(int now, int found)
{
    return found >= 0 && now < 0 ? now : 0;
}

int sandbox_enter(const struct sandbox *s, const struct sandbox_found *found)
{
    struct sandbox_found now;

    refused.tell = s->tell;
    refused.arg = s->arg;
    TRY(catch(on_refused));
    enter(s, &now);
    TRY(weaker(now.dumps, found->dumps));
    TRY(weaker(now.privileges, found->privileges));
    TRY(weaker(now.landlock, found->landlock));
    refused.filtered = now.seccomp > 0;
    return weaker(now.seccomp, found->seccomp);
}

int sandbox_begun(unsigned gone)
{
    return refused.filtered ? sandbox_seccomp_less(gone) : 0;
}

/* ---- the self-test ---- */

static volatile sig_atomic_t trapped; /* the number of the last refused call of the child that tries */

static void on_tried(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    trapped = info->si_syscall;
}

static bool is_root_folder(const struct sandbox_rule *rule)
{
    struct stat root, st;

    if (stat("/", &root) < 0 || (rule->fd >= 0 ? fstat(rule->fd, &st) : stat(rule->path, &st)) < 0)
        return false;
    return root.st_dev == st.st_dev && root.st_ino == st.st_ino;
}

static bool shares_everything(const struct sandbox *s)
{
    for (unsigned i = 0; i < s->n; i++)
        if (is_root_folder(&s->rule[i]))
            return true;
    return false;
}

static bool files_hold(bool everything)
{
    CLEANUP(close_fd) int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return everything || (fd < 0 && errno == EACCES);
}

/* Both calls would fail anyway; what counts is whether they came to the kernel. */
static bool calls_hold(void)
{
    char *const nothing[] = { NULL };
    bool program, network;
    int fd;

    trapped = 0;
    execve("", nothing, nothing);
    program = trapped != 0 || SANDBOX_TOOLS;
    trapped = 0;
    fd = socket(AF_PACKET, SOCK_RAW, 0);
    network = trapped != 0;
    close_fd(&fd);
    return program && network;
}

static _Noreturn void try(const struct sandbox *s, int answer)
{
    bool everything = shares_everything(s);
    struct sandbox_found f;

    signal(SIGTERM, SIG_DFL);
    if (catch(on_tried) < 0)
        _exit(1);
    enter(s, &f);
    if (f.landlock > 0 && !files_hold(everything))
        f.landlock = -EBADE;
    if (f.seccomp > 0 && !calls_hold())
        f.seccomp = -EBADE;
    _exit(write(answer, &f, sizeof f) == (ssize_t)sizeof f ? 0 : 1);
}

int sandbox_try(const struct sandbox *s, struct sandbox_found *out)
{
    CLEANUP(close_fd) int ours = -1;
    CLEANUP(close_fd) int theirs = -1;
    int ends[2];
    pid_t child;
    ssize_t n;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    ours = ends[0];
    theirs = ends[1];
    child = fork();
    if (child < 0)
        return -errno;
    if (child == 0)
        try(s, theirs);
    close_fd(&theirs);
    do
        n = read(ours, out, sizeof *out);
    while (n < 0 && errno == EINTR);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return n == (ssize_t)sizeof *out ? 0 : -ECHILD;
}

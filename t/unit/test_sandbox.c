/* The sandbox, each time in a child: what it lets through, what it refuses, and what it says about it. Where the kernel has no
 * Landlock, files are not what is looked at (the sandbox says so itself, and t/e2e/test_sandbox.py asks the kernel). */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/sandbox_impl.h"

enum { OK = 0, WRONG = 1 };

static char folder[] = "/tmp/dray-sandbox-XXXXXX";

/* ---- a child in the sandbox ---- */

static void tell(void *arg, const char *call, int number)
{
    (void)number;
    if (write(*(int *)arg, call, strlen(call)) < 0)
        _exit(WRONG);
}

struct trial {
    unsigned needs, access;
    int (*act)(void);
    char told[64];
};

static _Noreturn void child(const struct trial *t, int to)
{
    struct sandbox_found found = { 0 };
    struct sandbox s = { .needs = t->needs, .debug = true, .tell = tell, .arg = &to };

    sandbox_allow(&s, (struct sandbox_rule){ .fd = -1, .path = folder, .access = t->access ? t->access : SANDBOX_CHANGE });
    if (sandbox_enter(&s, &found) < 0 && found.seccomp < 0)
        _exit(WRONG);
    _exit(t->act());
}

/* How it ended; what was told is in t. */
static int run(struct trial *t)
{
    int ends[2], status = 0;
    pid_t pid;
    ssize_t n;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0)
        child(t, ends[1]);
    close(ends[1]);
    n = read(ends[0], t->told, sizeof t->told - 1);
    t->told[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- calls ---- */

static int start_program(void)
{
    char *const nothing[] = { NULL };

    return execve("/bin/true", nothing, nothing);
}

static int call_ptrace(void) { return (int)syscall(SYS_ptrace, 0, 0, 0, 0); }
static int call_mount(void) { return (int)syscall(SYS_mount, NULL, NULL, NULL, 0, NULL); }
static int call_unshare(void) { return unshare(CLONE_NEWUSER); }
static int call_setuid(void) { return (int)syscall(SYS_setuid, getuid()); }
static int call_handle(void) { return (int)syscall(SYS_open_by_handle_at, -1, NULL, 0); }
static int socket_unix(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static int socket_netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static int socket_packet(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static int socket_vsock(void) { return socket(40, SOCK_STREAM, 0); }
static int make_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static int new_namespace(void) { return (int)syscall(SYS_clone, CLONE_NEWNS, NULL, NULL, NULL, NULL); }
static int one_more_process(void) { return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL); }
static int new_ring(void) { return (int)syscall(SYS_io_uring_setup, 0, NULL); }
static int new_epoll(void) { return (int)syscall(SYS_epoll_create1, 0); }

static int lowest_priority(void) { return setpriority(PRIO_PROCESS, 0, 19); }

static int run_what_was_written(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int run_later(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static int process_after_the_beginning(void) { return sandbox_begun(SANDBOX_PROCESSES) == 0 ? one_more_process() : WRONG; }
static int ring_after_the_beginning(void) { return sandbox_begun(SANDBOX_RING) == 0 ? new_ring() : WRONG; }
static int filter_after_the_beginning(void) { return sandbox_begun(SANDBOX_RING) == 0 ? sandbox_begun(SANDBOX_RING) : WRONG; }

static void what_no_server_needs_is_named_and_ends_it(void **state)
{
    static const struct {
        const char *told;
        int (*act)(void);
        unsigned needs;
        bool tools; /* let through with a sanitizer */
    } rows[] = {
        { "execve", start_program, 0, true }, { "ptrace", call_ptrace, 0, true }, { "mount", call_mount, 0, false },
        { "unshare", call_unshare, 0, false }, { "setuid", call_setuid, 0, false },
        { "open_by_handle_at", call_handle, 0, false }, { "socket", socket_unix, 0, false },
        { "socket", socket_netlink, 0, false }, { "socket", socket_packet, 0, false }, { "socket", socket_vsock, 0, false },
        { "prctl", make_dumpable, 0, true }, { "mmap", run_what_was_written, 0, true }, { "mprotect", run_later, 0, true },
        { "clone", new_namespace, SANDBOX_THREADS, true }, { "clone", one_more_process, 0, true },
        { "clone", process_after_the_beginning, SANDBOX_PROCESSES, true },
        { "io_uring_setup", ring_after_the_beginning, SANDBOX_RING, true },
        { "setpriority", lowest_priority, SANDBOX_THREADS, false },
        { "seccomp", filter_after_the_beginning, SANDBOX_RING, true },
        { "io_uring_setup", new_ring, SANDBOX_EPOLL, false }, { "epoll_create1", new_epoll, SANDBOX_RING, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct trial t = { .needs = rows[i].needs, .act = rows[i].act };

        if (rows[i].tools && SANDBOX_TOOLS)
            continue;
        same_int(rows[i].told, i, run(&t), SANDBOX_REFUSED);
        same_text("told", i, span_of(t.told), rows[i].told);
    }
}

/* ---- what goes on ---- */

/* As a libc does that is newer than the table. */
static int unknown_calls(void)
{
    return syscall(10000) == -1 && errno == ENOSYS && syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS ? OK : WRONG;
}

static void *nothing_much(void *arg)
{
    return arg;
}

static int threads(void)
{
    pthread_t id;

    return pthread_create(&id, NULL, nothing_much, NULL) == 0 && pthread_join(id, NULL) == 0 ? OK : WRONG;
}

static int processes(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(OK);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? OK : WRONG;
}

static int sockets(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 && (socket(AF_INET6, SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT) ? OK : WRONG;
}

/* Only its own, and only the lowest. */
static int own_lowest_priority(void)
{
    if (setpriority(PRIO_PROCESS, 0, 10) == 0 || setpriority(PRIO_PROCESS, getppid(), 19) == 0 || setpriority(PRIO_USER, 0, 19) == 0)
        return WRONG;
    return errno == ENOSYS && lowest_priority() == 0 ? OK : WRONG;
}

static void a_server_does_what_it_needs(void **state)
{
    static const struct {
        const char *what;
        int (*act)(void);
        unsigned needs;
    } rows[] = { { "unknown calls", unknown_calls, 0 }, { "threads", threads, SANDBOX_THREADS },
                 { "processes", processes, SANDBOX_PROCESSES }, { "sockets", sockets, 0 },
                 { "priority", own_lowest_priority, SANDBOX_EPOLL }, { "priority", own_lowest_priority, SANDBOX_RING } };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct trial t = { .needs = rows[i].needs, .act = rows[i].act };

        same_int(rows[i].what, i, run(&t), OK);
        same_text("told", i, span_of(t.told), "");
    }
}

/* ---- files ---- */

static char *in_folder(const char *leaf)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/%s", folder, leaf);
    return path;
}

static bool is_refused(int fd)
{
    return fd < 0 && errno == EACCES;
}

static int change_inside(void)
{
    int fd = open(in_folder("new"), O_RDWR | O_CREAT, 0600), dir = open(folder, O_RDONLY | O_DIRECTORY);

    if (fd < 0 || dir < 0 || ftruncate(fd, 100) < 0 || mkdirat(dir, "sub", 0700) < 0)
        return WRONG;
    if (renameat(dir, "new", dir, "sub/other") < 0 || unlinkat(dir, "sub/other", 0) < 0 || unlinkat(dir, "sub", AT_REMOVEDIR) < 0)
        return WRONG;
    return is_refused(open("/", O_RDONLY | O_DIRECTORY)) && is_refused(open("/etc/passwd", O_RDONLY)) ? OK : WRONG;
}

static int only_read(void)
{
    int fd = open(in_folder("old"), O_RDONLY);

    if (fd < 0 || open(folder, O_RDONLY | O_DIRECTORY) < 0)
        return WRONG;
    return is_refused(open(in_folder("new"), O_RDWR | O_CREAT, 0600)) && is_refused(open(in_folder("old"), O_RDWR)) &&
                   is_refused(unlinkat(AT_FDCWD, in_folder("old"), 0)) && is_refused(mkdirat(AT_FDCWD, in_folder("sub"), 0700))
               ? OK : WRONG;
}

static int only_remove(void)
{
    if (!is_refused(open(in_folder("old"), O_RDONLY)) || !is_refused(open(in_folder("new"), O_RDWR | O_CREAT, 0600)))
        return WRONG;
    return unlinkat(AT_FDCWD, in_folder("old"), 0) == 0 ? OK : WRONG;
}

static void files_elsewhere_are_out_of_reach(void **state)
{
    static const struct {
        const char *what;
        int (*act)(void);
        unsigned access;
    } rows[] = { { "change", change_inside, SANDBOX_CHANGE }, { "read", only_read, SANDBOX_READ },
                 { "remove", only_remove, SANDBOX_REMOVE } };
    bool possible = !SANDBOX_TOOLS && syscall(444 /* landlock_create_ruleset */, NULL, (size_t)0, 1) >= 2;

    (void)state;
    close(open(in_folder("old"), O_WRONLY | O_CREAT, 0600));
    for (size_t i = 0; i < COUNT(rows) && possible; i++) {
        struct trial t = { .act = rows[i].act, .access = rows[i].access };

        same_int(rows[i].what, i, run(&t), OK);
    }
}

/* ---- the self-test ---- */

static void the_self_test_says_what_holds_and_changes_nothing_here(void **state)
{
    struct sandbox s = { .needs = SANDBOX_EPOLL };
    struct sandbox_found f;
    int fd;

    (void)state;
    assert_int_equal(sandbox_try(&s, &f), 0);
    assert_int_equal(f.privileges, 0);
    assert_true(f.seccomp > 50);
    assert_true(f.landlock != -EBADE);
    fd = open("/", O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
}

static void a_call_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(sandbox_call_name(SYS_openat), "openat");
    assert_string_equal(sandbox_call_name(100000), "?");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(in_folder("old"));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_server_needs_is_named_and_ends_it),
        cmocka_unit_test(a_server_does_what_it_needs),
        cmocka_unit_test(files_elsewhere_are_out_of_reach),
        cmocka_unit_test(the_self_test_says_what_holds_and_changes_nothing_here),
        cmocka_unit_test(a_call_has_a_name),
    };

    return cmocka_run_group_tests_name("sandbox", tests, make_folder, remove_folder);
}

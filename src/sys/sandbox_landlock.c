/* sandbox_landlock: the part of the sandbox that is about files (see sandbox.h; landlock(7)). Called by sandbox.c. Owns
 * nothing: the ruleset's descriptor is closed when it holds. By raw calls, since the libc has none, and with names of our own,
 * since headers are often older than kernels: the kernel is asked for its version, and gets no bit that this version does not
 * know. Fails with -errno; -ENOSYS, -EOPNOTSUPP: not here; -ERANGE: the first version, which forbids to rename from folder to
 * folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/sandbox_impl.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum {
    EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_DIR = 1 << 4, REMOVE_FILE = 1 << 5,
    MAKE_CHAR = 1 << 6, MAKE_DIR = 1 << 7, MAKE_REG = 1 << 8, MAKE_SOCK = 1 << 9, MAKE_FIFO = 1 << 10, MAKE_BLOCK = 1 << 11,
    MAKE_SYM = 1 << 12, REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEV = 1 << 15,
};

enum { SCOPE_ABSTRACT_UNIX = 1 << 0, SCOPE_SIGNAL = 1 << 1, ASK_VERSION = 1 << 0, PATH_BENEATH = 1 };

enum { FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV };

/* MAKE_SYM: no link is ever made (seccomp sees to it), but one that lies there can be renamed. */
static const struct {
    unsigned access;
    uint64_t rights;
} meanings[] = {
    { SANDBOX_READ, READ_FILE | READ_DIR },
    { SANDBOX_CHANGE,
      READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER },
    { SANDBOX_REMOVE, READ_DIR | REMOVE_FILE },
};

struct ruleset {
    uint64_t fs, net, scope;
};

struct beneath {
    uint64_t rights;
    int32_t parent;
} __attribute__((packed));

static int version(void)
{
    long n = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);

    if (n < 0)
        return -errno;
    return n < 2 ? -ERANGE : (int)n;
}

/* What a kernel of this version can forbid. */
static uint64_t known(int abi)
{
    uint64_t all = IOCTL_DEV * 2 - 1;

    if (abi < 3)
        all &= ~(uint64_t)TRUNCATE;
    if (abi < 5)
        all &= ~(uint64_t)IOCTL_DEV;
    return all;
}

static int create(int abi)
{
    struct ruleset r = { .fs = known(abi), .scope = abi >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0 };
    long fd = syscall(SYS_landlock_create_ruleset, &r, abi >= 6 ? sizeof r : sizeof r.fs, 0);

    return fd < 0 ? -errno : (int)fd;
}

static uint64_t rights_of(const struct sandbox_rule *rule)
{
    uint64_t rights = 0;

    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (rule->access & meanings[i].access)
            rights |= meanings[i].rights;
    return rights;
}

static int add_open(int set, int abi, int fd, uint64_t rights)
{
    struct beneath b = { .rights = rights & known(abi), .parent = fd };
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        b.rights &= FOR_FILES;
    return syscall(SYS_landlock_add_rule, set, PATH_BENEATH, &b, 0) < 0 ? -errno : 0;
}

static int add(int set, int abi, const struct sandbox_rule *rule)
{
    CLEANUP(close_fd) int fd = -1;

    if (rule->fd >= 0)
        return add_open(set, abi, rule->fd, rights_of(rule));
    fd = open(rule->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : -errno; /* nor could the server */
    return add_open(set, abi, fd, rights_of(rule));
}

int sandbox_landlock(const struct sandbox *s)
{
    CLEANUP(close_fd) int set = -1;
    int abi = version();

    TRY(abi);
    set = create(abi);
    TRY(set);
    for (unsigned i = 0; i < s->n; i++)
        TRY(add(set, abi, &s->rule[i]));
    return syscall(SYS_landlock_restrict_self, set, 0) < 0 ? -errno : abi;
}

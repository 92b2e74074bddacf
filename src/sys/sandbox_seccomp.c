/* sandbox_seccomp: the part of the sandbox that is about system calls (see sandbox.h; seccomp(2), libseccomp). Called by
 * sandbox.c. Owns nothing: the filter is the kernel's. The rows are in sandbox.def; what depends on arguments is in the table
 * below. A call that no server needs traps: a signal, whose handler says its name. One that has no row is not there (ENOSYS),
 * so that a libc that is newer than the table falls back to an older call. Fails with -errno: -EINVAL, -ENOSYS, -EPERM where
 * it is not here. */
#include <errno.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "sys/sandbox_impl.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

enum { PROCESSES = SANDBOX_PROCESSES, THREADS = SANDBOX_THREADS, EPOLL = SANDBOX_EPOLL, RING = SANDBOX_RING, USERS = SANDBOX_USERS,
       ALL = 1 << 8, TOOLS = 1 << 9, COND = 1 << 10, NONE = 0 };

static const struct call {
    int number; /* negative: this architecture does not have it */
    unsigned who;
    const char *name;
} calls[] = {
#define CALL(name, who) { SCMP_SYS(name), (who), #name },
#include "sys/sandbox.def"
#undef CALL
};

/* ---- what depends on arguments ---- */

/* Argument n, of which the kernel looks at 32 bits. */
#define ARG(n, value) { n, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value) }
#define ONE(...) 1, { { __VA_ARGS__ } }
#define IS(n, value) 1, { ARG(n, value) }
#define BITS(n, mask, value) ONE(n, SCMP_CMP_MASKED_EQ, mask, value)
#define SET(n, bit) BITS(n, bit, bit)

enum { NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP };

/* What no row matches is not there (ENOSYS), like a call without a row. A socket's family is AF_INET (2) or AF_INET6 (10). */
static const struct condition {
    int number;
    unsigned who;
    bool allow;
    unsigned n; /* all of these */
    struct scmp_arg_cmp when[3];
} conditions[] = {
    { SCMP_SYS(mmap), ALL, true, BITS(2, PROT_EXEC, 0) },
    { SCMP_SYS(mmap), ALL, false, SET(2, PROT_EXEC) },
    { SCMP_SYS(mprotect), ALL, true, BITS(2, PROT_EXEC, 0) },
    { SCMP_SYS(mprotect), ALL, false, SET(2, PROT_EXEC) },
    { SCMP_SYS(socket), ALL, true, BITS(0, UINT32_MAX - 8, 2) },
    { SCMP_SYS(socket), ALL, false, SET(0, 1) },
    { SCMP_SYS(socket), ALL, false, BITS(0, 2, 0) },
    { SCMP_SYS(socket), ALL, false, SET(0, 4) },
    { SCMP_SYS(socket), ALL, false, ONE(0, SCMP_CMP_GT, 15, 0) },
    { SCMP_SYS(ioctl), ALL, true, IS(1, FS_IOC_GETVERSION) },
    { SCMP_SYS(ioctl), ALL, true, IS(1, FIONREAD) },
    { SCMP_SYS(ioctl), ALL, true, IS(1, FIONBIO) },
    { SCMP_SYS(ioctl), ALL, true, IS(1, TCGETS) },
    { SCMP_SYS(ioctl), ALL, false, IS(1, TIOCSTI) },
    { SCMP_SYS(ioctl), ALL, false, IS(1, TIOCLINUX) },
    { SCMP_SYS(prctl), ALL, true, IS(0, PR_SET_PDEATHSIG) },
    { SCMP_SYS(prctl), ALL, true, IS(0, PR_SET_NAME) },
    { SCMP_SYS(prctl), ALL, true, IS(0, PR_SET_VMA) },
    { SCMP_SYS(prctl), ALL, false, IS(0, PR_SET_DUMPABLE) },
    { SCMP_SYS(prctl), ALL, false, IS(0, PR_SET_SECCOMP) },
    { SCMP_SYS(prctl), ALL, false, IS(0, PR_SET_MM) },
    { SCMP_SYS(prctl), ALL, false, IS(0, PR_SET_KEEPCAPS) },
    { SCMP_SYS(prctl), ALL, false, IS(0, PR_CAP_AMBIENT) },
    { SCMP_SYS(prlimit64), ALL, true, ONE(2, SCMP_CMP_EQ, 0, 0) },
    { SCMP_SYS(prlimit64), ALL, false, ONE(2, SCMP_CMP_NE, 0, 0) },
    { SCMP_SYS(setpriority), EPOLL | RING, true, 3, { ARG(0, PRIO_PROCESS), ARG(1, 0), ARG(2, 19) } }, /* proc_thread_meek */
    { SCMP_SYS(seccomp), PROCESSES | RING, true, IS(0, 1) }, /* a further filter, see sandbox_begun; it can only take away */
    { SCMP_SYS(clone), PROCESSES | THREADS, true, BITS(0, NAMESPACES, 0) },
    { SCMP_SYS(clone), PROCESSES | THREADS, false, SET(0, CLONE_NEWNS) },
    { SCMP_SYS(clone), PROCESSES | THREADS, false, SET(0, CLONE_NEWUTS) },
    { SCMP_SYS(clone), PROCESSES | THREADS, false, SET(0, CLONE_NEWIPC) },
    { SCMP_SYS(clone), PROCESSES | THREADS, false, SET(0, CLONE_NEWUSER) },
    { SCMP_SYS(clone), PROCESSES | THREADS, false, SET(0, CLONE_NEWPID) },
    { SCMP_SYS(clone), PROCESSES | THREADS, false, SET(0, CLONE_NEWNET) },
    { SCMP_SYS(clone), PROCESSES | THREADS, false, SET(0, CLONE_NEWCGROUP) },
};

/* ---- the filter ---- */

static void release(scmp_filter_ctx *ctx)
{
    if (*ctx)
        seccomp_release(*ctx);
}

/* 1: conditions decide; 0: none of them is about this call. */
static int add_conditions(scmp_filter_ctx ctx, int number, unsigned have)
{
    int any = 0;

    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        const struct condition *c = &conditions[i];

        if (c->number != number || !(c->who & have))
            continue;
        TRY(seccomp_rule_add_array(ctx, c->allow ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP, number, c->n, c->when));
        any = 1;
    }
    return any;
}

/* 1: it is allowed. */
static int add(scmp_filter_ctx ctx, const struct call *c, unsigned have)
{
    bool allow = c->who & have;

    if (!allow && (c->who & COND)) {
        int rc = add_conditions(ctx, c->number, have);

        if (rc != 0)
            return rc;
    }
    TRY(seccomp_rule_add(ctx, allow ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP, c->number, 0));
    return allow;
}

static int set(scmp_filter_ctx ctx)
{
    TRY(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0));      /* done already, by its own name */
    TRY(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)); /* a tree, not a chain of a hundred comparisons */
    TRY(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1)); /* say why */
    return seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
}

int sandbox_seccomp(const struct sandbox *s)
{
    CLEANUP(release) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    unsigned have = ALL | s->needs | (SANDBOX_TOOLS ? TOOLS : 0);
    int count = 0;

    if (!ctx)
        return -ENOMEM;
    TRY(set(ctx));
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int rc = calls[i].number < 0 ? 0 : add(ctx, &calls[i], have);

        TRY(rc);
        count += rc;
    }
    TRY(seccomp_load(ctx));
    return count;
}

int sandbox_seccomp_less(unsigned gone)
{
    static const struct {
        int number;
        unsigned gone;
    } begun[] = { { SCMP_SYS(clone), PROCESSES }, { SCMP_SYS(fork), PROCESSES }, { SCMP_SYS(io_uring_setup), RING },
                  { SCMP_SYS(io_uring_register), RING }, { SCMP_SYS(seccomp), PROCESSES | RING } };
    CLEANUP(release) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

    if (!ctx)
        return -ENOMEM;
    TRY(set(ctx));
    for (size_t i = 0; i < sizeof begun / sizeof *begun && !SANDBOX_TOOLS; i++)
        if (begun[i].gone & gone && begun[i].number >= 0)
            TRY(seccomp_rule_add(ctx, SCMP_ACT_TRAP, begun[i].number, 0));
    return seccomp_load(ctx);
}

const char *sandbox_call_name(int number)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == number)
            return calls[i].name;
    return "?";
}

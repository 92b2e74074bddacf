/* sandbox_ask: the calls by which a process becomes another user are held, and a process that keeps root is asked (see sandbox.h;
 * seccomp_unotify(2)). Called by priv/. The filter is the kernel's; the listener is the caller's. Fails with -errno: -EOPNOTSUPP where
 * the kernel (before Linux 5.5) or a container has none of it. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "sys/sandbox.h"

static void release(scmp_filter_ctx *ctx)
{
    if (*ctx)
        seccomp_release(*ctx);
}

int sandbox_may_ask(void)
{
    return seccomp_api_get() >= 5 ? 0 : -EOPNOTSUPP;
}

int sandbox_ask(void)
{
    static const int held[] = { SCMP_SYS(setgroups), SCMP_SYS(setresgid), SCMP_SYS(setresuid) };
    CLEANUP(release) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int fd, rc;

    if (!ctx)
        return -ENOMEM;
    TRY(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 1));
    TRY(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        TRY(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, held[i], 0));
    TRY(seccomp_load(ctx));
    rc = seccomp_notify_fd(ctx);
    TRY(rc);
    fd = fcntl(rc, F_DUPFD_CLOEXEC, 3); /* the library may close its own */
    return fd < 0 ? -errno : fd;
}

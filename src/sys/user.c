/* user: from root to somebody else, for good (see user.h; credentials(7), capabilities(7)). Called by the front door, before the
 * first client and before any thread: the calls below change one thread. Owns nothing. Fails with -errno; -EBADE: the kernel
 * agreed, and yet there is a way back. */
#include "sys/user.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* What an unprivileged server has for its own files, root has by these for everybody's. */
static const uint64_t for_files = 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_DAC_READ_SEARCH |
                                  1ULL << CAP_FOWNER | 1ULL << CAP_FSETID;

bool user_is_root(void)
{
    return geteuid() == 0;
}

static void take(const struct passwd *p, struct user *out)
{
    *out = (struct user){ .uid = p->pw_uid, .gid = p->pw_gid };
    snprintf(out->name, sizeof out->name, "%s", p->pw_name);
}

static void by_number(unsigned uid, unsigned gid, struct user *out)
{
    const struct passwd *p = getpwuid(uid);

    *out = (struct user){ .uid = uid, .gid = gid };
    if (p && p->pw_gid == gid)
        take(p, out);
}

void user_self(struct user *out)
{
    by_number(geteuid(), getegid(), out);
}

int user_find(const char *name, struct user *out)
{
    const struct passwd *p = getpwnam(name);
    unsigned uid, gid;
    int end = 0;

    if (p) {
        take(p, out);
        return 0;
    }
    if (!strchr(name, ':'))
        return -ENOENT;
    if (sscanf(name, "%9u:%9u%n", &uid, &gid, &end) != 2 || name[end])
        return -EINVAL;
    by_number(uid, gid, out);
    return 0;
}

int user_of_file(const char *path, struct user *out)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    by_number(st.st_uid, st.st_gid, out);
    return 0;
}

static int take_groups(const struct user *u)
{
    gid_t only = u->gid;

    return (*u->name ? initgroups(u->name, u->gid) : setgroups(1, &only)) < 0 ? -errno : 0;
}

static int capabilities(uint64_t keep)
{
    struct __user_cap_header_struct who = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct had[2], now[2] = { { 0 } };

    if (keep && syscall(SYS_capget, &who, had) < 0)
        return -errno;
    for (int i = 0; i < 2 && keep; i++) {
        now[i].permitted = had[i].permitted & (uint32_t)(keep >> (32 * i));
        now[i].effective = now[i].permitted;
    }
    return syscall(SYS_capset, &who, now) < 0 ? -errno : 0;
}

static bool has_way_back(const struct user *u)
{
    uid_t real, effective, saved;

    if (getresuid(&real, &effective, &saved) < 0 || real != u->uid || effective != u->uid || saved != u->uid)
        return true;
    return u->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0 || setgroups(0, NULL) == 0);
}

static uint64_t kept(bool root, unsigned keep)
{
    return (root ? for_files : 0) | (keep & USER_LOCKS ? 1ULL << CAP_IPC_LOCK : 0) |
           (keep & USER_CHANGES ? 1ULL << CAP_SETUID | 1ULL << CAP_SETGID : 0);
}

int user_become(const struct user *u, unsigned keep)
{
    TRY(take_groups(u));
    if (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return -errno;
    if (setresgid(u->gid, u->gid, u->gid) < 0 || setresuid(u->uid, u->uid, u->uid) < 0)
        return -errno;
    if (u->uid != 0)
        TRY(capabilities(kept(false, keep)));
    return !(keep & USER_CHANGES) && has_way_back(u) ? -EBADE : 0;
}

bool user_may_list(const char *folder)
{
    return access(folder, R_OK | X_OK) == 0 || errno != EACCES;
}

int user_give_up(unsigned keep)
{
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* an old kernel has none */
    return capabilities(kept(user_is_root(), keep));
}

/* What the sandbox does not let through fails as well, and that is right. */
static bool may_return(const struct user_groups *u, uid_t before)
{
    if (getuid() != u->uid || geteuid() != u->uid || getgid() != u->gid || getegid() != u->gid)
        return true;
    return syscall(SYS_setresuid, -1, before, -1) == 0 || syscall(SYS_setresuid, -1, 0, -1) == 0 ||
           syscall(SYS_setgroups, 0, NULL) == 0;
}

/* The calls themselves, of which a broker may decide: the list is a copy in memory of this process's own. That it ends with its parent
 * is forgotten by the kernel whenever a process becomes another. */
int user_switch(const struct user_groups *u)
{
    uid_t before = getuid();
    gid_t group[USER_GROUPS];

    for (unsigned i = 0; i < u->n; i++)
        group[i] = u->group[i];
    if (syscall(SYS_setgroups, u->n, group) < 0 || syscall(SYS_setresgid, u->gid, u->gid, u->gid) < 0 ||
        syscall(SYS_setresuid, u->uid, u->uid, u->uid) < 0)
        return -errno;
    TRY(capabilities(0));
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return -errno;
    return may_return(u, before) ? -EBADE : 0;
}

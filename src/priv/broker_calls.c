/* broker_calls: the system calls that become somebody else, which the kernel holds until the broker has spoken (seccomp_unotify(2)).
 * Called by broker.c. That "go on" is said of what was looked at is sure for the arguments, which the kernel holds; a list of groups
 * lies in the memory of the process, so it must lie where nobody but this process can write, and that has one thread, which waits:
 * memory of its own that no file is behind. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "priv/priv_impl.h"

static const struct {
    int number;
    enum priv_request what;
} calls[] = { { SCMP_SYS(setgroups), PRIV_setgroups }, { SCMP_SYS(setresgid), PRIV_setresgid },
              { SCMP_SYS(setresuid), PRIV_setresuid } };

static enum priv_request request_of(int number)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == number)
            return calls[i].what;
    return PRIV_REQUESTS;
}

int broker_call_take(int listener, void *notif, struct broker_call *out, pid_t *pid)
{
    struct seccomp_notif *n = notif;

    memset(n, 0, sizeof *n);
    if (seccomp_notify_receive(listener, n) != 0)
        return 0;
    *pid = (pid_t)n->pid;
    out->what = request_of(n->data.nr);
    for (int i = 0; i < 3; i++)
        out->arg[i] = n->data.args[i];
    return 1;
}

static bool is_all(const struct broker_call *c, unsigned id)
{
    return (uint32_t)c->arg[0] == id && (uint32_t)c->arg[1] == id && (uint32_t)c->arg[2] == id;
}

static void close_file(FILE **f)
{
    if (*f)
        fclose(*f);
}

/* All of it in one piece of memory that is private and no file's. */
static bool is_its_own(pid_t pid, uint64_t at, uint64_t len)
{
    char path[40], line[600], mode[5];
    CLEANUP(close_file) FILE *maps = NULL;
    uint64_t start, end, inode;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    maps = fopen(path, "re");
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64, &start, &end, mode, &inode) != 4)
            continue;
        if (at >= start && at < end)
            return len <= end - at && mode[3] == 'p' && inode == 0;
    }
    return false;
}

static bool same_groups(pid_t pid, const struct broker_call *c, const struct user_groups *who)
{
    char path[40];
    uint32_t list[USER_GROUPS];
    size_t len = sizeof *list * who->n;
    CLEANUP(close_fd) int mem = -1;

    if ((uint32_t)c->arg[0] != who->n || !is_its_own(pid, c->arg[1], len))
        return false;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    return mem >= 0 && pread(mem, list, len, (off_t)c->arg[1]) == (ssize_t)len && memcmp(list, who->group, len) == 0;
}

bool broker_call_fits(pid_t pid, const struct broker_call *c, const struct user_groups *who)
{
    if (c->what == PRIV_setresgid)
        return is_all(c, who->gid);
    if (c->what == PRIV_setresuid)
        return is_all(c, who->uid);
    return c->what == PRIV_setgroups && same_groups(pid, c, who);
}

/* One that is gone hears nothing: its number, which was looked at, may have become another's meanwhile. */
void broker_call_answer(int listener, const void *notif, void *resp, bool go_on)
{
    const struct seccomp_notif *n = notif;
    struct seccomp_notif_resp *r = resp;

    memset(r, 0, sizeof *r);
    r->id = n->id;
    if (go_on && seccomp_notify_id_valid(listener, n->id) == 0)
        r->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else
        r->error = -EPERM;
    seccomp_notify_respond(listener, r);
}

/* proc_id: who a process is, by its number and the moment of its birth (see proc_id.h; proc(5)). Called by whoever keeps
 * claims in shared memory. Each thread remembers what was read of its own process, as asking costs three system calls; a
 * child sees by the number that it has to ask anew. Where /proc is missing a number stands for itself. */
#include "sys/proc_id.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

struct stat_line {
    char state;
    unsigned long long born;
};

/* The name of a program may hold anything, blanks and parentheses too: the fields are counted from behind it. */
static bool read_stat(pid_t pid, struct stat_line *out)
{
    char path[32], text[1024];
    CLEANUP(close_fd) int fd = -1;
    const char *rest;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    rest = strrchr(text, ')');
    return rest && sscanf(rest, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                          &out->state, &out->born) == 2;
}

struct proc_id proc_self(void)
{
    static _Thread_local struct proc_id self;
    pid_t pid = getpid();
    struct stat_line line;

    if (self.pid != pid)
        self = (struct proc_id){ .pid = pid, .born = read_stat(pid, &line) ? line.born : 0 };
    return self;
}

bool proc_lives(const struct proc_id *p)
{
    struct stat_line line;

    if (p->pid <= 0 || (kill(p->pid, 0) < 0 && errno == ESRCH))
        return false;
    if (!read_stat(p->pid, &line)) /* there is no /proc, or it has just gone */
        return kill(p->pid, 0) == 0 || errno != ESRCH;
    if (line.state == 'Z' || line.state == 'X') /* it waits to be reaped */
        return false;
    return !p->born || p->born == line.born;
}

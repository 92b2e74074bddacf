/* port_owner: who listens on a port, so that "address in use" can say by whom. Reads /proc/net/tcp{,6} for the socket's
 * inode, then looks for it among the descriptors of the processes that we may look into. A courtesy: every failure is
 * "not to be known". Called once, when the front door found its port taken. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/sock.h"

static void close_file(FILE **f)
{
    if (*f)
        fclose(*f);
}

static void close_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* The inode of the socket that listens (state 0A) on the port, from one of the two tables; 0: none. */
static unsigned long listening_inode(const char *table, uint16_t port)
{
    CLEANUP(close_file) FILE *f = fopen(table, "re");
    char line[512];

    while (f && fgets(line, sizeof line, f)) {
        unsigned at, state;
        unsigned long inode;

        if (sscanf(line, "%*s %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &at, &state, &inode) == 3 &&
            at == port && state == 0x0A)
            return inode;
    }
    return 0;
}

static bool process_has(int proc, const char *pid, const char *link)
{
    char path[300], target[64];
    CLEANUP(close_dir) DIR *fds = NULL;
    const struct dirent *e;
    int fd;

    snprintf(path, sizeof path, "%s/fd", pid);
    fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fds = fd < 0 ? NULL : fdopendir(fd);
    while (fds && (e = readdir(fds))) {
        ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof target - 1);

        if (n > 0 && (size_t)n == strlen(link) && memcmp(target, link, (size_t)n) == 0)
            return true;
    }
    return false;
}

static void print_process(struct buf *out, int proc, const char *pid)
{
    char path[300], name[64] = "?";
    CLEANUP(close_fd) int fd = -1;
    ssize_t n;

    snprintf(path, sizeof path, "%s/comm", pid);
    fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
    if (n > 0)
        name[n - 1] = '\0';
    buf_printf(out, "%s (pid %s)", name, pid);
}

int sock_port_owner(uint16_t port, struct buf *out)
{
    unsigned long inode = listening_inode("/proc/net/tcp", port);
    CLEANUP(close_dir) DIR *proc = opendir("/proc");
    const struct dirent *e;
    char link[64];

    if (!inode)
        inode = listening_inode("/proc/net/tcp6", port);
    if (!inode || !proc)
        return -ENOENT;
    snprintf(link, sizeof link, "socket:[%lu]", inode);
    while ((e = readdir(proc))) {
        if (e->d_name[0] < '1' || e->d_name[0] > '9' || !process_has(dirfd(proc), e->d_name, link))
            continue;
        print_process(out, dirfd(proc), e->d_name);
        return 0;
    }
    return -ENOENT;
}

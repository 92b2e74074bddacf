/* interrupt: signals that end or interrupt the client, read from a signalfd. Called by cmd/open and client/; the
 * descriptor is the caller's. The signals stay blocked in the process: there is no moment when one could hit
 * unprepared code, and no half-written download is left behind by SIGTERM. Fails with -errno. */
#include "sys/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int interrupt_open(void)
{
    sigset_t set;
    int fd;

    /* sendfile(2) knows no MSG_NOSIGNAL: a server that hangs up during an upload is an error value, not the end */
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int interrupt_take(int fd)
{
    struct signalfd_siginfo info;
    int taken = 0;

    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (taken == 0 || taken == SIGINT)
            taken = (int)info.ssi_signo;
    return taken;
}

/* term: terminal questions for the client: is there one, how wide, and typing without echo. Called by client/ and
 * cmd/open; owns nothing, changes only the echo flag of the terminal it is given. Fails with -errno (-ENOTTY on a
 * pipe). */
#include "sys/term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool term_is(int fd)
{
    const char *kind = getenv("TERM");

    return isatty(fd) && !(kind && strcmp(kind, "dumb") == 0);
}

unsigned term_width(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

int term_echo(int fd, bool on)
{
    struct termios now;

    if (tcgetattr(fd, &now) < 0)
        return -errno;
    /* ECHONL: the line end that ends a password is shown, so that what follows starts on a line of its own */
    now.c_lflag = on ? (now.c_lflag | ECHO) & ~(tcflag_t)ECHONL : (now.c_lflag & ~(tcflag_t)ECHO) | ECHONL;
    return tcsetattr(fd, TCSAFLUSH, &now) < 0 ? -errno : 0;
}

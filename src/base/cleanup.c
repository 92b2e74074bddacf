/* cleanup: the release functions that CLEANUP() names for plain memory
 * and plain descriptors. Used on every floor; they own what they are
 * given, cannot fail as far as the caller is concerned, and leave errno
 * alone, because they run between a failed call and the reader of its
 * errno. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

void free_text(char **text)
{
    free(*text);
    *text = NULL;
}

void close_fd(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

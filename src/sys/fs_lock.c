/* fs_lock: locks on open files and folders (see fs.h), by flock(2): they are of the open file, so all who inherited it have
 * them, and gone with the last of those, however it ends. Called by the local store; nothing here waits. Fails with -errno. */
#include <errno.h>
#include <sys/file.h>

#include "sys/fs.h"

static int lock_now(int fd, int kind)
{
    if (flock(fd, kind | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

int fs_lock_now(int fd)
{
    return lock_now(fd, LOCK_EX);
}

int fs_lock_shared(int fd)
{
    return lock_now(fd, LOCK_SH);
}

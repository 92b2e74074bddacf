/* fs_mark: dray's extended attribute of files (see fs.h), and what tells two files of one inode number apart. Called by the
 * local store; owns nothing, fails with -errno: -EOPNOTSUPP where the file system keeps no attributes. */
#include "sys/fs.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#define RC(call) ((call) < 0 ? -errno : 0)

#define MARK "user.dray"

ssize_t fs_get_mark(int fd, void *buf, size_t cap)
{
    ssize_t n = fgetxattr(fd, MARK, buf, cap);

    return n < 0 ? -errno : n;
}

ssize_t fs_get_mark_at(int dir, const char *leaf, void *buf, size_t cap)
{
    char path[40 + NAME_MAX];
    ssize_t n;

    if ((size_t)snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, leaf) >= sizeof path)
        return -ENAMETOOLONG;
    n = lgetxattr(path, MARK, buf, cap);
    return n < 0 ? -errno : n;
}

int fs_set_mark(int fd, const void *buf, size_t len)
{
    return RC(fsetxattr(fd, MARK, buf, len, 0));
}

uint64_t fs_generation(int fd)
{
    unsigned long generation = 0; /* the kernel writes 32 or 64 bits of it */

    return ioctl(fd, FS_IOC_GETVERSION, &generation) < 0 ? 0 : generation;
}

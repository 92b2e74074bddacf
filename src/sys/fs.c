/* fs: file system calls below one folder (see fs.h). Called by store_local and the log; owns nothing, fails with -errno.
 * The safety of every path rests on open_beneath(): one openat2 with RESOLVE_BENEATH, so links, "..", mounts of magic links
 * and rename races end in an error instead of outside the folder. */
#include "sys/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define RC(call) ((call) < 0 ? -errno : 0)

static int open_how(int root, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve };
    long fd = syscall(SYS_openat2, root, path, &how, sizeof how);

    return fd < 0 ? -errno : (int)fd;
}

static int open_beneath(int root, const char *path, int flags)
{
    /* EAGAIN: something was renamed while a ".." inside a link was resolved. Whoever keeps renaming only stops himself. */
    for (int i = 0; i < 64; i++) {
        int fd = open_how(root, path, flags, 0);

        if (fd != -EAGAIN && fd != -EINTR)
            return fd;
    }
    return -EBUSY;
}

/* The cache knows names. What an open or a stat of a known name takes is up to the file system: so another one, mounted below
 * the root, counts as not cached. */
static int open_cached(int root, const char *path, int flags)
{
    int fd = open_how(root, path, flags, RESOLVE_CACHED | RESOLVE_NO_XDEV);

    return fd == -EXDEV ? -EAGAIN : fd;
}

static int open_lookup(int root, const char *path, int flags, enum fs_lookup lookup)
{
    return lookup == FS_CACHED ? open_cached(root, path, flags) : open_beneath(root, path, flags);
}

/* File systems whose open and stat of a cached name never wait for anybody else: by the magic of statfs(2). overlayfs is none:
 * its layers may be FUSE (containers whose images are fetched as they are read), and nothing tells. Over such a layer, open of
 * a cached name took the second that the layer took, RESOLVE_CACHED or not. It would also save little, 7 of 147 us for a
 * download of 1 KiB: overlayfs knows no RWF_NOWAIT, so its files are sent by threads anyway. */
bool fs_is_local(int fd)
{
    static const long local[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC };
    struct statfs st;

    if (fstatfs(fd, &st) < 0)
        return false;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if ((long)st.f_type == local[i])
            return true;
    return false;
}

bool fs_is_memory(int fd)
{
    struct statfs st;

    return fstatfs(fd, &st) == 0 && (st.f_type == TMPFS_MAGIC || st.f_type == RAMFS_MAGIC);
}

int fs_open_root(const char *dir)
{
    CLEANUP(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int out = fd, probe;

    if (fd < 0)
        return -errno;
    probe = open_beneath(fd, ".", O_PATH | O_DIRECTORY);
    if (probe < 0)
        return probe;
    close(probe);
    fd = -1;
    return out;
}

int fs_open_dir(int root, const char *path)
{
    return open_beneath(root, path, O_RDONLY | O_DIRECTORY);
}

int fs_open_dir_cached(int root, const char *path)
{
    return open_cached(root, path, O_RDONLY | O_DIRECTORY);
}

int fs_open_handle(int root, const char *path, enum fs_lookup lookup)
{
    return open_lookup(root, path, O_PATH, lookup);
}

int fs_open_file(int root, const char *path, bool write, enum fs_lookup lookup)
{
    return open_lookup(root, path, (write ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY, lookup);
}

/* A stat would ask whatever is mounted there. */
int fs_is_free(int dir, const char *leaf)
{
    CLEANUP(close_fd) int fd = open_how(dir, leaf, O_PATH | O_NOFOLLOW, RESOLVE_NO_XDEV);

    if (fd == -ENOENT)
        return 0;
    return fd >= 0 || fd == -EXDEV ? -EEXIST : fd;
}

int fs_open_unnamed(int dir)
{
    int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);

    /* a kernel or file system without O_TMPFILE sees an attempt to write a folder */
    if (fd < 0)
        return errno == EISDIR || errno == ENOENT ? -EOPNOTSUPP : -errno;
    return fd;
}

int fs_open_new(int dir, const char *leaf)
{
    int fd = openat(dir, leaf, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0666);

    return fd < 0 ? -errno : fd;
}

/* The way to an open file that needs no capability. */
static const char *proc_path(char *out, size_t cap, int fd)
{
    snprintf(out, cap, "/proc/self/fd/%d", fd);
    return out;
}

int fs_link_unnamed(int fd, int dir, const char *leaf)
{
    char path[40];

    if (linkat(fd, "", dir, leaf, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != ENOENT)
        return -errno;
    /* that needs CAP_DAC_READ_SEARCH or Linux 6.10; the way through /proc is longer */
    return RC(linkat(AT_FDCWD, proc_path(path, sizeof path, fd), dir, leaf, AT_SYMLINK_FOLLOW));
}

/* Where a name changes, the kernel's EPERM is about who asks (a sticky folder) or the folder, not about the name. */
static int changed(int rc)
{
    return rc == 0 ? 0 : errno == EPERM ? -EACCES : -errno;
}

int fs_rename(int dir, const char *leaf, int to_dir, const char *to_leaf, bool replace)
{
    struct fs_stat st;

    if (replace)
        return changed(renameat(dir, leaf, to_dir, to_leaf));
    if (renameat2(dir, leaf, to_dir, to_leaf, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return changed(-1);
    if (fs_stat_at(to_dir, to_leaf, &st) == 0)
        return -EEXIST;
    return changed(renameat(dir, leaf, to_dir, to_leaf));
}

int fs_unlink(int dir, const char *leaf)
{
    return changed(unlinkat(dir, leaf, 0));
}

int fs_mkdir(int dir, const char *leaf)
{
    return RC(mkdirat(dir, leaf, 0777));
}

int fs_rmdir(int dir, const char *leaf)
{
    return changed(unlinkat(dir, leaf, AT_REMOVEDIR));
}

int fs_set_mtime_handle(int handle, int64_t seconds)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds } };
    char path[40];

    return RC(utimensat(AT_FDCWD, proc_path(path, sizeof path, handle), times, 0));
}

int fs_set_mode_handle(int handle, unsigned mode)
{
    char path[40];

    return RC(chmod(proc_path(path, sizeof path, handle), mode & 0777));
}

int fs_take_after(int fd, const struct fs_stat *like)
{
    struct fs_stat now;

    TRY(fs_stat(fd, &now));
    if ((now.uid != like->uid || now.gid != like->gid) && fchown(fd, like->uid, like->gid) < 0 && errno != EPERM)
        return -errno;
    return now.mode == (like->mode & 0777) ? 0 : RC(fchmod(fd, like->mode & 0777));
}

int fs_truncate(int fd, int64_t len)
{
    return RC(ftruncate(fd, len));
}

int fs_sync(int fd)
{
    return RC(fsync(fd));
}

int fs_space(int fd, int64_t *bytes, int64_t *all)
{
    struct statvfs st;

    if (fstatvfs(fd, &st) < 0)
        return -errno;
    *bytes = (int64_t)st.f_bavail * (int64_t)st.f_frsize;
    *all = (int64_t)st.f_blocks * (int64_t)st.f_frsize;
    return 0;
}

ssize_t fs_entries(int dir, void *buf, size_t len)
{
    ssize_t n = getdents64(dir, buf, len);

    return n < 0 ? -errno : n;
}

static enum fs_kind kind_of_entry(unsigned char type)
{
    switch (type) {
    case DT_REG:
        return FS_FILE;
    case DT_DIR:
        return FS_DIR;
    case DT_LNK:
        return FS_LINK;
    case DT_UNKNOWN:
        return 0;
    default:
        return FS_OTHER;
    }
}

const char *fs_entry_next(const void *buf, size_t len, size_t *off, enum fs_kind *kind)
{
    const struct dirent64 *e;

    if (*off >= len)
        return NULL;
    e = (const struct dirent64 *)(const void *)((const char *)buf + *off);
    *off += e->d_reclen;
    *kind = kind_of_entry(e->d_type);
    return e->d_name;
}

int fs_open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

    return fd < 0 ? -errno : fd;
}

int fs_write_all(int fd, const void *buf, size_t len)
{
    const char *at = buf;

    while (len) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

uint64_t fs_random(void)
{
    uint64_t r = 0;

    while (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
        ;
    return r;
}

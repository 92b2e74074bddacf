/* fs_stat: what the file system says of a file or a name (see fs.h). Called by the local store; owns nothing, fails with -errno. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sys/fs.h"

enum { NS = 1000000000 };

static enum fs_kind kind_of(unsigned mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return FS_FILE;
    case S_IFDIR:
        return FS_DIR;
    case S_IFLNK:
        return FS_LINK;
    default:
        return FS_OTHER;
    }
}

static int stat_raw(int fd, const char *leaf, int flags, struct fs_stat *out)
{
    struct stat st;

    if (fstatat(fd, leaf, &st, flags) < 0)
        return -errno;
    *out = (struct fs_stat){
        .kind = kind_of(st.st_mode), .mode = st.st_mode & 07777, .nlink = (unsigned)st.st_nlink, .uid = st.st_uid,
        .gid = st.st_gid, .size = st.st_size, .mtime = st.st_mtim.tv_sec, .dev = st.st_dev, .ino = st.st_ino,
        .mtime_ns = st.st_mtim.tv_sec * NS + st.st_mtim.tv_nsec, .ctime_ns = st.st_ctim.tv_sec * NS + st.st_ctim.tv_nsec,
    };
    return 0;
}

int fs_stat(int fd, struct fs_stat *out)
{
    return stat_raw(fd, "", AT_EMPTY_PATH, out);
}

int fs_stat_at(int dir, const char *leaf, struct fs_stat *out)
{
    return stat_raw(dir, leaf, AT_SYMLINK_NOFOLLOW, out);
}

/* AT_EMPTY_PATH: "" is the descriptor itself. AT_STATX_DONT_SYNC: where something is mounted over the name, its FUSE or NFS is not asked, which could take any time. */
bool fs_is_still(int dir, const char *leaf, const struct fs_stat *then)
{
    struct statx now;

    if (statx(dir, leaf, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
              STATX_BASIC_STATS, &now) < 0)
        return false;
    return now.stx_ino == then->ino && makedev(now.stx_dev_major, now.stx_dev_minor) == then->dev &&
           now.stx_ctime.tv_sec * NS + now.stx_ctime.tv_nsec == then->ctime_ns &&
           now.stx_mtime.tv_sec * NS + now.stx_mtime.tv_nsec == then->mtime_ns && (int64_t)now.stx_size == then->size &&
           kind_of(now.stx_mode) == then->kind && (now.stx_mode & 07777u) == then->mode;
}

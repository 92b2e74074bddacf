/* save: see save.h. Called by the client's get; owns the descriptors of a struct save. Files are created exclusively and never
 * through a link, and renamed without replacing, so that neither a planted link nor a file that appeared meanwhile is written
 * over. Fails with -errno. */
#include "sys/save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/fs.h"

enum { RESERVE_FROM = 1 << 20, HOLE_LEAST = 1 << 20 };

/* The leaf is cut so that the name fits: it is for people, the tag is for us. */
static void temp_name(const char *leaf, uint64_t tag, char out[SAVE_NAME])
{
    snprintf(out, SAVE_NAME, ".%.*s.%016llx.part", SAVE_LEAF, leaf, (unsigned long long)tag);
}

static int open_locked(int dir, const char *temp)
{
    CLEANUP(close_fd) int fd = openat(dir, temp, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    struct stat st, named;
    int out = fd;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    TRY(fs_lock_now(fd));
    /* whoever held it may have given it its name before we had the lock */
    if (fstatat(dir, temp, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_ino != st.st_ino)
        return -EBUSY;
    fd = -1;
    return out;
}

static int64_t size_of(int fd)
{
    struct stat st;

    return fstat(fd, &st) < 0 ? 0 : st.st_size;
}

/* A new file is left alone: what was ever cut to nothing, ext4 writes to the disk when it is closed (auto_da_alloc), and the one
 * who closes waits for it. */
static int empty(int fd)
{
    return size_of(fd) ? ftruncate(fd, 0) : 0;
}

int save_open(const char *folder, const char *leaf, uint64_t tag, bool again, bool replace, struct save *out, int64_t *have)
{
    CLEANUP(close_fd) int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct save s = SAVE_NONE;
    struct stat st;

    if (dir < 0)
        return -errno;
    if (!replace && fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    temp_name(leaf, tag, s.temp);
    s.fd = open_locked(dir, s.temp);
    TRY(s.fd);
    if (!again && empty(s.fd) < 0) {
        close_fd(&s.fd);
        return -EIO;
    }
    s.dir = dir;
    dir = -1;
    *have = size_of(s.fd);
    *out = s;
    return 0;
}

/* ext4 and XFS otherwise reserve page by page, a sixth of the cost of a download (bench/client). A btrfs that compresses would not
 * compress what has its place already, and memory would be filled before there is anything. */
static bool gains_by_room(const struct statfs *disk)
{
    return disk->f_type == EXT4_SUPER_MAGIC || disk->f_type == XFS_SUPER_MAGIC;
}

/* Asked for too much, ext4 takes all there is before it says no: the disk would be full for everybody meanwhile. */
static bool fits(int fd, const struct statfs *disk, int64_t size)
{
    struct stat st;
    int64_t held = fstat(fd, &st) < 0 ? 0 : (int64_t)st.st_blocks * 512;

    return (uint64_t)(size > held ? size - held : 0) / (uint64_t)disk->f_frsize <= disk->f_bavail;
}

int save_lengthen(struct save *s, int64_t have, int64_t size)
{
    struct statfs disk;

    if (fstatfs(s->fd, &disk) == 0 && gains_by_room(&disk) && !fits(s->fd, &disk, size))
        return -ENOSPC;
    TRY(fs_truncate(s->fd, size));
    fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, have, size - have); /* what an earlier one reserved */
    return 0;
}

int save_reserve(struct save *s, int64_t size)
{
    struct statfs disk;

    if (size < RESERVE_FROM || fstatfs(s->fd, &disk) < 0 || !gains_by_room(&disk))
        return 0;
    if (!fits(s->fd, &disk, size))
        return -ENOSPC;
    if (fallocate(s->fd, FALLOC_FL_KEEP_SIZE, 0, size) == 0)
        return 0;
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? -errno : 0;
}

/* What is told ends with a block, or a huge page, that may be written in part. */
int64_t save_solid(const struct save *s)
{
    struct stat st;
    int64_t hole = lseek(s->fd, 0, SEEK_HOLE), unsure;

    if (hole < 0 || fstat(s->fd, &st) < 0 || hole >= st.st_size)
        return 0;
    unsure = st.st_blksize > HOLE_LEAST ? st.st_blksize : HOLE_LEAST;
    return hole > unsure ? hole - unsure : 0;
}

int save_cut(struct save *s, int64_t bytes)
{
    return fs_truncate(s->fd, bytes);
}

/* Is it the temporary file of an earlier download to this leaf? */
static bool is_other(const char *name, const char *leaf, const char *own)
{
    char before[SAVE_NAME];
    int n = snprintf(before, sizeof before, ".%.*s.", SAVE_LEAF, leaf);
    size_t len = strlen(name);

    if (n < 0 || len != (size_t)n + 16 + 5 || strcmp(name, own) == 0)
        return false;
    return strncmp(name, before, (size_t)n) == 0 && strspn(name + n, "0123456789abcdef") == 16 &&
           strcmp(name + n + 16, ".part") == 0;
}

static int remove_other(int dir, const char *name)
{
    CLEANUP(close_fd) int fd = open_locked(dir, name);

    return fd >= 0 && unlinkat(dir, name, 0) == 0;
}

int save_sweep(const char *folder, const char *leaf, uint64_t tag)
{
    char own[SAVE_NAME];
    DIR *dir = opendir(folder);
    const struct dirent *d;
    int count = 0;

    if (!dir)
        return -errno;
    temp_name(leaf, tag, own);
    while ((d = readdir(dir)) != NULL)
        if (is_other(d->d_name, leaf, own))
            count += remove_other(dirfd(dir), d->d_name);
    closedir(dir);
    return count;
}

int save_temp_leaf(const char *name)
{
    size_t len = strlen(name), tail = 1 + 16 + 5;
    const char *dot = len > tail + 1 ? name + len - tail : NULL;

    if (!dot || *name != '.' || *dot != '.' || strspn(dot + 1, "0123456789abcdef") != 16 || strcmp(dot + 17, ".part") != 0)
        return 0;
    return (int)(dot - name - 1);
}

int save_keep(struct save *s, const char *leaf, int64_t mtime, bool replace)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };
    int twin = dup(s->fd);

    /* network file systems report a full disk only at a close; the lock must not go yet */
    if (twin < 0 || close(twin) < 0)
        return -errno;
    if (mtime != INT64_MIN)
        futimens(s->fd, times); /* a file system that keeps no such time is no reason to have no file */
    TRY(fs_rename(s->dir, s->temp, s->dir, leaf, replace));
    s->temp[0] = '\0';
    save_drop(s);
    return 0;
}

void save_leave(struct save *s)
{
    int64_t size = s->fd < 0 ? -1 : size_of(s->fd);

    if (size == 0) {
        save_drop(s);
        return;
    }
    if (size > 0)
        save_cut(s, size); /* to its own size: the room behind it is given back */
    close_fd(&s->fd);
    close_fd(&s->dir);
    s->temp[0] = '\0';
}

void save_drop(struct save *s)
{
    if (s->temp[0] && s->dir >= 0)
        unlinkat(s->dir, s->temp, 0);
    s->temp[0] = '\0';
    close_fd(&s->fd);
    close_fd(&s->dir);
}

int save_look(const char *path, int64_t *size, int64_t *mtime)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    *size = st.st_size;
    *mtime = st.st_mtim.tv_sec;
    return 0;
}

int save_folder(const char *path)
{
    CLEANUP(free_text) char *copy = strdup(path);
    struct stat st;

    if (!copy)
        return -ENOMEM;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0777);
        *slash = '/';
    }
    return mkdir(path, 0777) < 0 && errno != EEXIST ? -errno : 0;
}

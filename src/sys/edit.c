/* edit: a small file that is replaced whole (see edit.h). Called by auth/ for the accounts file and by `dray user`; owns nothing.
 * New content goes to a file beside it that gets the name when it is on the disk: whoever is killed leaves the old one. */
#include "sys/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/fs.h"

enum { OTHERS_WRITE = 022 };

int edit_folder(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    CLEANUP(free_text) char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int dir = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (dir < 0)
        return folder ? -errno : -ENOMEM;
    *name = slash ? slash + 1 : path;
    return dir;
}

static int64_t ns(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct edit_stamp stamp_of(const struct stat *st)
{
    return (struct edit_stamp){ st->st_dev, st->st_ino, st->st_size, ns(st->st_mtim), ns(st->st_ctim) };
}

int edit_look(int dir, const char *name, struct edit_stamp *out)
{
    struct stat st;

    *out = (struct edit_stamp){ 0 };
    if (fstatat(dir, name, &st, 0) < 0)
        return -errno;
    *out = stamp_of(&st);
    return 0;
}

int edit_look_now(int dir, const char *name, struct edit_stamp *out)
{
    CLEANUP(close_fd) int fd = fs_is_local(dir) ? fs_open_handle(dir, name, FS_CACHED) : -EAGAIN;
    struct stat st;

    *out = (struct edit_stamp){ 0 };
    if (fd == -EXDEV || fd == -ELOOP) /* a link: followed where that may take its time */
        return -EAGAIN;
    TRY(fd);
    if (fstat(fd, &st) < 0)
        return -errno;
    *out = stamp_of(&st);
    return 0;
}

static int check(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return -EINVAL;
    if (st->st_size > EDIT_MAX)
        return -EFBIG;
    /* root reads and edits the file of the user that his server works as */
    return (geteuid() && st->st_uid && st->st_uid != geteuid()) || (st->st_mode & OTHERS_WRITE) ? -EPERM : 0;
}

/* One byte more than there was tells that it grew meanwhile. */
static ssize_t read_all(int fd, char *at, size_t cap)
{
    size_t done = 0;
    ssize_t n = 1;

    while (done < cap && (n = read(fd, at + done, cap - done)) > 0)
        done += (size_t)n;
    return n < 0 ? -errno : (ssize_t)done;
}

ssize_t edit_read(int dir, const char *name, char **text, struct edit_stamp *stamp)
{
    CLEANUP(close_fd) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *all;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    *stamp = stamp_of(&st);
    TRY(check(&st));
    all = malloc((size_t)st.st_size + 1);
    if (!all)
        return -ENOMEM;
    n = read_all(fd, all, (size_t)st.st_size + 1);
    if (n < 0 || n > st.st_size) {
        free(all);
        return n < 0 ? n : -EAGAIN;
    }
    all[n] = '\0';
    *text = all;
    return n;
}

int edit_lock(int dir)
{
    int rc;

    do
        rc = flock(dir, LOCK_EX);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? -errno : 0;
}

/* Root edits for a server that runs as another user: the file stays that user's. */
static int write_whole(int dir, const char *name, const struct stat *old, struct span text)
{
    CLEANUP(close_fd) int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return -errno;
    if (old && (old->st_uid != geteuid() || old->st_gid != getegid()) && fchown(fd, old->st_uid, old->st_gid) < 0 &&
        old->st_uid != geteuid())
        return -errno;
    TRY(fs_write_all(fd, text.at, text.len));
    return fs_sync(fd);
}

int edit_write(int dir, const char *name, struct span text)
{
    char temporary[300];
    int n = snprintf(temporary, sizeof temporary, ".%s.%08x", name, (unsigned)fs_random()), rc;
    struct stat old;
    bool there = fstatat(dir, name, &old, 0) == 0;

    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    rc = write_whole(dir, temporary, there ? &old : NULL, text);
    if (rc == 0 && renameat(dir, temporary, dir, name) < 0)
        rc = -errno;
    if (rc < 0)
        unlinkat(dir, temporary, 0);
    return rc < 0 ? rc : fs_sync(dir);
}

/* local: files of the person at the client, in the folder where it was started. Called by client/ and cmd/open. Owns
 * nothing. Fails with -errno. */
#include "sys/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/state.h"

int local_open(const char *path, int *fd, int64_t *size)
{
    CLEANUP(close_fd) int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (file < 0 || fstat(file, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    *fd = file;
    *size = st.st_size;
    file = -1;
    return 0;
}

bool local_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

bool local_is_link(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

ssize_t local_read(int fd, void *buf, size_t len)
{
    ssize_t n;

    do
        n = read(fd, buf, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int local_write_out(const char *at, size_t len)
{
    while (len) {
        ssize_t n = write(1, at, len);

        if (n < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){ .fd = 1, .events = POLLOUT }, 1, -1);
            continue;
        }
        if (n < 0 && errno != EINTR)
            return -errno;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int local_first_line(const char *path, char *out, size_t cap)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;
    char *end;

    if (fd < 0)
        return -errno;
    n = local_read(fd, out, cap - 1);
    if (n < 0)
        return (int)n;
    out[n] = '\0';
    end = out + strcspn(out, "\r\n");
    if (*end == '\0' && (size_t)n == cap - 1)
        return -E2BIG;
    *end = '\0';
    return (int)(end - out);
}

int local_secret(const char *path, char **out)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return -EPERM;
    return state_read(path, out);
}

static bool is_folder(int dir, const struct dirent *d)
{
    struct stat st;

    if (d->d_type != DT_UNKNOWN && d->d_type != DT_LNK)
        return d->d_type == DT_DIR;
    return fstatat(dir, d->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

int local_each(const char *folder, bool (*each)(void *arg, const char *name, bool folder), void *arg)
{
    DIR *dir = opendir(folder);
    const struct dirent *d;

    if (!dir)
        return -errno;
    while ((d = readdir(dir)) != NULL) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (!each(arg, d->d_name, is_folder(dirfd(dir), d)))
            break;
    }
    closedir(dir);
    return 0;
}

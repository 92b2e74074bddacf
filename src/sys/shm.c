/* shm: the runtime folder and the shared files in it (see shm.h). Called by obs/board_file; owns nothing. A folder
 * or file that is not this user's own is refused: in /tmp anybody could have put it there, to read along or to
 * feed us his. */
#include "sys/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static int print_place(unsigned place, char *out, size_t cap)
{
    const char *xdg = getenv("XDG_RUNTIME_DIR");
    int n = -1;

    if (place == 0 && xdg && *xdg == '/')
        n = snprintf(out, cap, "%s/dray", xdg);
    else if (place == 1 && geteuid() == 0)
        n = snprintf(out, cap, "/run/dray");
    else if (place == 2)
        n = snprintf(out, cap, "/tmp/dray-%u", (unsigned)geteuid());
    return n > 0 && (size_t)n < cap ? 0 : -ENOENT;
}

static int is_ours(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    return st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)) ? 0 : -EPERM;
}

int shm_folder(unsigned place, bool make)
{
    char path[512];
    int fd, rc;

    TRY(print_place(place, path, sizeof path));
    if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    rc = is_ours(fd);
    if (rc < 0)
        close(fd);
    return rc < 0 ? rc : fd;
}

static int reserve(int fd, size_t size, void **out)
{
    int rc = posix_fallocate(fd, 0, (off_t)size);
    void *at;

    if (rc > 0)
        return -rc;
    at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    *out = at;
    return 0;
}

int shm_create(int dir, const char *name, size_t size, void **out)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int rc;

    if (fd < 0)
        return -errno;
    rc = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : reserve(fd, size, out);
    if (rc == 0)
        return 0; /* the descriptor stays open: it holds the lock */
    unlinkat(dir, name, 0);
    close(fd);
    return rc;
}

static int map(int fd, int prot, struct shm *out)
{
    struct stat st;
    void *at;

    TRY(is_ours(fd));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
        return -EINVAL;
    at = mmap(NULL, (size_t)st.st_size, prot, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    *out = (struct shm){ .at = at, .size = (size_t)st.st_size, .live = flock(fd, LOCK_SH | LOCK_NB) < 0 };
    return 0;
}

int shm_open_file(int dir, const char *name, bool write, struct shm *out)
{
    CLEANUP(close_fd) int fd = openat(dir, name, (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    return fd < 0 ? -errno : map(fd, write ? PROT_READ | PROT_WRITE : PROT_READ, out);
}

void shm_close(struct shm *m)
{
    if (m->at)
        munmap((void *)(uintptr_t)m->at, m->size);
    *m = (struct shm){ 0 };
}

/* scratch: makes and removes the files of a measurement (see scratch.h). Called by bench/; owns nothing: the
 * caller removes what it made. Removal never follows a link. Fails with -errno. */
#include "sys/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { PATH_CAP = 1100, BLOCK = 1 << 20, SAME_BLOCK = 1 << 18, DEEP = 16 };

static int join(char *out, const char *folder, const char *name)
{
    int n = snprintf(out, PATH_CAP, "%s/%s", folder, name);

    return n < 0 || n >= PATH_CAP ? -ENAMETOOLONG : 0;
}

int scratch_make(const char *parent, char *out, size_t cap)
{
    const char *tmp = getenv("TMPDIR");
    int n;

    if (!parent)
        parent = tmp && *tmp ? tmp : "/tmp";
    n = snprintf(out, cap, "%s/dray-bench-XXXXXX", parent);
    if (n > 0 && (size_t)n < cap && mkdtemp(out))
        return 0;
    *out = '\0';
    return n > 0 && (size_t)n < cap ? -errno : -ENAMETOOLONG;
}

int scratch_open_up(const char *folder)
{
    return chmod(folder, 0777) < 0 ? -errno : 0;
}

/* Blocks of a megabyte, as uploads and cp would write them: the page cache keeps them in large pieces. */
static int fill(int fd, int64_t bytes)
{
    CLEANUP(free_text) char *block = malloc(BLOCK);

    if (!block)
        return -ENOMEM;
    for (int i = 0; i < BLOCK; i++)
        block[i] = (char)(i * 2654435761u >> 24);
    while (bytes > 0) {
        ssize_t n = write(fd, block, bytes < BLOCK ? (size_t)bytes : BLOCK);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            bytes -= n;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

int scratch_file(const char *folder, const char *name, int64_t bytes)
{
    CLEANUP(close_fd) int fd = -1;
    char path[PATH_CAP];

    TRY(join(path, folder, name));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd < 0 ? -errno : fill(fd, bytes);
}

int scratch_text(const char *folder, const char *name, const char *line)
{
    CLEANUP(close_fd) int fd = -1;
    char path[PATH_CAP];

    TRY(join(path, folder, name));
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : dprintf(fd, "%s\n", line) < 0 ? -EIO : 0;
}

int scratch_many(const char *folder, const char *name, unsigned count)
{
    CLEANUP(close_fd) int dir = -1;
    char path[PATH_CAP];

    TRY(join(path, folder, name));
    if (mkdir(path, 0755) < 0)
        return -errno;
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; dir >= 0 && i < count; i++) {
        char leaf[32];
        int fd;

        snprintf(leaf, sizeof leaf, "file-%07u.txt", i);
        fd = openat(dir, leaf, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0)
            return -errno;
        close(fd);
    }
    return dir < 0 ? -errno : 0;
}

bool scratch_is_mount(const char *folder, const char *name)
{
    char path[PATH_CAP];
    struct stat outer, inner;

    return join(path, folder, name) == 0 && stat(folder, &outer) == 0 && stat(path, &inner) == 0 && outer.st_dev != inner.st_dev;
}

/* Fills the block from the file, as far as that reaches. */
static ssize_t read_block(int fd, char *block, size_t len)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n = read(fd, block + have, len - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

static int open_in(const char *folder, const char *name)
{
    char path[PATH_CAP];
    int fd;

    TRY(join(path, folder, name));
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

int scratch_same(const char *folder, const char *name, const char *other)
{
    CLEANUP(close_fd) int a = open_in(folder, name);
    CLEANUP(close_fd) int b = open_in(folder, other);
    CLEANUP(free_text) char *blocks = malloc(2 * SAME_BLOCK);
    ssize_t n, m;

    TRY(a);
    TRY(b);
    if (!blocks)
        return -ENOMEM;
    do {
        n = read_block(a, blocks, SAME_BLOCK);
        TRY(n);
        m = read_block(b, blocks + SAME_BLOCK, SAME_BLOCK);
        TRY(m);
        if (n != m || memcmp(blocks, blocks + SAME_BLOCK, (size_t)n) != 0)
            return -EBADMSG;
    } while (n == SAME_BLOCK);
    return 0;
}

int scratch_move(const char *folder, const char *name, const char *to)
{
    CLEANUP(close_fd) int from = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(close_fd) int dir = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return renameat(from, name, dir, name) < 0 ? -errno : 0;
}

void scratch_drop(const char *folder, const char *name)
{
    char path[PATH_CAP];

    if (join(path, folder, name) == 0)
        unlink(path);
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    remove(path);
    return 0;
}

void scratch_remove(const char *folder)
{
    if (*folder)
        nftw(folder, drop, DEEP, FTW_DEPTH | FTW_PHYS);
}

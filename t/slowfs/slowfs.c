/* slowfs: a disk that takes its time: a folder shown again through FUSE, where some calls take seconds.
 *
 *   slowfs FOLDER MOUNTPOINT [--open S] [--getattr S] [--readdir S] [--read S]      (seconds, fractions allowed)
 *
 * Read-only, nothing is remembered by the kernel but the pages of a file that is open, and calls sleep beside each other
 * (64 of them). Runs in the foreground; SIGTERM unmounts and ends it. For t/e2e/test_slow_disk.py. */
#define FUSE_USE_VERSION 312
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OPEN, GETATTR, READDIR, READ, CALLS };

static const struct option options[] = {
    { "open", required_argument, NULL, OPEN },
    { "getattr", required_argument, NULL, GETATTR },
    { "readdir", required_argument, NULL, READDIR },
    { "read", required_argument, NULL, READ },
    { 0 },
};

static double seconds[CALLS];
static int folder;

static void take_time(int call)
{
    struct timespec left = { .tv_sec = (time_t)seconds[call] };

    left.tv_nsec = (long)((seconds[call] - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* "/a/b" in the folder. */
static const char *inside(const char *path)
{
    return path[1] ? path + 1 : ".";
}

static int slow_getattr(const char *path, struct stat *st, struct fuse_file_info *file)
{
    (void)file;
    take_time(GETATTR);
    return fstatat(folder, inside(path), st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int slow_open(const char *path, struct fuse_file_info *file)
{
    int fd;

    take_time(OPEN);
    fd = openat(folder, inside(path), O_RDONLY | O_CLOEXEC);
    file->fh = (uint64_t)fd;
    return fd < 0 ? -errno : 0;
}

static int slow_release(const char *path, struct fuse_file_info *file)
{
    (void)path;
    close((int)file->fh);
    return 0;
}

static int slow_read(const char *path, char *buf, size_t len, off_t off, struct fuse_file_info *file)
{
    ssize_t n;

    (void)path;
    take_time(READ);
    n = pread((int)file->fh, buf, len, off);
    return n < 0 ? -errno : (int)n;
}

static int slow_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off, struct fuse_file_info *file,
                        enum fuse_readdir_flags flags)
{
    int fd = openat(folder, inside(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *e;

    (void)off, (void)file, (void)flags;
    if (!dir)
        return -errno;
    take_time(READDIR);
    while ((e = readdir(dir)))
        fill(buf, e->d_name, NULL, 0, 0);
    closedir(dir);
    return 0;
}

static void *remember_nothing(struct fuse_conn_info *conn, struct fuse_config *config)
{
    (void)conn;
    config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
    return NULL;
}

static const struct fuse_operations calls = {
    .init = remember_nothing, .getattr = slow_getattr, .open = slow_open, .release = slow_release, .read = slow_read,
    .readdir = slow_readdir,
};

int main(int argc, char **argv)
{
    char foreground[] = "-f", also[] = "-ofsname=slowfs,ro,max_threads=64";
    char *line[] = { argv[0], foreground, also, NULL, NULL };
    int call;

    while ((call = getopt_long(argc, argv, "", options, NULL)) >= 0 && call < CALLS)
        seconds[call] = strtod(optarg, NULL);
    if (call >= 0 || argc - optind != 2) {
        fputs("usage: slowfs FOLDER MOUNTPOINT [--open S] [--getattr S] [--readdir S] [--read S]\n", stderr);
        return 2;
    }
    folder = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        perror(argv[optind]);
        return 1;
    }
    line[3] = argv[optind + 1];
    return fuse_main(4, line, &calls, NULL);
}

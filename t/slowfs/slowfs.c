/* slowfs: a disk that takes its time: a folder shown again through FUSE, where some calls take seconds.
 *
 *   slowfs FOLDER MOUNTPOINT [--open S] [--getattr S] [--readdir S] [--read S] [--write S] [--close S] [--names]
 *
 * S: seconds, fractions allowed; or `held`: such a call writes a byte to standard output and waits until it can read one from
 * standard input, or until that ends. The kernel remembers nothing but the pages of a file that is open, with --names also
 * which names there are. Calls wait beside each other (64 of them). Runs in the foreground; SIGTERM unmounts and ends it.
 * What root mounts is there for all. For the fixture `slow` of t/e2e and for `dray bench`. */
#define FUSE_USE_VERSION 312
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { OPEN, GETATTR, READDIR, READ, WRITE, CLOSE, CALLS, NAMES = CALLS };

static const struct option options[] = {
    { "open", required_argument, NULL, OPEN },       { "getattr", required_argument, NULL, GETATTR },
    { "readdir", required_argument, NULL, READDIR }, { "read", required_argument, NULL, READ },
    { "write", required_argument, NULL, WRITE },     { "close", required_argument, NULL, CLOSE },
    { "names", no_argument, NULL, NAMES },           { 0 },
};

static double seconds[CALLS];
static bool held[CALLS];
static double names_for;
static int folder;

static void be_held(void)
{
    char c = '.';
    ssize_t n = write(STDOUT_FILENO, &c, 1);

    while (n >= 0 && (n = read(STDIN_FILENO, &c, 1)) < 0 && errno == EINTR)
        ;
}

static void take_time(int call)
{
    struct timespec left = { .tv_sec = (time_t)seconds[call] };

    if (held[call])
        be_held();
    left.tv_nsec = (long)((seconds[call] - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* "/a/b" in the folder. */
static const char *inside(const char *path)
{
    return path[1] ? path + 1 : ".";
}

static int outcome(ssize_t n)
{
    return n < 0 ? -errno : (int)n;
}

static int slow_getattr(const char *path, struct stat *st, struct fuse_file_info *file)
{
    (void)file;
    take_time(GETATTR);
    return outcome(fstatat(folder, inside(path), st, AT_SYMLINK_NOFOLLOW));
}

static int slow_create(const char *path, mode_t mode, struct fuse_file_info *file)
{
    int fd;

    take_time(OPEN);
    fd = openat(folder, inside(path), file->flags | O_CLOEXEC, mode);
    file->fh = (uint64_t)fd;
    return fd < 0 ? -errno : 0;
}

static int slow_open(const char *path, struct fuse_file_info *file)
{
    return slow_create(path, 0, file);
}

static int slow_flush(const char *path, struct fuse_file_info *file)
{
    (void)path, (void)file;
    take_time(CLOSE);
    return 0;
}

static int slow_release(const char *path, struct fuse_file_info *file)
{
    (void)path;
    close((int)file->fh);
    return 0;
}

static int slow_read(const char *path, char *buf, size_t len, off_t off, struct fuse_file_info *file)
{
    (void)path;
    take_time(READ);
    return outcome(pread((int)file->fh, buf, len, off));
}

static int slow_write(const char *path, const char *buf, size_t len, off_t off, struct fuse_file_info *file)
{
    (void)path;
    take_time(WRITE);
    return outcome(pwrite((int)file->fh, buf, len, off));
}

static int slow_rename(const char *from, const char *to, unsigned flags)
{
    return outcome(renameat2(folder, inside(from), folder, inside(to), flags));
}

static int slow_unlink(const char *path)
{
    return outcome(unlinkat(folder, inside(path), 0));
}

static int slow_statfs(const char *path, struct statvfs *st)
{
    (void)path;
    return outcome(fstatvfs(folder, st));
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

static void *remember_little(struct fuse_conn_info *conn, struct fuse_config *config)
{
    (void)conn;
    config->attr_timeout = config->negative_timeout = 0;
    config->entry_timeout = names_for;
    return NULL;
}

static const struct fuse_operations calls = {
    .init = remember_little, .getattr = slow_getattr, .create = slow_create, .open = slow_open, .flush = slow_flush,
    .release = slow_release, .read = slow_read, .write = slow_write, .rename = slow_rename, .unlink = slow_unlink,
    .readdir = slow_readdir, .statfs = slow_statfs,
};

static int usage(void)
{
    fputs("usage: slowfs FOLDER MOUNTPOINT [--open S] [--getattr S] [--readdir S] [--read S] [--write S] [--close S] [--names]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    char foreground[] = "-f", also[] = "-ofsname=slowfs,max_threads=64,max_idle_threads=64", all[] = "-oallow_other";
    char *line[] = { argv[0], foreground, also, NULL, NULL, NULL };
    int words = 3;
    int call;

    while ((call = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (call == NAMES)
            names_for = 3600;
        else if (call < CALLS && strcmp(optarg, "held") == 0)
            held[call] = true;
        else if (call < CALLS)
            seconds[call] = strtod(optarg, NULL);
        else
            return usage();
    }
    if (argc - optind != 2)
        return usage();
    folder = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        perror(argv[optind]);
        return 1;
    }
    if (geteuid() == 0) /* others may not ask for that */
        line[words++] = all;
    line[words++] = argv[optind + 1];
    return fuse_main(words, line, &calls, NULL);
}

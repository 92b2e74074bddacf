/* state: finds the folder of dray's state and reads and writes small files (see state.h). Called by the front door and io/ for
 * certificates. Owns nothing. Two that write the same new file at once: one wins, the other is told. */
#include "sys/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/fs.h"

/* root: the place of root, when it is not below the home. */
static int folder(const char *variable, const char *root, const char *below, char *out, size_t cap)
{
    const char *xdg = getenv(variable), *home = getenv("HOME");
    int n = -1;

    if (xdg && *xdg == '/')
        n = snprintf(out, cap, "%s/dray", xdg);
    else if (root && geteuid() == 0)
        n = snprintf(out, cap, "%s", root);
    else if (home && *home == '/')
        n = snprintf(out, cap, "%s/%s/dray", home, below);
    return n > 0 && (size_t)n < cap ? 0 : -ENOENT;
}

static int make_one(const char *path)
{
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* The folder and those above it. Which of them could not be made says more than that the last one has no place. */
static int make_folders(char *path)
{
    int rc = 0, last;

    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = rc ? rc : make_one(path);
        *slash = '/';
    }
    last = make_one(path);
    return last == -ENOENT && rc ? rc : last;
}

static int add_name(const char *name, char *out, size_t cap)
{
    size_t len = strlen(out);

    return (size_t)snprintf(out + len, cap - len, "/%s", name) < cap - len ? 0 : -ENAMETOOLONG;
}

int state_path(const char *name, char *out, size_t cap)
{
    TRY(folder("XDG_STATE_HOME", "/var/lib/dray", ".local/state", out, cap));
    TRY(make_folders(out));
    return add_name(name, out, cap);
}

int state_config(const char *name, bool make, char *out, size_t cap)
{
    TRY(folder("XDG_CONFIG_HOME", NULL, ".config", out, cap));
    if (make)
        TRY(make_folders(out));
    return add_name(name, out, cap);
}

static ssize_t read_all(int fd, char *at, size_t cap)
{
    size_t done = 0;
    ssize_t n;

    while ((n = read(fd, at + done, cap - done)) > 0)
        done += (size_t)n;
    return n < 0 ? -errno : (ssize_t)done;
}

int state_read(const char *path, char **out)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    CLEANUP(free_text) char *text = NULL;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size > STATE_MAX)
        return -EFBIG;
    text = malloc((size_t)st.st_size + 1);
    n = text ? read_all(fd, text, (size_t)st.st_size) : -ENOMEM;
    TRY(n);
    text[n] = '\0';
    *out = text;
    text = NULL;
    return 0;
}

static int write_whole(const char *path, const char *text)
{
    CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return -errno;
    TRY(fs_write_all(fd, text, strlen(text)));
    return fs_sync(fd);
}

/* A link, not a rename: it does not replace what another one was quicker to write. */
int state_write_new(const char *path, const char *text)
{
    char temporary[600];
    int n = snprintf(temporary, sizeof temporary, "%s.%08x", path, (unsigned)fs_random()), rc;

    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    rc = write_whole(temporary, text);
    if (rc == 0 && link(temporary, path) < 0)
        rc = -errno;
    unlink(temporary);
    return rc;
}

static uint64_t nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t state_version(const char *path)
{
    const uint64_t odd = 0x9E3779B97F4A7C15;
    struct stat st;

    if (stat(path, &st) < 0)
        return 0;
    return (((st.st_dev * odd + st.st_ino) * odd + (uint64_t)st.st_size) * odd + nanoseconds(st.st_mtim)) * odd + nanoseconds(st.st_ctim);
}

static void tell_folder(char *path, void (*each)(void *arg, const char *folder), void *arg)
{
    char *slash = strrchr(path, '/');

    if (slash)
        slash[slash == path] = '\0';
    each(arg, slash ? path : ".");
}

void state_folders(const char *path, void (*each)(void *arg, const char *folder), void *arg)
{
    CLEANUP(free_text) char *name = strdup(path), *real = realpath(path, NULL);

    if (name)
        tell_folder(name, each, arg);
    if (real)
        tell_folder(real, each, arg);
}

int state_append(const char *path, const char *line)
{
    CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    return fd < 0 ? -errno : fs_write_all(fd, line, strlen(line));
}

/* wrap_fs: the file calls of src/, led here by the linker. They act on a real folder; before each of them the plan may fail it
 * or kill the server, and others may run; after each that can change what a name holds, the oracle looks. */
#include <errno.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "fault.h"
#include "oracle.h"
#include "world.h"
#include "wrap.h"

enum { INODES = 8192 };

/* After a change. */
static int changed(int rc, const char *what, const char *name)
{
    int error = errno;

    if (world_in_server()) {
        world_note("%s %s: %d", what, name, rc < 0 ? -error : rc);
        oracle_look();
    }
    errno = error;
    return rc;
}

/* What is cached is there, or not, as the seed decides. */
static long open_how(int dir, const char *path, const struct open_how *asked, size_t size)
{
    struct open_how how = *asked;

    if (fault_now(CALL_openat2))
        return -1;
    if (world.sim && how.resolve & RESOLVE_CACHED) {
        how.resolve &= ~(uint64_t)RESOLVE_CACHED;
        if (world_chance(100)) {
            errno = EAGAIN;
            return -1;
        }
    }
    return REAL(syscall)(SYS_openat2, dir, path, &how, size);
}

long WRAP(syscall)(long number, ...)
{
    long arg[6];
    va_list args;

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        arg[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_openat2)
        return open_how((int)arg[0], (const char *)arg[1], (const struct open_how *)arg[2], (size_t)arg[3]);
    return REAL(syscall)(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

int WRAP(openat64)(int dir, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (fault_now(CALL_openat))
        return -1;
    return flags & O_CREAT ? changed(REAL(openat64)(dir, path, flags, mode), "create", path)
                           : REAL(openat64)(dir, path, flags, mode);
}

int WRAP(linkat)(int from_dir, const char *from, int dir, const char *to, int flags)
{
    return fault_now(CALL_linkat) ? -1 : changed(REAL(linkat)(from_dir, from, dir, to, flags), "link", to);
}

int WRAP(renameat)(int from_dir, const char *from, int dir, const char *to)
{
    return fault_now(CALL_renameat) ? -1 : changed(REAL(renameat)(from_dir, from, dir, to), "rename", to);
}

int WRAP(renameat2)(int from_dir, const char *from, int dir, const char *to, unsigned flags)
{
    return fault_now(CALL_renameat2) ? -1 : changed(REAL(renameat2)(from_dir, from, dir, to, flags), "rename2", to);
}

int WRAP(unlinkat)(int dir, const char *name, int flags)
{
    return fault_now(CALL_unlinkat) ? -1 : changed(REAL(unlinkat)(dir, name, flags), "unlink", name);
}

int WRAP(mkdirat)(int dir, const char *name, mode_t mode)
{
    return fault_now(CALL_mkdirat) ? -1 : changed(REAL(mkdirat)(dir, name, mode), "mkdir", name);
}

ssize_t WRAP(pwrite64)(int fd, const void *buf, size_t len, off64_t off)
{
    ssize_t n;

    if (fault_now(CALL_pwrite))
        return -1;
    n = changed((int)REAL(pwrite64)(fd, buf, fault_part(len), off), "pwrite", "");
    fault_after();
    return n;
}

ssize_t WRAP(pread64)(int fd, void *buf, size_t len, off64_t off)
{
    return fault_now(CALL_pread) ? -1 : REAL(pread64)(fd, buf, len, off);
}

int WRAP(ftruncate64)(int fd, off64_t len)
{
    return fault_now(CALL_ftruncate) ? -1 : changed(REAL(ftruncate64)(fd, len), "truncate", "");
}

ssize_t WRAP(copy_file_range)(int from, off64_t *from_off, int to, off64_t *to_off, size_t len, unsigned flags)
{
    ssize_t n;

    if (fault_now(CALL_copy))
        return -1;
    n = changed((int)REAL(copy_file_range)(from, from_off, to, to_off, fault_part(len), flags), "copy", "");
    fault_after();
    return n;
}

int WRAP(fsync)(int fd)
{
    (void)fd; /* nothing here survives a loss of power: waiting for the disk would only take time */
    return fault_now(CALL_sync) ? -1 : 0;
}

int WRAP(fdatasync)(int fd)
{
    return WRAP(fsync)(fd);
}

int WRAP(fsetxattr)(int fd, const char *name, const void *value, size_t size, int flags)
{
    return fault_now(CALL_setxattr) ? -1 : REAL(fsetxattr)(fd, name, value, size, flags);
}

ssize_t WRAP(fgetxattr)(int fd, const char *name, void *value, size_t size)
{
    return fault_now(CALL_getxattr) ? -1 : REAL(fgetxattr)(fd, name, value, size);
}

ssize_t WRAP(lgetxattr)(const char *path, const char *name, void *value, size_t size)
{
    return fault_now(CALL_getxattr) ? -1 : REAL(lgetxattr)(path, name, value, size);
}

ssize_t WRAP(getdents64)(int fd, void *buf, size_t len)
{
    return fault_now(CALL_getdents) ? -1 : REAL(getdents64)(fd, buf, len);
}

/* Inodes are numbered as the run meets them: what others do on this machine must not show in names, locks and lengths. The
 * table outlives a server that is killed. */
static struct inodes {
    unsigned n;
    ino64_t real[INODES];
} *inodes;

void wrap_inodes_map(void)
{
    inodes = mmap(NULL, sizeof *inodes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(inodes != MAP_FAILED);
}

void wrap_inodes_begin(void)
{
    inodes->n = 0;
}

static ino64_t number_of(ino64_t real)
{
    unsigned i = inodes->n;

    while (i > 0 && inodes->real[i - 1] != real)
        i--;
    if (i)
        return 1000 + i;
    CHECK(inodes->n < INODES);
    inodes->real[inodes->n++] = real;
    return 1000 + inodes->n;
}

int WRAP(fstatat64)(int fd, const char *name, struct stat64 *out, int flags)
{
    int rc = fault_now(CALL_stat) ? -1 : REAL(fstatat64)(fd, name, out, flags);

    if (rc == 0 && inodes && !world.quiet) {
        out->st_ino = number_of(out->st_ino);
        out->st_dev = 1;
    }
    return rc;
}

/* Whoever holds it is a coroutine of this very thread: it has to go on first. */
int WRAP(flock)(int fd, int how)
{
    if (fault_now(CALL_flock))
        return -1;
    if (!world_in_server() || (how & LOCK_NB))
        return REAL(flock)(fd, how);
    while (REAL(flock)(fd, how | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return -1;
        sim_pause(world.sim, RT_SECONDS(1) / 1000);
    }
    return 0;
}

int WRAP(fchmod)(int fd, mode_t mode)
{
    return fault_now(CALL_chmod) ? -1 : REAL(fchmod)(fd, mode);
}

int WRAP(chmod)(const char *path, mode_t mode)
{
    return fault_now(CALL_chmod) ? -1 : REAL(chmod)(path, mode);
}

int WRAP(utimensat)(int dir, const char *path, const struct timespec *times, int flags)
{
    return fault_now(CALL_utimens) ? -1 : REAL(utimensat)(dir, path, times, flags);
}

int WRAP(fstatvfs64)(int fd, struct statvfs64 *out)
{
    return fault_now(CALL_statfs) ? -1 : REAL(fstatvfs64)(fd, out);
}

/* usage: CPU time and memory of a process group (see usage.h; proc(5)). Called by bench/; owns nothing. A process
 * that ends while it is looked at is left out. Fails with -errno. */
#include "sys/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { TEXT = 1536 }; /* what is looked for stands in the first half of each file */

static int read_text(const char *path, char *text, size_t cap)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, cap - 1);

    if (n < 0)
        return -errno;
    text[n] = '\0';
    return 0;
}

/* "Pss_Anon:   123 kB" -> bytes; 0 when there is no such line. */
static int64_t line_bytes(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    return at ? strtoll(at + strlen(key), NULL, 10) * 1024 : 0;
}

struct stat_line {
    int group;
    int64_t own, reaped; /* ns */
};

/* The name of a program may hold anything, blanks and parentheses too: the fields are counted from behind it. */
static int read_stat(pid_t pid, struct stat_line *out)
{
    char path[32], text[TEXT];
    unsigned long user, sys;
    long reaped_user, reaped_sys;
    int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
    const char *rest;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    TRY(read_text(path, text, sizeof text));
    rest = strrchr(text, ')');
    if (!rest || sscanf(rest, ") %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &out->group, &user, &sys,
                        &reaped_user, &reaped_sys) != 5)
        return -ESRCH;
    out->own = (int64_t)(user + sys) * tick;
    out->reaped = (reaped_user + reaped_sys) * tick;
    return 0;
}

/* The clock of a process counts its threads, those that have ended included, and is finer than its stat line. */
static int64_t own_time(pid_t pid, int64_t otherwise)
{
    struct timespec ts;
    clockid_t id;

    if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &ts) < 0)
        return otherwise;
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int64_t memory_of(pid_t pid)
{
    char path[40], text[TEXT];
    int64_t bytes = 0;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    if (read_text(path, text, sizeof text) == 0)
        bytes += line_bytes(text, "Pss_Anon:") + line_bytes(text, "Pss_Shmem:");
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (read_text(path, text, sizeof text) == 0)
        bytes += line_bytes(text, "VmPTE:");
    return bytes;
}

static void add_process(pid_t pid, pid_t group, int64_t (*memory)(pid_t), struct usage *sum)
{
    struct stat_line line;

    if (read_stat(pid, &line) < 0 || line.group != group)
        return;
    sum->processes++;
    sum->cpu += own_time(pid, line.own) + line.reaped;
    if (memory)
        sum->memory += memory(pid);
}

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static int add_all(pid_t group, int64_t (*memory)(pid_t), struct usage *out)
{
    CLEANUP(close_folder) DIR *folder = opendir("/proc");
    struct usage sum = { 0 };
    const struct dirent *e;

    if (!folder)
        return -errno;
    while ((e = readdir(folder)))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
            add_process((pid_t)strtol(e->d_name, NULL, 10), group, memory, &sum);
    *out = sum;
    return sum.processes ? 0 : -ESRCH;
}

int usage_cpu(pid_t group, struct usage *out)
{
    return add_all(group, NULL, out);
}

int usage_memory(pid_t group, struct usage *out)
{
    return add_all(group, memory_of, out);
}

int usage_kernel(int64_t *bytes)
{
    char text[TEXT];

    TRY(read_text("/proc/meminfo", text, sizeof text));
    *bytes = line_bytes(text, "\nSlab:") + line_bytes(text, "\nKernelStack:");
    return 0;
}

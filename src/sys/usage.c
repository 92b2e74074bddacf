/* usage: CPU time and memory of a server's processes (see usage.h; proc(5), cgroups(7)). Called by bench/; owns nothing. A
 * process that ends while it is looked at is left out. Fails with -errno. */
#include "sys/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

struct process {
    pid_t pid;
    int parent, group;
    int64_t own, reaped; /* ns */
    bool counts;
};

/* The name of a program may hold anything, blanks and parentheses too: the fields are counted from behind it. */
static int read_stat(pid_t pid, struct process *out)
{
    char path[32], text[TEXT];
    unsigned long user, sys;
    long reaped_user, reaped_sys;
    int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
    const char *rest;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    TRY(read_text(path, text, sizeof text));
    *out = (struct process){ .pid = pid };
    rest = strrchr(text, ')');
    if (!rest || sscanf(rest, ") %*c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &out->parent, &out->group, &user,
                        &sys, &reaped_user, &reaped_sys) != 6)
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

/* ---- who belongs to it ---- */

struct table {
    struct process *at;
    size_t len, cap;
};

static void table_free(struct table *t)
{
    free(t->at);
}

static int table_add(struct table *t, const struct process *p)
{
    if (t->len == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 256;
        struct process *more = realloc(t->at, cap * sizeof *more);

        if (!more)
            return -ENOMEM;
        t->at = more;
        t->cap = cap;
    }
    t->at[t->len++] = *p;
    return 0;
}

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static int table_read(struct table *t)
{
    CLEANUP(close_folder) DIR *folder = opendir("/proc");
    const struct dirent *e;
    struct process p;

    if (!folder)
        return -errno;
    while ((e = readdir(folder)))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && read_stat((pid_t)strtol(e->d_name, NULL, 10), &p) == 0)
            TRY(table_add(t, &p));
    return 0;
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool parent_counts(const struct table *t, const struct process *p)
{
    struct process key = { .pid = p->parent };
    const struct process *parent = bsearch(&key, t->at, t->len, sizeof *t->at, by_pid);

    return parent && parent->counts;
}

/* Its children, theirs, and whom a child has left behind in its group. Again until nobody is found any more: numbers wrap, and
 * a parent may stand behind its child. */
static void mark_family(struct table *t, pid_t first)
{
    bool more = true;

    qsort(t->at, t->len, sizeof *t->at, by_pid);
    while (more) {
        more = false;
        for (struct process *p = t->at; p < t->at + t->len; p++)
            if (!p->counts && (p->pid == first || p->group == first || parent_counts(t, p)))
                p->counts = more = true;
    }
}

/* ---- the sums ---- */

/* "usage_usec 123" in cpu.stat, or, where groups are of the first kind, cpuacct.usage in ns. */
static int cgroup_number(const char *folder, const char *file, const char *key, int64_t *value)
{
    char path[512], text[128];
    int n = snprintf(path, sizeof path, "%s/%s", folder, file);

    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    TRY(read_text(path, text, sizeof text));
    if (strncmp(text, key, strlen(key)) != 0)
        return -EBADMSG;
    *value = strtoll(text + strlen(key), NULL, 10);
    return 0;
}

static int cgroup_time(const char *folder, int64_t *ns)
{
    int64_t us;

    if (cgroup_number(folder, "cpu.stat", "usage_usec ", &us) < 0)
        return cgroup_number(folder, "cpuacct.usage", "", ns);
    *ns = us * 1000;
    return 0;
}

static int add_all(const struct usage_of *of, int64_t (*memory)(pid_t), struct usage *out)
{
    CLEANUP(table_free) struct table t = { 0 };
    struct usage sum = { 0 };

    TRY(table_read(&t));
    mark_family(&t, of->pid);
    for (const struct process *p = t.at; p < t.at + t.len; p++) {
        if (!p->counts)
            continue;
        sum.processes++;
        sum.cpu += of->cgroup ? 0 : own_time(p->pid, p->own) + p->reaped;
        sum.memory += memory ? memory(p->pid) : 0;
    }
    if (of->cgroup)
        TRY(cgroup_time(of->cgroup, &sum.cpu));
    *out = sum;
    return sum.processes ? 0 : -ESRCH;
}

int usage_cpu(const struct usage_of *of, struct usage *out)
{
    return add_all(of, NULL, out);
}

int usage_memory(const struct usage_of *of, struct usage *out)
{
    return add_all(of, memory_of, out);
}

int usage_kernel(int64_t *bytes)
{
    char text[TEXT];

    TRY(read_text("/proc/meminfo", text, sizeof text));
    *bytes = line_bytes(text, "\nSlab:") + line_bytes(text, "\nKernelStack:");
    return 0;
}

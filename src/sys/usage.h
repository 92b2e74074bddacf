/* usage: what the processes of a server have cost so far, read from /proc. -errno on failure. */
#ifndef DRAY_SYS_USAGE_H
#define DRAY_SYS_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
    unsigned processes;
    int64_t cpu;    /* ns, user and system: of all that live, and to 10 ms of all that they have reaped */
    int64_t memory; /* bytes, by usage_memory: share (PSS) of anonymous and shared memory, and page tables */
};

/* Whose: a process, all that descend from it, and all in the process group that it leads. Who was left behind outside of it
 * when his parent ended is missed, and so is the time of a child that ended without being waited for: a control group misses
 * nobody. */
struct usage_of {
    pid_t pid;
    const char *cgroup; /* its folder: CPU time is what that says; NULL: none */
};

/* -ESRCH when there is no such process. */
int usage_cpu(const struct usage_of *of, struct usage *out);
/* As usage_cpu, and the memory. Code and files are left out: they are there once, however many sessions there are. */
int usage_memory(const struct usage_of *of, struct usage *out);

/* Bytes that the kernel itself uses on the whole machine: slab and kernel stacks. */
int usage_kernel(int64_t *bytes);

#endif

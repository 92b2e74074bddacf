/* usage: what the processes of a group have cost so far, read from /proc. -errno on failure. */
#ifndef DRAY_SYS_USAGE_H
#define DRAY_SYS_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
    unsigned processes;
    int64_t cpu;    /* ns, user and system: of all that live, and to 10 ms of all that they have reaped */
    int64_t memory; /* bytes, by usage_memory: share (PSS) of anonymous and shared memory, and page tables */
};

/* Of every process in the group; -ESRCH when there is none. */
int usage_cpu(pid_t group, struct usage *out);
/* As usage_cpu, and the memory. Code and files are left out: they are there once, however many sessions there are. */
int usage_memory(pid_t group, struct usage *out);

/* Bytes that the kernel itself uses on the whole machine: slab and kernel stacks. */
int usage_kernel(int64_t *bytes);

#endif

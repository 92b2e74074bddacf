/* child: programs and helpers that a measurement starts. Each is the leader of a process group of its own, so that
 * whatever it starts is counted and ended with it; it dies with its parent. -errno on failure. */
#ifndef DRAY_SYS_CHILD_H
#define DRAY_SYS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Measured and measuring processes keep to different processors where there are two: the first half or the second of
 * those that we may use. */
enum child_cpus { CHILD_ANY, CHILD_FIRST_HALF, CHILD_SECOND_HALF };

/* How many processors that are; at least 1. */
unsigned child_cpus(enum child_cpus cpus);

struct child {
    pid_t pid; /* 0: none; also the number of its process group */
    int out;   /* reads its standard output, non-blocking; -1: not caught */
};

#define CHILD_NONE ((struct child){ .out = -1 })

/* Runs the program at `path`, without any DRAY_* in its environment. A program that cannot be run is seen by the
 * end of its output. */
int child_exec(const char *path, char *const argv[], enum child_cpus cpus, struct child *out);
/* The same with another working folder. */
int child_exec_in(const char *folder, const char *path, char *const argv[], enum child_cpus cpus, struct child *out);
/* fork(2): 1 in the child, 0 in the parent. The child holds no signal back and leaves by child_exit. */
int child_fork(enum child_cpus cpus, struct child *out);
_Noreturn void child_exit(int code);
/* From now on this process gives way to all others. */
void child_be_meek(void);
/* The CPU time of a child so far, in ns; 0 when there is none. */
int64_t child_cpu(const struct child *child);

/* What it has printed: bytes, 0 at the end, -EAGAIN. */
ssize_t child_read(const struct child *child, void *buf, size_t len);

/* Waits for its end: its exit code, 128 and more after a signal. A CHILD_NONE is what remains. */
int child_wait(struct child *child);
/* SIGTERM and `seconds` for an orderly end (0: none), then SIGKILL for the whole group; reaped. A CHILD_NONE is
 * fine and is what remains. */
void child_end(struct child *child, unsigned seconds);

/* "FOLDER/name", FOLDER being where this program's file is. */
int child_beside(const char *name, char *out, size_t cap);
/* Where PATH has a program of that name, by an absolute path; -ENOENT. */
int child_in_path(const char *name, char *out, size_t cap);
/* May it be run? */
bool child_runnable(const char *path);

#endif

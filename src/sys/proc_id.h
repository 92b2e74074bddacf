/* proc_id: a process for as long as it lives, and none that is given its number afterwards. For claims in shared memory, that
 * have to end when whoever made them was killed. */
#ifndef DRAY_SYS_PROC_ID_H
#define DRAY_SYS_PROC_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_id {
    pid_t pid;
    uint64_t born; /* clock ticks since boot; 0: this machine does not tell */
};

/* The caller. Cheap. */
struct proc_id proc_self(void);
/* Is it still there? Nobody: no. */
bool proc_lives(const struct proc_id *);

#endif

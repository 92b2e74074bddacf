/* slow: a disk that takes its time, within a place: its files are there a second time, and each read of those waits. */
#ifndef DRAY_BENCH_SLOW_H
#define DRAY_BENCH_SLOW_H

#include <stdbool.h>

#include "rt/rt.h"
#include "sys/child.h"

#define SLOW_FOLDER "slow" /* within the place */

/* Is the program there that shows one? */
bool slow_exists(void);
/* Mounts it; returns when it is there. -ENOTCONN: this may not be done here, -ETIMEDOUT. child_end unmounts. */
int slow_start(struct rt_task *task, const char *place, struct child *child);

#endif

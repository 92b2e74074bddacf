/* clock: the clocks. Only rt reads the first; everything above asks rt_now. */
#ifndef DRAY_SYS_CLOCK_H
#define DRAY_SYS_CLOCK_H

#include <stdint.h>

int64_t clock_mono(void); /* CLOCK_MONOTONIC in ns: for deadlines */
int64_t clock_wall(void); /* seconds since 1970, UTC: for people, and beside times of files: none that is written from now on is earlier */
int64_t clock_wall_ns(void); /* exact */
void clock_sleep(int64_t ns); /* this thread, whatever there is to do; less than a second */

#endif

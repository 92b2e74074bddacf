/* board: the scoreboard that all workers share: a seat for each session. It lives in memory mapped before the first fork, so
 * that limits count the same for processes, threads and coroutines. A seat is claimed by compare-and-swap on its pid; whoever
 * reaps a dead process frees the seats that it held, so the count is exact after a kill -9. */
#ifndef DRAY_OBS_BOARD_H
#define DRAY_OBS_BOARD_H

#include <stddef.h>
#include <sys/types.h>

struct board;
struct seat;

/* `seats`: the largest number of sessions at once. NULL without memory. Never freed. */
struct board *board_new(unsigned seats);

/* A seat for a session from this address (addr_len 4 or 16 bytes). per_address 0: no limit. Never lets more in than the
 * limits say, at whatever concurrency. -EUSERS: all seats are taken; -EDQUOT: this address has its share. */
int seat_take(struct board *, const unsigned char *addr, size_t addr_len, unsigned per_address, struct seat **out);
/* NULL is fine. */
void seat_leave(struct seat **);

/* Frees what a process that has died held. */
void board_reap(struct board *, pid_t pid);
/* Sessions now. */
unsigned board_count(const struct board *);
unsigned board_seats(const struct board *);

#endif

/* board_file: the scoreboard as a file of the user's runtime folder, so that other processes can read it. The file
 * is mapped by the server and all its workers, locked for as long as one of them lives, and removed at a clean
 * end; what a killed server left behind is swept by the next one. */
#ifndef DRAY_OBS_BOARD_FILE_H
#define DRAY_OBS_BOARD_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct board;

struct board_about {
    pid_t pid;
    int64_t since;     /* CLOCK_MONOTONIC, ns */
    char model[24];
    char folder[1024]; /* cut */
};

struct board_file {
    int dir; /* -1: there is no file */
    char name[24];
};

/* A board that `dray status` finds. On failure nothing is left behind, and board_new still works. */
int board_publish(unsigned seats, const struct board_about *, struct board_file *, struct board **out);
/* Removes the file; the memory stays. */
void board_withdraw(struct board_file *);

/* Calls each() for the running servers of this user (pid 0), or one of them; the number of calls. */
int board_each(pid_t pid, void (*each)(const struct board *, void *arg), void *arg);
/* The same, to change them: nothing but what may be changed at any time, by atomic stores. */
int board_change(pid_t pid, void (*change)(struct board *, void *arg), void *arg);
const struct board_about *board_about(const struct board *);

#endif

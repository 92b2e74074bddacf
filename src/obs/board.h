/* board: the scoreboard that all workers share: a seat for each session, and the server's totals. It lives in
 * memory mapped before the first fork, so that limits and counts are the same for processes, threads and
 * coroutines. A seat is claimed by compare-and-swap on its owner's pid; whoever reaps a dead process frees the
 * seats that it held, so the count is exact after a kill -9. Other processes (`dray status`) may read along: see
 * board_file.h. Every seat_ function takes NULL. */
#ifndef DRAY_OBS_BOARD_H
#define DRAY_OBS_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct board;
struct seat;

enum stat_id {
#define STAT(name, help) STAT_##name,
#include "obs/stats.def"
#undef STAT
    STATS
};

struct stat_row {
    const char *name, *help;
};
extern const struct stat_row stat_rows[STATS];

enum seat_doing { SEAT_CONNECTED, SEAT_IDLE, SEAT_LISTING, SEAT_SENDING, SEAT_RECEIVING, SEAT_HASHING };
/* "connected", "idle", ... */
const char *seat_doing_name(enum seat_doing);

/* `seats`: the largest number of sessions at once. NULL without memory. Never freed. */
struct board *board_new(unsigned seats);

/* ---- a session, of its own seat; times are CLOCK_MONOTONIC in ns ---- */

struct guest {
    const unsigned char *addr; /* 4 or 16 bytes */
    unsigned addr_len;
    uint16_t port;
    int64_t now;
};

/* A seat for a session. per_address 0: no limit. Never lets more in than the limits say, at whatever concurrency.
 * -EUSERS: all seats are taken; -EDQUOT: this address has its share. */
int seat_take(struct board *, const struct guest *, unsigned per_address, struct seat **out);
void seat_leave(struct seat **);

/* Logged in, or out again (NULL). */
void seat_account(struct seat *, const char *name, int64_t now);
/* Logged in, if no more than `most` (0: no limit) are then logged in as this account: exact at whatever concurrency. -EUSERS. The
 * seat is logged out before. */
int seat_login(struct seat *, const char *name, unsigned most, int64_t now);
/* A transfer, listing or checksum begins; of a long path the end is kept. size -1: not known. */
void seat_doing(struct seat *, enum seat_doing, const char *path, int64_t size, int64_t now);
/* Bytes of it have moved, or were read. */
void seat_moved(struct seat *, int64_t n);
/* It has ended, well or not; nothing happens when none was under way. */
void seat_done(struct seat *, bool well, int64_t now);
void seat_count(struct seat *, enum stat_id);

/* ---- the whole ---- */

/* What all sessions of the server, or of one account, share of the bandwidth; way: enum of conf/rates.h. */
struct pace_bucket *board_pace(struct board *, unsigned way);
struct pace_bucket *board_account_pace(struct board *, const char *account, unsigned way, int64_t now);

/* Frees what a process that has died held. */
void board_reap(struct board *, pid_t pid);
/* Sessions now. */
unsigned board_count(const struct board *);
unsigned board_seats(const struct board *);
/* No seat from this number on was ever taken. */
unsigned board_top(const struct board *);
uint64_t board_total(const struct board *, enum stat_id);

enum { SEAT_ACCOUNT = 64, SEAT_PATH = 128 };

struct seat_view {
    pid_t pid;
    unsigned char addr[16];
    unsigned addr_len;
    uint16_t port;
    enum seat_doing doing;
    int64_t since, doing_since;   /* the session's begin; that of what it is doing */
    int64_t bytes, size;          /* of what it is doing; size -1: not known */
    char account[SEAT_ACCOUNT + 1]; /* "": not logged in */
    char path[SEAT_PATH + 1];
};

/* A true copy of seat i, from any process: false when nobody sits there. */
bool board_view(const struct board *, unsigned i, struct seat_view *out);

#endif

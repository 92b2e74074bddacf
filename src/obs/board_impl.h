/* board_impl: how the shared memory is laid out; for the board's own files. No pointer is stored in it: every process
 * may have it elsewhere. Behind the seats follow arrays of one entry a seat, dense so that scans read few pages:
 *
 *   header, totals, limits | seats | paths | owners | hashes | buckets | names | busy bits
 *
 * A seat costs 128 bytes, its path 128 more that are touched by its first transfer, and 16 in the dense arrays. */
#ifndef DRAY_OBS_BOARD_IMPL_H
#define DRAY_OBS_BOARD_IMPL_H

#include <stdatomic.h>

#include "obs/board.h"
#include "obs/board_file.h"
#include "obs/pace.h"
#include "sys/lock.h"

enum { BOARD_VERSION = 3, STRIPES = 16, PATH_WORDS = SEAT_PATH / 8 };
#define BOARD_MAGIC UINT64_C(0x3144524f42594152) /* "RAYBORD1" */

/* What changes seldom and is read as one. No padding: it is copied by words. */
struct seat_info {
    int64_t since, doing_since, size;
    unsigned char addr[16];
    uint16_t port;
    uint8_t addr_len, doing, pad[4];
    char account[SEAT_ACCOUNT];
};
enum { INFO_WORDS = sizeof(struct seat_info) / 8 };

struct seat {
    _Alignas(128) _Atomic(uint32_t) seq; /* odd: being written */
    uint16_t number;
    _Atomic(uint8_t) doing; /* the owner's copy of the one in info, for seat_moved */
    _Atomic(int64_t) bytes;
    _Atomic(uint64_t) info[INFO_WORDS];
};
_Static_assert(sizeof(struct seat_info) == 112 && sizeof(struct seat) == 128, "a seat is two cache lines");

struct stripe {
    _Alignas(128) _Atomic(uint64_t) n[STATS];
};

/* What all sessions of an account share; key 0: free. */
struct account_row {
    _Atomic(uint64_t) key;
    struct pace_bucket pace[2];
};
enum { ACCOUNT_ROWS = 1024 };

/* Who was wrong lately; key 0: free. Addresses first, then names. */
struct ban_row {
    _Atomic(uint64_t) key;
    _Atomic(int64_t) last, until;
    _Atomic(uint32_t) failures, bans, refused;
    _Atomic(uint64_t) name[SEAT_ACCOUNT / 8]; /* of names only */
};
enum { BAN_ADDRS = 1024, BAN_NAMES = 512 };

struct board {
    _Atomic(uint64_t) magic; /* written last */
    uint32_t version, n;
    uint64_t size;
    struct board_about about;
    _Atomic(uint32_t) top; /* no seat from here on was ever taken */
    struct stripe stripes[STRIPES];
    struct lock lock; /* held for a few instructions: while logins are counted and rows change hands */
    struct pace_bucket pace[2];
    struct account_row accounts[ACCOUNT_ROWS];
    uint64_t seed;
    struct ban_row bans[BAN_ADDRS + BAN_NAMES];
    struct seat seats[];
};

static inline _Atomic(uint64_t) *board_path(const struct board *b, unsigned i)
{
    return (_Atomic(uint64_t) *)(uintptr_t)&b->seats[b->n] + (size_t)i * PATH_WORDS;
}

/* The pids of those who sit there; 0: free. */
static inline _Atomic(pid_t) *board_owners(const struct board *b)
{
    return (_Atomic(pid_t) *)(void *)board_path(b, b->n);
}

/* Of each seat's address; 0: nobody sits there (any more, or yet). */
static inline _Atomic(uint32_t) *board_hashes(const struct board *b)
{
    return (_Atomic(uint32_t) *)(void *)(board_owners(b) + b->n);
}

/* Seats for each hash modulo n: never too low, and too high by collisions only. */
static inline _Atomic(uint32_t) *board_buckets(const struct board *b)
{
    return board_hashes(b) + b->n;
}

/* Of the account that is logged in there; 0: none. */
static inline _Atomic(uint32_t) *board_names(const struct board *b)
{
    return board_buckets(b) + b->n;
}

/* A bit for each seat that is taken, as a hint where to look for a free one. Aligned: before it are 16 n bytes. */
static inline _Atomic(uint64_t) *board_busy(const struct board *b)
{
    return (_Atomic(uint64_t) *)(void *)(board_names(b) + b->n);
}

size_t board_size(unsigned seats);
/* Makes zeroed memory of that size a board. */
void board_init(struct board *, unsigned seats);
/* The first words of a seat's tenure. */
void seat_begin(struct seat *, const struct guest *);
uint32_t board_hash(const void *bytes, size_t len); /* never 0 */
bool seat_same_account(const struct board *, unsigned i, const char *name);
bool seat_same_address(const struct board *, unsigned i, const struct guest *);
struct board *board_of(const struct seat *);
void board_add(struct board *, unsigned stripe, enum stat_id, uint64_t n);

#endif

/* board: seats, limits and totals in shared memory (see board.h, and board_impl.h for the layout). Called by
 * sessions, and by the models for the dead; owns nothing but the mapping. A full house and a greedy address are
 * -errno, nothing else fails.
 *
Seats. A seat is taken when its owner is somebody: one compare-and-swap. The lowest free one is taken, so memory
 * grows with the crowd and no scan reads beyond `top`. The bits that lead to a free seat are hints: a kill can
 * leave one wrong, then the search over the owners finds what they hide.
 *
Addresses. A bucket counts the seats of all addresses that fall into it. It is raised before a seat is counted
 * and lowered after it is not, so it is never too low, killed or not: whoever finds it within the limit may stay.
 * Only above the limit (a greedy address, or a collision) the seats are counted one by one, by four bytes each.
 *
Totals. Each is a single atomic addition to memory that outlives the worker: nothing is kept in the worker to be
 * folded in later, so a kill -9 at any point loses no count and adds none twice. A seat always adds to the same
 * one of 16 stripes, so two workers seldom meet on a cache line; the reader sums. */
#include <errno.h>

#include "base/check.h"
#include "obs/board_impl.h"
#include "sys/fs.h"
#include "sys/proc.h"

/* ---- totals ---- */

const struct stat_row stat_rows[STATS] = {
#define STAT(name, help) { #name, help },
#include "obs/stats.def"
#undef STAT
};

void board_add(struct board *b, unsigned stripe, enum stat_id what, uint64_t n)
{
    atomic_fetch_add_explicit(&b->stripes[stripe % STRIPES].n[what], n, memory_order_relaxed);
}

uint64_t board_total(const struct board *b, enum stat_id what)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < STRIPES; i++)
        sum += atomic_load_explicit(&b->stripes[i].n[what], memory_order_relaxed);
    return sum;
}

/* ---- the memory ---- */

static size_t words(unsigned seats)
{
    return (seats + 63) / 64;
}

size_t board_size(unsigned seats)
{
    size_t each = sizeof(struct seat) + SEAT_PATH + sizeof(pid_t) + 3 * sizeof(uint32_t);

    return sizeof(struct board) + (seats + 1) * each + words(seats) * 8;
}

void board_init(struct board *b, unsigned seats)
{
    CHECK(seats && seats <= UINT16_MAX + 1);
    b->version = BOARD_VERSION;
    b->n = seats;
    b->size = board_size(seats);
    lock_init(&b->lock);
    b->seed = fs_random();
    atomic_store(&b->magic, BOARD_MAGIC);
}

struct board *board_new(unsigned seats)
{
    struct board *b = proc_shared(board_size(seats));

    if (b)
        board_init(b, seats);
    return b;
}

struct board *board_of(const struct seat *s)
{
    return (struct board *)((uintptr_t)(s - s->number) - offsetof(struct board, seats));
}

/* ---- a free seat ---- */

static void raise_top(struct board *b, unsigned top)
{
    uint32_t now = atomic_load(&b->top);

    while (now < top && !atomic_compare_exchange_weak(&b->top, &now, top))
        ;
}

static struct seat *sit(struct board *b, unsigned i)
{
    pid_t nobody = 0;

    if (i >= b->n || !atomic_compare_exchange_strong(&board_owners(b)[i], &nobody, proc_pid()))
        return NULL;
    raise_top(b, i + 1);
    atomic_fetch_or(&board_busy(b)[i / 64], UINT64_C(1) << i % 64);
    b->seats[i].number = (uint16_t)i;
    return &b->seats[i];
}

static struct seat *sit_among(struct board *b, unsigned word)
{
    uint64_t left = ~atomic_load_explicit(&board_busy(b)[word], memory_order_relaxed);
    struct seat *s = NULL;

    for (; left && !s; left &= left - 1)
        s = sit(b, word * 64 + (unsigned)__builtin_ctzll(left));
    return s;
}

static struct seat *claim(struct board *b)
{
    struct seat *s = NULL;

    for (unsigned w = 0; w < words(b->n) && !s; w++)
        s = sit_among(b, w);
    for (unsigned i = 0; i < b->n && !s; i++)
        if (atomic_load_explicit(&board_owners(b)[i], memory_order_relaxed) == 0)
            s = sit(b, i);
    return s;
}

/* ---- addresses ---- */

/* FNV-1a */
uint32_t board_hash(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ at[i]) * 16777619u;
    return h ? h : 1;
}

static unsigned count_addr(const struct board *b, const struct guest *g, uint32_t hash)
{
    unsigned count = 0, top = board_top(b);

    for (unsigned i = 0; i < top; i++)
        count += atomic_load(&board_hashes(b)[i]) == hash && seat_same_address(b, i, g);
    return count;
}

/* First sit down, then count: of two that arrive together at the limit both may be refused, never both let in.
 * Whoever is let in by the bucket alone looked into it when his own seat could already be counted. */
static bool is_greedy(struct board *b, const struct seat *s, const struct guest *g, unsigned limit)
{
    uint32_t hash = board_hash(g->addr, g->addr_len);
    _Atomic(uint32_t) *bucket = &board_buckets(b)[hash % b->n];

    atomic_fetch_add(bucket, 1);
    atomic_store(&board_hashes(b)[s->number], hash);
    return limit && atomic_load(bucket) > limit && count_addr(b, g, hash) > limit;
}

/* ---- coming and going ---- */

static int refuse(struct board *b, int rc)
{
    board_add(b, 0, STAT_refused, 1);
    return rc;
}

int seat_take(struct board *b, const struct guest *g, unsigned per_address, struct seat **out)
{
    struct seat *s = claim(b);

    CHECK(g->addr_len <= 16);
    if (!s)
        return refuse(b, -EUSERS);
    seat_begin(s, g);
    if (is_greedy(b, s, g, per_address)) {
        seat_leave(&s);
        return refuse(b, -EDQUOT);
    }
    board_add(b, s->number, STAT_connections, 1);
    *out = s;
    return 0;
}

void seat_leave(struct seat **seat)
{
    struct board *b = *seat ? board_of(*seat) : NULL;
    unsigned i = *seat ? (*seat)->number : 0;
    uint32_t hash;

    if (!b)
        return;
    atomic_store(&board_names(b)[i], 0);
    hash = atomic_exchange(&board_hashes(b)[i], 0);
    if (hash)
        atomic_fetch_sub(&board_buckets(b)[hash % b->n], 1);
    atomic_fetch_and(&board_busy(b)[i / 64], ~(UINT64_C(1) << i % 64));
    atomic_store(&board_owners(b)[i], 0);
    *seat = NULL;
}

void board_reap(struct board *b, pid_t pid)
{
    unsigned top = board_top(b);

    for (unsigned i = 0; i < top; i++) {
        struct seat *s = &b->seats[i];

        if (atomic_load_explicit(&board_owners(b)[i], memory_order_relaxed) != pid)
            continue;
        s->number = (uint16_t)i; /* the dead may not have come to it */
        board_add(b, i, STAT_lost, atomic_load(&board_hashes(b)[i]) != 0);
        seat_leave(&s);
    }
}

unsigned board_count(const struct board *b)
{
    unsigned count = 0, top = board_top(b);

    for (unsigned i = 0; i < top; i++)
        count += atomic_load_explicit(&board_hashes(b)[i], memory_order_relaxed) != 0;
    return count;
}

unsigned board_seats(const struct board *b)
{
    return b->n;
}

unsigned board_top(const struct board *b)
{
    unsigned top = atomic_load(&b->top);

    return top < b->n ? top : b->n;
}

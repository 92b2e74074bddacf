/* board: seats in shared memory (see board.h). Two arrays: the seats themselves, and beside them a hash of each seat's
 * address, so that counting one address reads four bytes a seat. A seat's address is written before its hash is stored, and
 * the hash (never 0) says that the address may be read. */
#include "obs/board.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "sys/proc.h"

struct seat {
    _Atomic(pid_t) pid; /* 0: free */
    _Atomic(uint32_t) *hash;
    unsigned char addr[16];
    unsigned char addr_len;
};

struct board {
    unsigned n;
    _Atomic(unsigned) next; /* where to look first */
    _Atomic(uint32_t) *hashes;
    struct seat seats[];
};

struct board *board_new(unsigned seats)
{
    size_t head = sizeof(struct board) + seats * sizeof(struct seat);
    struct board *b = proc_shared(head + seats * sizeof(_Atomic(uint32_t)));

    if (!b)
        return NULL;
    b->n = seats;
    b->hashes = (_Atomic(uint32_t) *)(void *)((char *)b + head);
    for (unsigned i = 0; i < seats; i++)
        b->seats[i].hash = &b->hashes[i];
    return b;
}

/* FNV-1a; never 0 */
static uint32_t hash_addr(const unsigned char *addr, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ addr[i]) * 16777619u;
    return h ? h : 1;
}

static struct seat *claim(struct board *b)
{
    unsigned start = atomic_fetch_add_explicit(&b->next, 1, memory_order_relaxed);

    for (unsigned i = 0; i < b->n; i++) {
        struct seat *s = &b->seats[(start + i) % b->n];
        pid_t nobody = 0;

        if (atomic_load_explicit(&s->pid, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&s->pid, &nobody, proc_pid()))
            return s;
    }
    return NULL;
}

static unsigned count_addr(const struct board *b, const struct seat *me, uint32_t hash)
{
    unsigned count = 0;

    for (unsigned i = 0; i < b->n; i++) {
        const struct seat *s = &b->seats[i];

        if (atomic_load(&b->hashes[i]) == hash && s->addr_len == me->addr_len &&
            memcmp(s->addr, me->addr, me->addr_len) == 0)
            count++;
    }
    return count;
}

int seat_take(struct board *b, const unsigned char *addr, size_t addr_len, unsigned per_address, struct seat **out)
{
    struct seat *s = claim(b);
    uint32_t hash = hash_addr(addr, addr_len);

    CHECK(addr_len <= sizeof s->addr);
    if (!s)
        return -EUSERS;
    memcpy(s->addr, addr, addr_len);
    s->addr_len = (unsigned char)addr_len;
    atomic_store(s->hash, hash);
    /* first sit down, then count: of two that arrive together at the limit both may be refused, never both let in */
    if (per_address && count_addr(b, s, hash) > per_address) {
        seat_leave(&s);
        return -EDQUOT;
    }
    *out = s;
    return 0;
}

void seat_leave(struct seat **seat)
{
    if (!*seat)
        return;
    atomic_store((*seat)->hash, 0);
    atomic_store(&(*seat)->pid, 0);
    *seat = NULL;
}

void board_reap(struct board *b, pid_t pid)
{
    for (unsigned i = 0; i < b->n; i++) {
        struct seat *s = &b->seats[i];

        if (atomic_load(&s->pid) == pid)
            seat_leave(&s);
    }
}

unsigned board_count(const struct board *b)
{
    unsigned count = 0;

    for (unsigned i = 0; i < b->n; i++)
        count += atomic_load_explicit(&b->hashes[i], memory_order_relaxed) != 0;
    return count;
}

unsigned board_seats(const struct board *b)
{
    return b->n;
}

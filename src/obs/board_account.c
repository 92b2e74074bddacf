/* board_account: what the sessions of one account share: how many there may be, and a bucket of bandwidth for each direction.
 * Called by sessions at their login and when a transfer begins. Owns nothing but the rows in the scoreboard. The lock is held
 * for one look at four bytes a seat, or at the rows of one set, and nothing is half done under it: whoever is killed there has
 * written his seat or not.
 *
 * Rows. A row belongs to an account while somebody moves bytes for it, and may be taken over when nobody has for ten minutes, far
 * longer than a transfer can stall. When all of a set are in use, two accounts share one: both get less, none gets more. */
#include <errno.h>
#include <string.h>

#include "obs/board_impl.h"

enum { WAYS = 8, SETS = ACCOUNT_ROWS / WAYS };
#define UNUSED_FOR INT64_C(600000000000)

/* ---- sessions ---- */

static unsigned count_account(const struct board *b, const char *name, uint32_t hash)
{
    unsigned count = 0, top = board_top(b);

    for (unsigned i = 0; i < top; i++)
        count += atomic_load(&board_names(b)[i]) == hash && seat_same_account(b, i, name);
    return count;
}

int seat_login(struct seat *s, const char *name, unsigned most, int64_t now)
{
    struct board *b = s ? board_of(s) : NULL;
    bool room = true;

    if (!b)
        return 0;
    lock_take(&b->lock);
    if (most)
        room = count_account(b, name, board_hash(name, strnlen(name, SEAT_ACCOUNT))) < most;
    if (room)
        seat_account(s, name, now);
    lock_give(&b->lock);
    return room ? 0 : -EUSERS;
}

/* ---- bandwidth ---- */

struct pace_bucket *board_pace(struct board *b, unsigned way)
{
    return &b->pace[way];
}

/* FNV-1a, 64 bits: no two accounts of a server meet in it. */
static uint64_t key_of(const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return h ? h : 1;
}

static struct account_row *find(struct account_row *set, uint64_t key)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (atomic_load(&set[i].key) == key)
            return &set[i];
    return NULL;
}

static bool is_unused(const struct account_row *r, int64_t now)
{
    return atomic_load(&r->pace[0].free_at) < now - UNUSED_FOR && atomic_load(&r->pace[1].free_at) < now - UNUSED_FOR;
}

/* Used from now on, for whoever looks for a row that is not. */
static struct account_row *claim(struct account_row *set, uint64_t key, int64_t now)
{
    struct account_row *r = find(set, key);

    for (unsigned i = 0; i < WAYS && !r; i++)
        if (!atomic_load(&set[i].key) || is_unused(&set[i], now))
            r = &set[i];
    if (!r)
        return &set[key / SETS % WAYS];
    if (atomic_load(&r->key) != key || is_unused(r, now)) {
        atomic_store(&r->pace[0].free_at, now);
        atomic_store(&r->pace[1].free_at, now);
        atomic_store(&r->key, key);
    }
    return r;
}

struct pace_bucket *board_account_pace(struct board *b, const char *account, unsigned way, int64_t now)
{
    uint64_t key = key_of(account);
    struct account_row *set = &b->accounts[key % SETS * WAYS], *r = find(set, key);

    if (!r || is_unused(r, now)) {
        lock_take(&b->lock);
        r = claim(set, key, now);
        lock_give(&b->lock);
    }
    return &r->pace[way];
}

/* bans: the tables of guessers (see bans.h). Called by sessions before they begin and at each login, and by `dray status` and
 * `dray unban`. Owns nothing but rows of the scoreboard, which change hands under its lock. A row is found in the one set of eight
 * where its key belongs; keys are spread by a number that differs in each server, so that nobody can aim at a set. */
#include "obs/bans.h"

#include <string.h>

#include "obs/board_impl.h"

enum { WAYS = 8, DELAY_MAX = 8, NAME_FREE = 4, BAN_GROWS = 5 };
#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

/* ---- keys ---- */

/* An IPv4 address, or the first half of an IPv6 one: the two never meet, as no such network is given out. */
static uint64_t key_of_addr(const struct guest *g)
{
    uint64_t key = 0;

    for (unsigned i = 0; i < g->addr_len && i < 8; i++)
        key = key << 8 | g->addr[i];
    if (g->addr_len == 4)
        key |= UINT64_C(1) << 32;
    return key ? key : 1;
}

static uint64_t key_of_name(struct span name)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (unsigned char)name.at[i]) * UINT64_C(1099511628211);
    return h ? h : 1;
}

static struct ban_row *set_of(struct board *b, bool names, uint64_t key)
{
    uint64_t x = (key ^ b->seed) * UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    x ^= x >> 32;
    return names ? &b->bans[BAN_ADDRS + x % (BAN_NAMES / WAYS) * WAYS] : &b->bans[x % (BAN_ADDRS / WAYS) * WAYS];
}

static struct ban_row *find(struct ban_row *set, uint64_t key)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (atomic_load(&set[i].key) == key)
            return &set[i];
    return NULL;
}

/* ---- under the lock ---- */

static bool is_banned(const struct ban_row *r, int64_t now)
{
    return atomic_load(&r->until) > now;
}

/* What a row is worth: who was banned before weighs more than any failures; 0: free. */
static uint64_t weight(const struct ban_row *r)
{
    return atomic_load(&r->key) ? 1 + (uint64_t)atomic_load(&r->bans) * 1000 + atomic_load(&r->failures) : 0;
}

/* The weakest, and of those the one that was wrong longest ago; NULL when all are banned. */
static struct ban_row *weakest(struct ban_row *set, int64_t now)
{
    struct ban_row *best = NULL;

    for (unsigned i = 0; i < WAYS; i++) {
        struct ban_row *r = &set[i];

        if (is_banned(r, now))
            continue;
        if (!best || weight(r) < weight(best) || (weight(r) == weight(best) && atomic_load(&r->last) < atomic_load(&best->last)))
            best = r;
    }
    return best;
}

static void empty(struct ban_row *r)
{
    atomic_store(&r->key, 0);
    atomic_store(&r->until, 0);
    atomic_store(&r->failures, 0);
    atomic_store(&r->bans, 0);
    atomic_store(&r->refused, 0);
}

static struct ban_row *place(struct ban_row *set, uint64_t key, int64_t now)
{
    struct ban_row *r = find(set, key);

    if (r)
        return r;
    r = weakest(set, now);
    if (r) {
        empty(r);
        atomic_store(&r->last, now);
        atomic_store(&r->key, key);
    }
    return r;
}

/* One more failure; those of long ago do not count any more, and after a day without any neither do bans. */
static unsigned count(struct ban_row *r, struct ban_rules rules, int64_t now)
{
    int64_t quiet = now - atomic_load(&r->last);

    if (quiet > rules.seconds * SECOND)
        atomic_store(&r->failures, 0);
    if (quiet > DAY)
        atomic_store(&r->bans, 0);
    atomic_store(&r->last, now);
    return atomic_fetch_add(&r->failures, 1) + 1;
}

static int64_t ban(struct ban_row *r, struct ban_rules rules, int64_t now)
{
    unsigned before = atomic_fetch_add(&r->bans, 1);
    int64_t time = (rules.seconds * SECOND) << (before < BAN_GROWS ? before : BAN_GROWS);

    atomic_store(&r->failures, 0);
    atomic_store(&r->refused, 0);
    atomic_store(&r->until, now + time);
    return time;
}

static void put_name(struct ban_row *r, struct span name)
{
    char text[SEAT_ACCOUNT] = { 0 };

    memcpy(text, name.at, name.len < sizeof text ? name.len : sizeof text);
    for (size_t i = 0; i < sizeof text / 8; i++) {
        uint64_t w;

        memcpy(&w, text + 8 * i, 8);
        atomic_store(&r->name[i], w);
    }
}

/* ---- what sessions ask ---- */

/* 1, 2, 4, 8, 8 ... */
static unsigned delay_of_addr(unsigned failures)
{
    return failures > 3 ? DELAY_MAX : failures ? 1u << (failures - 1) : 0;
}

/* A few slips of its owner slow nothing; a long attack is slowed more than a short one. */
static unsigned delay_of_name(unsigned failures)
{
    return failures / NAME_FREE < DELAY_MAX ? failures / NAME_FREE : DELAY_MAX;
}

bool ban_holds(struct board *b, const struct guest *g, unsigned *over)
{
    uint64_t key = key_of_addr(g);
    struct ban_row *r = find(set_of(b, false, key), key);

    *over = 0;
    if (!r || !atomic_load(&r->until))
        return false;
    if (is_banned(r, g->now)) {
        atomic_fetch_add(&r->refused, 1);
        return true;
    }
    *over = atomic_exchange(&r->refused, 0);
    return false;
}

static void judge(struct ban_row *addr, struct ban_row *name, struct ban_rules rules, int64_t now, struct ban_verdict *v)
{
    unsigned named = name ? count(name, rules, now) : 0;

    v->delay = DELAY_MAX;
    if (!addr)
        return;
    v->failures = count(addr, rules, now);
    v->delay = delay_of_addr(v->failures);
    if (delay_of_name(named) > v->delay)
        v->delay = delay_of_name(named);
    if (v->failures >= rules.after && !is_banned(addr, now))
        v->banned = ban(addr, rules, now);
}

struct ban_verdict ban_failed(struct board *b, struct ban_rules rules, const struct guest *g, struct span name)
{
    uint64_t addr = key_of_addr(g), called = key_of_name(name);
    struct ban_verdict v = { .delay = 1 };
    struct ban_row *named;

    if (!rules.after)
        return v;
    lock_take(&b->lock);
    named = place(set_of(b, true, called), called, g->now);
    if (named)
        put_name(named, name);
    judge(place(set_of(b, false, addr), addr, g->now), named, rules, g->now, &v);
    lock_give(&b->lock);
    return v;
}

unsigned ban_passed(struct board *b, struct ban_rules rules, const struct guest *g, struct span name)
{
    uint64_t addr = key_of_addr(g), called = key_of_name(name);
    struct ban_row *r;

    if (!rules.after)
        return 0;
    r = find(set_of(b, false, addr), addr);
    if (r)
        atomic_store(&r->failures, 0);
    r = find(set_of(b, true, called), called);
    return r && g->now - atomic_load(&r->last) <= rules.seconds * SECOND ? delay_of_name(atomic_load(&r->failures)) : 0;
}

/* ---- what others ask ---- */

unsigned ban_places(void)
{
    return BAN_ADDRS + BAN_NAMES;
}

static void tell_addr(uint64_t key, struct ban_view *v)
{
    bool four = key >> 32 == 1;

    v->addr_len = four ? 4 : 16;
    for (unsigned i = 0; i < (four ? 4u : 8u); i++)
        v->addr[i] = (unsigned char)(key >> (four ? 24 - 8 * i : 56 - 8 * i));
    if (key == 1)
        v->addr[7] = 0;
}

static void tell_name(const struct ban_row *r, struct ban_view *v)
{
    for (size_t i = 0; i < SEAT_ACCOUNT / 8; i++) {
        uint64_t w = atomic_load(&r->name[i]);

        memcpy(v->name + 8 * i, &w, 8);
    }
}

bool ban_view(const struct board *b, unsigned i, struct ban_view *out)
{
    const struct ban_row *r = &b->bans[i];
    uint64_t key = atomic_load(&r->key);
    struct ban_view v = { .failures = atomic_load(&r->failures), .bans = atomic_load(&r->bans),
                          .refused = atomic_load(&r->refused), .last = atomic_load(&r->last), .until = atomic_load(&r->until) };

    if (!key)
        return false;
    if (i < BAN_ADDRS)
        tell_addr(key, &v);
    else
        tell_name(r, &v);
    *out = v;
    return true;
}

void ban_lift(struct board *b, unsigned i)
{
    empty(&b->bans[i]);
}

/* bans: who has guessed passwords lately: addresses (IPv6 by /64) and account names, in the scoreboard, so that it is the same for all
 * workers. An address that was wrong too often is banned for a while, longer each time. A name is never banned, or anybody could
 * lock its owner out: logins of a name that is being guessed are answered later, right or wrong, known or unknown.
 *
 * The tables have a fixed size. Whoever comes when his set is full takes the place of the weakest who is not banned; a ban in force
 * is never pushed out: newcomers that find no place wait the longest delay. Times are CLOCK_MONOTONIC in ns. Cannot fail. */
#ifndef DRAY_OBS_BANS_H
#define DRAY_OBS_BANS_H

#include "base/span.h"
#include "obs/board.h"

struct ban_rules {
    unsigned after;   /* failures until a ban; 0: nothing is counted, nobody is banned */
    unsigned seconds; /* the first ban; and how long failures are remembered */
};

/* Is the address banned at this moment? It counts as turned away then. *over: how many were turned away by a ban that has ended,
 * told once; else 0. */
bool ban_holds(struct board *, const struct guest *, unsigned *over);

struct ban_verdict {
    unsigned delay;    /* seconds until the answer */
    unsigned failures; /* of the address */
    int64_t banned;    /* ns, when a ban began by this one; else 0 */
};
/* A wrong password, or a name that nobody has. */
struct ban_verdict ban_failed(struct board *, struct ban_rules, const struct guest *, struct span name);
/* A right one: the address is forgiven its failures. How many seconds the answer has to wait because the name is being guessed. */
unsigned ban_passed(struct board *, struct ban_rules, const struct guest *, struct span name);

struct ban_view {
    unsigned char addr[16];
    unsigned addr_len;               /* 0: a name */
    char name[SEAT_ACCOUNT + 1];
    unsigned failures, bans, refused;
    int64_t last, until;             /* until: 0, or the end of the last ban */
};
/* What stands in place i; false: nothing. From any process. */
bool ban_view(const struct board *, unsigned i, struct ban_view *out);
unsigned ban_places(void);
/* Forgets what stands there. From any process that may write. */
void ban_lift(struct board *, unsigned i);

#endif

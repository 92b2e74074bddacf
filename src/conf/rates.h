/* rates: how many bytes a second may move, as the operator says: for the whole server, for each session, for each account or one
 * that is named. Parsed once at the start, then only read. */
#ifndef DRAY_CONF_RATES_H
#define DRAY_CONF_RATES_H

#include "conf/conf.h"

/* Bytes a second, one number for each direction as the server sees it: sent (down) and received (up). 0: no limit. */
struct rate {
    int64_t way[2];
};
enum { RATE_DOWN, RATE_UP };

struct rates {
    struct rate server, session, account; /* account: each that has no limit of its own */
    unsigned n;
    struct {
        struct span name; /* into the options */
        struct rate rate;
    } named[CONF_LIST_MAX];
};

/* From --rate, --rate-session and --rate-account. -EINVAL and a sentence in err. */
int rates_init(struct rates *, const struct conf *, struct buf *err);
/* What holds for all sessions of an account together: what was said of its name, else `own` (its limits, 0: none), else what
 * was said of all. */
int64_t rates_of_account(const struct rates *, struct span name, unsigned way, int64_t own);

#endif

/* stage: what the seed decides before a run begins: how the machine and the network behave, what the server is told, how many
 * clients there are. */
#ifndef T_SIM_STAGE_H
#define T_SIM_STAGE_H

#include "fault.h"
#include "net.h"
#include "oracle.h"
#include "rt/rt_sim.h"

/* What the seed decides before anything begins. */
struct stage {
    struct sim_pace sim;
    struct net_pace net;
    struct fault_pace fault;
    unsigned clients, ops, names;
    bool one_host; /* all clients are there */
    bool durable, late;
    bool memory;   /* the storage is one of memory */
    bool survives; /* who is killed is one of several workers: what they share stays */
    unsigned sums;
    int64_t hide_from, keep_free;
    const char *quota[ACCOUNTS]; /* NULL: none */
    struct oracle_rules rules;
    bool stops, stops_now;
    int64_t stop_at;
};

struct stage stage_of(uint64_t seed);

#endif

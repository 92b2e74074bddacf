/* oracle_impl: what the files of the oracle share. */
#ifndef T_SIM_ORACLE_IMPL_H
#define T_SIM_ORACLE_IMPL_H

#include "oracle.h"

enum { CONTENT_MAX = 1 << 20, ARENA = 48 << 20, VERSIONS = 512, OPS = 512 };

enum kind { IS_ABSENT, IS_FILE, IS_DIR };

struct state {
    enum kind kind;
    struct content content;
};

struct version {
    struct state state;
    uint64_t from, to; /* ticks */
    struct op *by;
};

struct name {
    struct version version[VERSIONS];
    unsigned n;
};

enum stage { FLYING, OVER };

struct op {
    enum op_kind kind;
    enum stage stage;
    struct asker by;
    unsigned name, to;
    struct content payload;
    int64_t keep;
    bool sent;        /* all its data, and their end */
    bool answered;
    unsigned applied; /* it was seen to happen; a rename: 1 here and 2 there */
    bool begun;       /* APPE: it was seen behind base, in the name `place` */
    bool appending;   /* and only a part of it is there */
    struct content base;
    unsigned place;
    uint64_t begin, end;
};

struct oracle {
    int root;
    uint64_t tick, payloads;
    struct name name[NAMES];
    struct op op[OPS], *blame[NAMES];
    unsigned ops;
    struct oracle_counts counts;
    size_t used;
    char arena[ARENA];
};

extern struct oracle *oracle;

struct version *oracle_now(unsigned name);
bool oracle_same(const struct state *, const struct state *);
/* Who made the name hold this? Marks the operation; fails the run when nobody can have done it. */
struct op *explain(unsigned name, const struct state *now);

#endif

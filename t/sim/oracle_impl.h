/* oracle_impl: what the files of the oracle share. */
#ifndef T_SIM_ORACLE_IMPL_H
#define T_SIM_ORACLE_IMPL_H

#include "oracle.h"

enum { CONTENT_MAX = 1 << 20, ARENA = 64 << 20, VERSIONS = 1024, OPS = 512, PLACE_PATH = 80 };

/* Where content can stand: the names, and the partials of each account. */
enum { PLACES = NAMES + ACCOUNTS * NAMES };

enum kind { IS_ABSENT, IS_FILE, IS_DIR };

struct state {
    enum kind kind;
    struct content content;
    uint64_t ino; /* the same content in another file is another version */
};

struct version {
    struct state state;
    uint64_t from, to; /* ticks */
    struct op *by;
    int owner;         /* the account that stored it; -1: nobody */
};

struct place {
    char path[PLACE_PATH]; /* below the root */
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
    bool dropped;     /* it has removed the partial */
    unsigned applied; /* it was seen to happen; a rename: 1 here and 2 there */
    uint64_t begin, end;
};

struct oracle {
    struct oracle_folder where;
    struct oracle_rules rules;
    bool unsure[ACCOUNTS]; /* who kept count died between counting and doing */
    uint64_t tick, payloads;
    struct place place[PLACES];
    struct op op[OPS];
    unsigned ops;
    struct oracle_counts counts;
    size_t used;
    char arena[ARENA];
};

extern struct oracle *oracle;

static inline unsigned place_of_partial(unsigned account, unsigned name)
{
    return NAMES + account * NAMES + name;
}

struct version *oracle_now(unsigned place);
bool oracle_same(const struct state *, const struct state *);
/* Was it there while the operation was under way? */
bool oracle_within(const struct op *, const struct version *);
/* Is it so of any version of its name that was there then? */
bool oracle_any(const struct op *, bool (*is)(const struct op *, const struct version *));
/* Who made the place hold this? Marks the operation; fails the run when nobody can have done it. NULL: the sweep. */
struct op *explain(unsigned place, const struct state *now);
/* "a", or "bob's partial of a"; valid until the next call but one. */
const char *place_name(unsigned place);
/* The sum of what an account has stored; all: partials, too. */
void oracle_usage(unsigned account, bool all, int64_t *bytes, int64_t *files);
/* oracle_reply.c's half of oracle_end. */
void look_for_rests(void);

#endif

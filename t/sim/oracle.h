/* oracle: knows what every name held at every moment of a run, and which operations of which clients can have done it. After
 * each system call that can change a name it looks at the folder: a change that no operation under way explains breaks the
 * promise at once, at the instant and not later. Replies and downloads are held against the same history.
 *
 * Its memory is shared with forked children: it survives the server that is killed. */
#ifndef T_SIM_ORACLE_H
#define T_SIM_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct storage;

enum op_kind { OP_STOR, OP_APPE, OP_RETR, OP_DELE, OP_RENAME, OP_MKD, OP_RMD, OP_SIZE, OP_LIST };

struct content {
    const char *at;
    size_t len;
};

struct op;

/* The names that clients use: a few, so that they meet. */
enum { NAMES = 5, ACCOUNTS = 2 };
extern const char *const oracle_names[NAMES];
/* Who they are: bob may change what is there, ann may only add. */
extern const char *const oracle_accounts[ACCOUNTS];

/* What the run's server does. */
struct oracle_rules {
    int64_t bytes[ACCOUNTS], files[ACCOUNTS]; /* quotas; -1: none */
    bool expires;  /* partials go when they are swept */
    bool faults;   /* calls fail: what cannot be kept or looked at may be missing */
};

/* Once, before any other. */
void oracle_map(void);
/* Where it looks: at a folder, or (not NULL) into a storage that has none. There is nothing but the folder "d" at first. */
struct oracle_folder {
    int root;
    const struct storage *memory;
};

/* A new run. */
void oracle_begin(const struct oracle_folder *, const struct oracle_rules *);
/* The server was killed, and has been started again; or one worker of it, and the others go on counting. */
void oracle_restart(bool counts_anew);
/* The run is over. tidy: nothing was killed, and no call failed: then nothing of the store's own may be left but partials. */
void oracle_end(bool tidy);
/* Looks at the folder. */
void oracle_look(void);

/* Content that no other operation has. */
struct content oracle_payload(size_t len);
/* Memory of the run, for what clients receive. */
char *oracle_room(size_t len);

/* ---- operations ---- */

struct asker {
    unsigned session; /* the port of its control connection */
    unsigned account;
    bool text;        /* TYPE A: cannot be continued, so nothing of it is kept */
};

/* to: for OP_RENAME, an index of oracle_names; keep: what REST said. */
struct op *oracle_op(enum op_kind, const struct asker *, unsigned name, unsigned to, struct content payload, int64_t keep);
/* The client has ended its data in order after len bytes: only now, and only so much, may the name hold it. */
void oracle_sent(struct op *, size_t len);
/* The final reply has come. calm: nothing was done to make it fail. */
void oracle_reply(struct op *, int code, bool calm);
void oracle_session_over(unsigned session);
/* Before oracle_reply: what came. */
void oracle_got(struct op *, struct content, int code);
void oracle_size(struct op *, int64_t size);
/* Its content's checksum, of this kind, in hexadecimal of any case. */
void oracle_sum(struct op *, const char *kind, const char *hex, size_t len);
/* It was broken off when the server had had time to receive these many bytes: they must have been kept. */
void oracle_kept(struct op *, size_t len);
/* What a listing of the root said; sizes -1: not told. */
struct listed {
    const char *name;
    size_t len;
    int64_t size;
};
void oracle_list(struct op *, const struct listed *, unsigned n);

/* Which session's task is running; 0: none. From run.c. */
unsigned run_session(void);
/* What the sessions store into. */
const struct storage *run_storage(void);

/* For the closing line. */
struct oracle_counts {
    uint64_t looks, versions, partials, ops;
};
struct oracle_counts oracle_counts(void);

#endif

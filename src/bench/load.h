/* load: the kinds of work that a server is given, each a row, and the crew of client processes that does it. */
#ifndef DRAY_BENCH_LOAD_H
#define DRAY_BENCH_LOAD_H

#include <stdbool.h>

#include "bench/talk.h"
#include "sys/child.h"

/* How much of each; rounds, and those of the crowd. */
struct load_size {
    unsigned rounds, crowds, logins, files, entries, crowd;
    unsigned bulk;   /* MiB */
    unsigned settle; /* seconds that a crowd stays idle before it is looked at again */
};

/* The files in the served folder that loads use. */
#define LOAD_SMALL "small"
#define LOAD_BIG "big"
#define LOAD_PART "part" /* an eighth of it */
#define LOAD_FOLDER "folder"
enum { LOAD_SMALL_BYTES = 1024, LOAD_STREAMS = 8, LOAD_CREW_MAX = 16 };

struct worker;

struct load {
    const char *name, *head, *unit, *about;
    const char *floor;      /* the bare program that does the same, in bench/ beside the binary */
    unsigned clients;       /* at once */
    bool all_at_once;       /* makes no sense with fewer */
    double scale;           /* ns of CPU for one piece of work times this is the figure */
    unsigned (*amount)(const struct load_size *); /* pieces of work, by all clients together */
    int (*prepare)(struct worker *);              /* before the clock starts */
    int (*work)(struct worker *);                 /* counts what it did */
    bool files;             /* in the folder are needed */
    bool writes;            /* up0, up1... into it, to be looked at and dropped after each run */
};

extern const struct load loads[];
extern const unsigned load_count;
/* The row that fills the house with idle sessions; not among loads[]. */
extern const struct load load_crowd;

/* ---- the crew ---- */

struct crew_board;

/* Zeroed is empty; used again and again until crew_close. */
struct crew {
    struct child worker[LOAD_CREW_MAX];
    unsigned count;
    int go; /* an event: start working */
    struct crew_board *board;
};

struct crew_how {
    const struct load *load;
    const char *folder; /* where the files are; "": not known */
    const struct server *with;
    unsigned clients, amount;
};

/* Starts the clients; returns when all are prepared. */
int crew_start(struct rt_task *task, const struct crew_how *how, struct crew *crew);
/* Lets them work; returns when all are done: the pieces of work. Their sessions stay. */
int64_t crew_work(struct rt_task *task, struct crew *crew);
/* What has been done so far. */
int64_t crew_pieces(const struct crew *crew);
/* Ends the clients, and with them their sessions. */
void crew_end(struct crew *crew);

#endif

/* load: the kinds of work that a server is given, each a row. */
#ifndef DRAY_BENCH_LOAD_H
#define DRAY_BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/* How much of each; rounds, and those of the crowd. */
struct load_size {
    unsigned rounds, crowds, logins, passwords, files, entries, crowd, probes;
    unsigned bulk;   /* MiB */
    unsigned settle; /* seconds that a crowd stays idle before it is looked at again */
};

/* The files in the served folder that loads use. */
#define LOAD_SMALL "small"
#define LOAD_BIG "big"
#define LOAD_PART "part" /* an eighth of it */
#define LOAD_FOLDER "folder"
#define LOAD_SLOW "slow/" LOAD_SMALL /* the first one on a slow disk (bench/slow.h) */
enum { LOAD_SMALL_BYTES = 1024, LOAD_STREAMS = 8 };

/* What is measured, each a series of its own over the rounds. */
enum measure {
    COST,                 /* the server's CPU time for a piece of work, in the load's unit */
    P50, P99,             /* how long a piece takes, us: most of them, and all but a hundredth */
    WALL,                 /* how long all of it took, s */
    CLIENTS,              /* the part of their processors' time that the clients spent meanwhile */
    IDLE, PARKED, KERNEL, /* memory of an idle session, KiB */
    MEASURES
};
#define SHOWS(m) (1u << (m))

struct worker;

struct load {
    const char *name, *head, *unit, *about;
    unsigned shows;         /* SHOWS of those that the table has rows for */
    const char *floor;      /* the bare program that does the same, in bench/ beside the binary; NULL: none */
    const char *tls_floor;  /* that which does it over TLS */
    unsigned clients;       /* at once */
    bool all_at_once;       /* makes no sense with fewer */
    bool files;             /* in the folder are needed */
    bool slow;              /* in it is a slow disk */
    bool account;           /* logs in with a password that the server keeps as a hash */
    bool idle;              /* is about memory, not about work */
    const char *sends;      /* uploads up0, up1... with what this file holds; NULL: none */
    double scale;           /* ns of CPU for one piece of work times this is the cost */
    const struct load *beside; /* goes on meanwhile, by clients of its own, until all is over */
    unsigned (*amount)(const struct load_size *); /* pieces of work, by all clients together */
    int (*prepare)(struct worker *);              /* before the clock starts */
    int (*work)(struct worker *);                 /* counts what it did */
};

extern const struct load loads[];
extern const unsigned load_count;

#endif

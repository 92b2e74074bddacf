/* report: how the verbs tell what happens: events on one side, faces on the other (for people, for programs). A verb knows no
 * face, a face no verb. */
#ifndef DRAY_CLIENT_REPORT_H
#define DRAY_CLIENT_REPORT_H

#include "client/failure.h"
#include "client/listing.h"

/* One file on its way. Lives where the transfer runs, from report_begin to report_end. */
struct flight {
    const char *verb;        /* "get" */
    struct span there, here; /* the server's path; this computer's, or empty */
    int64_t size;            /* what it must come to; -1 unknown */
    int64_t from;            /* where it was taken up */
    int64_t done;            /* bytes that are there now, with what was there before */
    int64_t began;           /* rt_now */
    const char *proof;       /* how it was compared: "SHA-256", "size", NULL: not at all; static */
    unsigned slot;           /* the report's own */
};

struct totals {
    unsigned planned, done, skipped, failed; /* files, or what else the verb does */
    int64_t planned_bytes, bytes;            /* of transfers; bytes: moved by this run */
    unsigned deleted;                        /* sync */
    int64_t began;                           /* rt_now */
};

/* What sync does that is no transfer, and what it would do: the latter counts as done, so that a dry run ends with the same totals. */
struct deed {
    const char *verb;        /* "get", "put", "mkdir", "delete" */
    struct span there, here; /* as of a flight; the one or the other may be empty */
    int64_t size;            /* -1: none */
    const char *why;         /* "size"; NULL */
    bool dry;
};

struct report;

/* What a face does; each may be NULL. */
struct report_ops {
    void (*begin)(struct report *, const struct flight *);
    void (*moved)(struct report *, const struct flight *, int64_t now);
    void (*end)(struct report *, const struct flight *, int64_t now);   /* done */
    void (*stop)(struct report *, const struct flight *);               /* not done: `failed` or another try follows */
    void (*failed)(struct report *, const char *verb, struct span there, const struct failure *);
    void (*did)(struct report *, const char *verb, struct span there, struct span to); /* what is no transfer: rm, mv, mkdir */
    void (*deed)(struct report *, const struct deed *);
    void (*note)(struct report *, const char *verb, struct span there, const char *text);
    void (*entry)(struct report *, struct span folder, const struct listing_entry *);
    void (*talk)(struct report *, bool sent, struct span line);
    void (*finish)(struct report *, enum outcome, int64_t now);
    void (*close)(struct report *);
};

enum { REPORT_SLOTS = 64 };

struct report {
    const struct report_ops *ops;
    struct totals totals;
    bool quiet, verbose;
    bool sync, dry;     /* its totals are those of a sync; which changes nothing */
    bool longer, paths; /* entries with size and time; entries with their folder */
    const struct flight *flights[REPORT_SLOTS];
    void *face; /* the face's own */
};

/* The report of the menu, on its screen. */
struct client;
void report_for_menu(struct report *r, struct client *cl);
/* For people: bars on a terminal, else a line for each file. For programs: one JSON object a line. -ENOMEM. */
int report_for_people(struct report *r);
int report_for_programs(struct report *r);
void report_close(struct report *r);

/* ", continued at 1.2 MiB, CRC32 agrees": what is to be told of a file that is there. */
void report_how(struct buf *b, const struct flight *f);

void report_begin(struct report *r, struct flight *f, int64_t now);
/* f->done bytes are there now. */
void report_moved(struct report *r, struct flight *f, int64_t now);
void report_end(struct report *r, struct flight *f, int64_t now);
void report_stop(struct report *r, struct flight *f);
/* It is there already, whole. */
void report_skip(struct report *r, const char *verb, struct span there, int64_t size, const char *why);
void report_failed(struct report *r, const char *verb, struct span there, const struct failure *why);
void report_did(struct report *r, const char *verb, struct span there, struct span to);
void report_deed(struct report *r, const struct deed *d);
/* A file that needs nothing; without a word. */
void report_same(struct report *r);
void report_note(struct report *r, const char *verb, struct span there, const char *text);
void report_entry(struct report *r, struct span folder, const struct listing_entry *e);
void report_talk(void *report, bool sent, struct span line); /* an ftpc_talk */
void report_finish(struct report *r, enum outcome out, int64_t now);

#endif

/* crew: a queue of jobs and the workers that carry them out, each a coroutine with a connection of its own. A job is straight-line
 * code that may wait; it may add more jobs. One thread, so nothing is locked.
 *
 * Files go before folders, and of folders the last found goes first: what waits is never much more than one folder. */
#ifndef DRAY_CLIENT_CREW_H
#define DRAY_CLIENT_CREW_H

#include "client/order.h"
#include "client/report.h"
#include "client/site.h"
#include "obs/pace.h"
#include "sys/left.h"

struct worker {
    struct crew *crew;
    struct rt_task *task;
    struct site *site; /* whose connection it has */
    struct ftpc *ftp;
    struct failure why; /* the story of the last failure */
    struct pace pace;   /* what it may move of what all may */
    bool resting, joining, again; /* again: this try of a job is not its first */
    bool dismissed;               /* it goes home: another needs its place */
    bool fresh; /* the connection is new: no job has had it */
    char path[PATH_CAP], other[PATH_CAP]; /* scratch of the job that runs */
    struct worker *next;
};

struct job;

/* Returns 0, or -errno with w->why told. What may be tried again is OUT_INCOMPLETE. */
typedef int job_run(struct worker *w, struct job *job);

struct job_kind {
    const char *verb;
    bool folder; /* it finds jobs rather than does work */
    job_run *run;
};

struct job {
    struct job *next;
    const struct job_kind *kind;
    struct site *site;
    unsigned depth, seen; /* folders above it; how many tries have failed */
    bool known;           /* size and mtime are from a listing */
    bool vague;           /* and mtime is not to the second */
    int64_t size, mtime;  /* as in struct listing_entry */
    bool clean;           /* nothing is here of an earlier run for this file */
    unsigned how;         /* the kind's own */
    const char *why;      /* the kind's own: static text */
    void *part_of;        /* another job's own: this one goes first, is not counted, connects itself, and tells that job its end */
    const char *here;     /* path on this computer; "" none */
    char there[];         /* path at the server */
};

struct crew {
    const struct order *order;
    struct report report;
    struct site *sites;
    struct loop *loop;
    struct job *files, **files_end, *folders;
    struct worker *workers;
    unsigned count, most, busy, waiting; /* workers, and how many there may be; jobs under way; jobs in the queue */
    unsigned ready;                      /* of those in the queue, the files */
    struct pace_bucket bucket;           /* the bandwidth of the order */
    unsigned said, tick;                 /* sync: notes that are said once; how exact times are here, in seconds */
    enum outcome outcome; /* of the first failure; an interruption counts more */
    struct left left; /* get: in the folder of the order */
    int dest; /* put: 0 not known, 1 the destination is a folder, -1 it is none */
};

/* The site of an address, made if it is new; NULL without memory. Addresses are not looked up yet. `secure` outlives the crew. */
struct site *crew_site(struct crew *c, const struct target *where, struct ftpc_how how, struct secure *secure);

/* A new job, which is a copy of `like` but for kind and paths. Starts workers as needed. -ENOMEM. */
int crew_add(struct crew *c, const struct job *like, const struct job_kind *kind, struct span there, struct span here);

/* One job at once, tried again as ever, by a worker that has its task and its connection and of whom the crew is all: no loop runs.
 * c->outcome tells how it went, and w->ftp may be another connection, or NULL. 0 or -ENOMEM. */
int crew_do(struct worker *w, const struct job *like, const struct job_kind *kind, struct span there, struct span here);
/* Takes the parts of a job that nobody has begun out of the queue: how many. */
unsigned crew_withdraw(struct crew *c, const void *part_of);

/* How many workers it begins with. */
unsigned crew_hands(const struct order *order);

/* Looks up the addresses of all sites; blocks as long as that takes. OUT_DONE, or the failure, which was reported. */
enum outcome crew_resolve(struct crew *c);
/* Until nothing is left to do, or `now` (a descriptor, as rt_stop.now) says stop. The outcome. */
enum outcome crew_run(struct crew *c, int now);
/* The worker of a folder that goes on adding jobs does files of the queue itself while there are more than `most`: so what waits is
 * never many. Its scratch and w->why are used. */
void crew_help(struct worker *w, unsigned most);
/* For CLEANUP. */
void crew_free(struct crew *c);

/* The connection that the job needs, made if it is not there. */
int worker_connect(struct worker *w, struct site *site);
/* How many of `want` bytes may move now, after a wait for its turn; then pace_used(&w->pace, moved). -ECANCELED. */
int64_t worker_pace(struct worker *w, int64_t want);
/* w->why for a failed call of ftpc, and the session back in step: rc. */
int worker_failed(struct worker *w, const char *doing, struct span name, int rc);
/* After worker_failed for something new at `path`: 550 is "not found" as well as "refused"; where its folder is there, it is the
 * latter. rc. */
int worker_judge(struct worker *w, struct span path, int rc);
/* w->why for this computer: rc. */
int worker_failed_here(struct worker *w, struct span name, int rc);

#endif

/* site: one server as the verbs see it: where it is, who logs in, what is known of it, and how many connections it bears. */
#ifndef DRAY_CLIENT_SITE_H
#define DRAY_CLIENT_SITE_H

#include "client/failure.h"
#include "client/secure.h"
#include "client/target.h"
#include "sys/resolve.h"
#include "wire/path.h"

struct site {
    struct site *next;
    struct target where; /* its path is nobody's here: each wish has its own */
    struct ftpc_how how;
    struct secure *secure; /* of the whole run */
    void (*tell)(void *arg, struct span host, const char *note); /* what is worth knowing of a server */
    void *tell_arg;
    struct resolve found;
    unsigned open;  /* connections now */
    bool direct;    /* uploads go under their own name at once: it does not let us rename */
    bool known;     /* somebody has logged in: what follows holds */
    bool apart;     /* it does not keep commands that come early: each waits for the answer to the one before */
    bool steps;     /* it does, but not those of a login */
    bool whole;     /* it does not begin in the middle of a file as it says: no segments */
    int64_t trip;   /* about a round trip, in ns */
    struct ftpc_can can;
    char home[PATH_CAP]; /* the folder after login */
};

/* Finds its addresses; blocks for as long as the system's resolver does. */
int site_resolve(struct site *s, struct failure *why);

/* A connection that is logged in and ready to transfer. On failure -errno, *why being the story, why->full tells that the server
 * refuses only because it has enough clients (421, or 530 after a login that had worked or with such words), and *full that we have
 * places there. */
int site_connect(struct site *s, struct rt_task *task, struct ftpc **out, bool *full, struct failure *why);
/* Says goodbye, or drops it when it is lost or the task was cancelled. One that was lost because commands had gone ahead of their
 * answers is remembered. */
void site_leave(struct site *s, struct rt_task *task, struct ftpc **ftp);

/* The server's absolute path for what an address says: relative to the folder after login, unless it begins with a slash.
 * -ENAMETOOLONG, -EINVAL as path_join. Only once the site is known. */
int site_path(const struct site *s, struct span path, char *out, size_t cap);

/* Do both addresses mean the same login at the same server? */
bool site_is(const struct site *s, const struct target *t);

#endif

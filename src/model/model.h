/* model: who accepts, and what a session runs on. A model knows processes, threads or coroutines and no protocol: it gets an
 * entry, and calls it once for each client with a task of its making. Each is one file of the same shape. */
#ifndef DRAY_MODEL_MODEL_H
#define DRAY_MODEL_MODEL_H

#include "io/listen.h"
#include "obs/board.h"
#include "obs/log.h"
#include "rt/rt.h"
#include "sys/sandbox.h"

struct model_env {
    struct listeners *listeners;
    struct rt_stop stop;
    int children;     /* an event that is raised when a child ends */
    unsigned workers; /* 0: the model's default */
    struct board *board;
    const struct log *log;
    /* Serves one client to its end and closes its descriptor. */
    void (*entry)(struct rt_task *, const struct arrival *, void *ctx);
    /* What is to be done now and then, by whoever waits for clients; returns when it is due again. NULL: nothing is. */
    int64_t (*chores)(struct rt_task *, void *ctx);
    /* Can this process serve nobody else, as it has become a user? NULL: it always can. */
    bool (*spent)(void *ctx);
    void *ctx;
};

/* As many workers as the machine has processors. */
#define MODEL_A_CORE UINT32_MAX

struct model {
    const char *name, *about;
    unsigned workers; /* default; 0: the model has no such number */
    bool one_process; /* all sessions run in it */
    bool in_turn;     /* each worker serves one after the other: while all wait for their clients, the next one stands in line */
    bool own_process; /* a session shares its process with no other at the same time, and the process can end with it */
    unsigned needs; /* of enum sandbox_need */
    /* Returns after a drain, when the last session has ended: 0, or -errno when it could not begin. */
    int (*serve)(const struct model_env *);
};

/* All models, ended by a NULL. The first is the default. */
extern const struct model *const models[];
const struct model *model_find(const char *name);

/* ---- steps that several models share ---- */

/* A task that runs on the calling process or thread. */
struct rt_task model_task(const struct model_env *);
/* The next client. -ECANCELED: no more will come. -EINTR: `hear` is readable. At the limit of descriptors it waits a moment,
 * instead of asking again at once. */
int model_accept(const struct model_env *, struct rt_task *, int hear, struct arrival *out);
/* Serves clients one after another on the calling process or thread, until there is nothing more to do. */
void model_serve_in_turn(const struct model_env *);
/* Takes note of children that have ended and frees the seats of their sessions: how many there were. wait: sleeps until
 * there is at least one; -ECHILD when there are no children. *died: how many of them ended badly; NULL is fine. */
int model_reap(const struct model_env *, bool wait, int *died);
/* After a drain: returns when the last child has ended. */
void model_reap_last(const struct model_env *);
/* Keeps env->workers processes running worker(env) and replaces those that die, until a drain; then waits for the last. */
int model_supervise(const struct model_env *, void (*worker)(const struct model_env *));
/* As entry, but says "the server has no room" instead when the machine gave no process or thread. */
void model_turn_away(const struct model_env *, const struct arrival *, int why);

#endif

/* talk: the client's side of one FTP session, as bare as a measurement wants it: what is not the expected reply is
 * a failure. Straight lines on any task; -errno on failure: -EPROTO for another reply than the expected one,
 * -EOPNOTSUPP when that says that the server knows no such command, -EACCES when it does not let us in. */
#ifndef DRAY_BENCH_TALK_H
#define DRAY_BENCH_TALK_H

#include "bench/server.h"
#include "io/io.h"

struct talk {
    struct rt_task *task;
    const struct server *with;
    struct io *io; /* NULL: not connected */
};

/* Connects and hears the greeting. `with` must live as long as the session. */
int talk_open(struct rt_task *task, const struct server *with, struct talk *out);
/* As with->user. */
int talk_login(struct talk *t);
/* To the folder of the measurement; binary transfers. */
int talk_settle(struct talk *t);
/* Sends a command (arg NULL: none), and wants this code. */
int talk_ask(struct talk *t, const char *verb, const char *arg, int want);
/* Fetches a file or a listing: its bytes and lines. block is where the bytes pass through. */
struct talk_sum {
    int64_t bytes, lines;
};
int talk_get(struct talk *t, const char *verb, const char *arg, struct span block, struct talk_sum *sum);
/* Stores `len` bytes of the local file under this name. */
int talk_put(struct talk *t, const char *name, int file, int64_t len);
/* QUIT and the goodbye. */
int talk_quit(struct talk *t);
/* At once. For CLEANUP. */
void talk_drop(struct talk *t);

#endif

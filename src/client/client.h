/* client: what the parts of the menu share: the connection, the screen, Ctrl-C, and the outcome of each action. */
#ifndef DRAY_CLIENT_CLIENT_H
#define DRAY_CLIENT_CLIENT_H

#include "client/failure.h"
#include "client/ftpc.h"
#include "client/ui.h"

struct client {
    struct rt_task task;
    int interrupt; /* sys/interrupt.h; also task.stop.now */
    bool force;    /* existing local files may be replaced */
    bool ending;   /* SIGTERM or SIGHUP: no further command */
    struct ui ui;
    struct ftpc *ftp; /* owned by whoever opened it; NULL after one was lost and could not be made anew */
    struct site *site; /* to log in again, when the connection is lost; its home is the folder of the menu */
    unsigned retries;  /* of a transfer that broke off */
    bool renewed;      /* the connection was made anew by a transfer: look where we are */
    int64_t drawn;     /* when the bar on the screen was drawn (rt_now); 0: there is none */
};

/* After an interruption: takes the signal, and the task can wait again. */
void client_calm(struct client *cl);

/* Shows the last reply in one line, unless quiet. */
void client_note(struct client *cl);

/* Says in words why `doing` (a verb) could not be done with `name`, on the error stream: the outcome for rc, which is
 * what an ftpc call returned. A lost connection is told here, too. */
enum outcome client_failed(struct client *cl, const char *doing, struct span name, int rc);

/* The same for a file or folder of this computer: always OUT_LOCAL. */
enum outcome client_failed_here(struct client *cl, struct span name, int rc);

/* ftpc_give_up for a transfer or listing that may have been interrupted. */
int client_give_up(struct client *cl, struct io **data, int rc);

#endif

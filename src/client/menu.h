/* menu: the numbered menu, for a person at a terminal and for a pipe of the same lines. */
#ifndef DRAY_CLIENT_MENU_H
#define DRAY_CLIENT_MENU_H

#include "client/client.h"

/* Runs on a logged-in session until it is quit, lost or interrupted, and says goodbye. Returns the exit code: on a
 * pipe the outcome of the first command that failed, at a terminal 0, OUT_INCOMPLETE when the connection was lost,
 * OUT_INTERRUPTED when Ctrl-C ended it. */
int menu_run(struct client *cl);

#endif

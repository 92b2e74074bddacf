/* failure: what went wrong, as an outcome and one sentence that is harmless on a terminal. */
#ifndef DRAY_CLIENT_FAILURE_H
#define DRAY_CLIENT_FAILURE_H

#include "base/span.h"
#include "client/ftpc.h"
#include "client/outcome.h"

struct failure {
    enum outcome out;
    int reply; /* the server's number, 0 when it is not about one */
    bool full; /* the server has enough clients at the moment: later it may be well */
    char text[768];
};

/* In our own words; texts from outside are shown() before. */
void failure_set(struct failure *f, enum outcome out, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Why `doing` (a verb) could not be done with `name` at the server: the story of rc, which is what an ftpc call returned. */
void failure_there(struct failure *f, const struct ftpc *ftp, const char *doing, struct span name, int rc);

/* The same for a file or folder of this computer. */
void failure_here(struct failure *f, struct span name, int rc);

#endif

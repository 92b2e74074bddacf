/* open_args: what `dray open` was asked to do. For cmd/open.c. */
#ifndef DRAY_CMD_OPEN_ARGS_H
#define DRAY_CMD_OPEN_ARGS_H

#include "client/client.h"
#include "client/target.h"
#include "sys/resolve.h"

enum { OPEN_PATIENCE = 60, OPEN_GO = -1 }; /* seconds; "no exit code yet" */

struct open {
    struct client client;
    struct target target;
    struct ftpc_how how;
    struct resolve found; /* by cmd/open.c */
    bool quiet;
};

/* Fills o from the arguments (argv[0] is "open"): OPEN_GO, or the exit code after --help or a mistake that was told. A
 * password in an address is overwritten in argv. */
int open_parse(struct open *o, int argc, char **argv);

#endif

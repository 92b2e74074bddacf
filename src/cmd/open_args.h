/* open_args: what `dray open` was asked to do. For cmd/open.c. */
#ifndef DRAY_CMD_OPEN_ARGS_H
#define DRAY_CMD_OPEN_ARGS_H

#include "client/site.h"
#include "cmd/asked.h"

struct open {
    struct asked asked; /* first: see asked.h */
    bool force;
    struct client client;
    struct site site; /* where it goes; all but the address by cmd/open.c */
};

/* Fills o from the arguments (argv[0] is "open"): ARGS_GO, or the exit code after --help or a mistake that was told. A
 * password in an address is overwritten in argv. */
int open_parse(struct open *o, int argc, char **argv);

#endif

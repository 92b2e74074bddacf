/* open: the subcommand `dray open [HOST[:PORT]]`, the menu client. */
#ifndef DRAY_CMD_OPEN_H
#define DRAY_CMD_OPEN_H

#include "cmd/args.h"

/* argv[0] is "open". Returns the exit code, an enum outcome (client/outcome.h). When commands come from a pipe, every line is
 * carried out and the code is that of the first one that failed; at a terminal the person has seen each failure, and the code is
 * OUT_DONE after quit, OUT_INCOMPLETE when the connection was lost, OUT_INTERRUPTED after Ctrl-C twice. */
int cmd_open(int argc, char **argv);

void open_options(const char *name, args_take *take, void *ctx);

#endif

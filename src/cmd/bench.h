/* bench: the subcommand `dray bench`. */
#ifndef DRAY_CMD_BENCH_H
#define DRAY_CMD_BENCH_H

#include "cmd/args.h"

/* argv[0] is "bench". Returns the exit code: 0; 1 when something could not be measured; 2 for wrong usage; 130
 * when it was interrupted. */
int cmd_bench(int argc, char **argv);

void bench_options(const char *name, args_take *take, void *ctx);

#endif

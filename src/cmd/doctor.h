/* doctor: `dray doctor`, which tests a server. argv[0] is "doctor"; the result is an enum outcome. */
#ifndef DRAY_CMD_DOCTOR_H
#define DRAY_CMD_DOCTOR_H

#include "cmd/args.h"

void doctor_options(const char *name, args_take *take, void *ctx);
int cmd_doctor(int argc, char **argv);

#endif

/* commands: all subcommands, as main runs them, --help lists them and completion offers them. */
#ifndef DRAY_CMD_COMMANDS_H
#define DRAY_CMD_COMMANDS_H

#include "cmd/args.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
    const char *words; /* after the options: kinds of completion.h (URL FILE FOLDER BOOKMARK) with blanks, or the words with | between */
    void (*options)(const char *name, args_take *take, void *ctx); /* each option, in the order of --help */
};

/* Ended by one without a name. */
extern const struct command commands[];

#endif

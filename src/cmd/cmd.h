/* cmd: one function for each subcommand. argv[0] is the subcommand's name; the result is the exit code. */
#ifndef DRAY_CMD_CMD_H
#define DRAY_CMD_CMD_H

#include "cmd/args.h"

/* What the commands without a table of options print for --help; their options are read out of it. */
extern const char bookmark_help[], completion_help[], partials_help[], status_help[], unban_help[], user_help[], verify_help[];

/* Exit codes of `dray serve`; those of the client are in client/outcome.h. */
enum { SERVE_OK = 0, SERVE_FAILED = 1, SERVE_USAGE = 2 };

/* In completion.c: SERVE_OK, or 2 for wrong usage. */
int cmd_completion(int argc, char **argv);

int cmd_serve(int argc, char **argv);
void serve_options(const char *name, args_take *take, void *ctx); /* in completion.c */

/* Exit codes of `dray status`; 2 is wrong usage here, too. */
enum { STATUS_OK = 0, STATUS_NONE = 3 };

int cmd_status(int argc, char **argv);

/* Exit codes of `dray unban`: nothing was known; 2 and 3 as those of status. */
enum { UNBAN_OK = 0, UNBAN_NOBODY = 1 };

int cmd_unban(int argc, char **argv);

/* Exit codes of `dray verify`: something is bad; wrong usage, or something could not be read. */
enum { VERIFY_OK = 0, VERIFY_FOUND = 1, VERIFY_USAGE = 2 };

int cmd_verify(int argc, char **argv);

/* Exit codes of `dray partials`: something that was named was not removed; wrong usage, or the folder cannot be read. */
enum { PARTIALS_OK = 0, PARTIALS_LEFT = 1, PARTIALS_USAGE = 2 };

int cmd_partials(int argc, char **argv);

/* An enum outcome of client/outcome.h. */
int cmd_bookmark(int argc, char **argv);

/* Exit codes of `dray user`: nothing was changed; wrong usage. */
enum { USER_OK = 0, USER_LEFT = 1, USER_USAGE = 2 };

int cmd_user(int argc, char **argv);

#endif

/* completion: `dray completion bash|zsh|fish` prints the script that makes that shell complete what is typed, out of the tables that
 * parse it. */
#ifndef DRAY_CMD_COMPLETION_H
#define DRAY_CMD_COMPLETION_H

#include "base/buf.h"
#include "cmd/commands.h"

/* One for each shell; all of it goes to standard output. */
struct completion_face {
    const char *shell;
    void (*begin)(void);
    void (*command)(const struct command *c);
    void (*option)(void *command, const struct args_row *row); /* an args_take: the options of that command */
    void (*close)(const struct command *c);
    void (*end)(void);
};

extern const struct completion_face completion_bash, completion_zsh, completion_fish;

/* What the argument of an option, or the words after the options, can be. */
enum completion_kind { COMPLETE_NOTHING, COMPLETE_WORDS, COMPLETE_FILES, COMPLETE_FOLDERS };

/* Prints the words, `between` between them, when those are known. */
enum completion_kind completion_of(const struct args_row *row, char between, struct buf *words);
/* Prints text, each byte of `which` with `with` before it. */
void completion_escape(struct buf *b, const char *text, const char *which, const char *with);

/* For commands without a table: the rows of their --help. */
void help_options(const char *name, args_take *take, void *ctx);

#endif

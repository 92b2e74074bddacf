/* args: command lines from tables of rows: the parser, the help text and its order. */
#ifndef DRAY_CMD_ARGS_H
#define DRAY_CMD_ARGS_H

/* One option. `set` gets what args_parse was given; value is NULL for a switch. It returns ARGS_GO, or an exit code. */
struct args_row {
    char letter; /* 0 none */
    const char *name, *arg, *about; /* arg: NULL for a switch; the words that it can be, with | between, or what it is */
    int (*set)(void *to, const char *value);
};

typedef void args_take(void *ctx, const struct args_row *row);

enum { ARGS_GO = -1, ARGS_ROWS = 36 }; /* "no exit code yet"; the most rows that the tables of a command may have together */

/* For who calls getopt_long itself: what long options are to it begins here, and with these letters it leaves it to args_mistake,
 * which takes what it said, to tell what is wrong. Exit code 2. */
enum { ARGS_LONG = 256 };
#define ARGS_QUIETLY ":"
int args_mistake(char **argv, int c);

/* Tables of rows; the list ends with NULL, each table with a row without a name. Sets what is found: ARGS_GO, optind (getopt)
 * being at the first word that is no option, or the exit code: 2 after a mistake, which was told, or what a row said. */
int args_parse(const struct args_row *const *tables, void *to, int argc, char **argv);

/* Each row. */
void args_each(const struct args_row *const *tables, args_take *take, void *ctx);

/* The options as text, on standard output. */
void args_print(const struct args_row *const *tables);

/* A number from least to most: ARGS_GO; or 2, `what` having been said. */
int args_number(const char *value, unsigned least, unsigned most, unsigned *out, const char *what);

/* Overwrites the password of an address: it is nobody's business in the process list. */
void args_wipe_password(char *arg);

#endif

/* verbs: the client's commands for the shell: ls, get, put, sync, verify, cat, rm, mv, mkdir, find. */
#ifndef DRAY_CMD_VERBS_H
#define DRAY_CMD_VERBS_H

#include "client/crew.h"
#include "cmd/asked.h"

struct verbs {
    struct asked asked; /* first: see asked.h */
    const struct verb_row *row;
    struct order order;
    bool json, verbose, debug, longer;
    struct target where, to; /* of the word that is looked at */
    struct crew crew;
};

/* One verb: all that --help and the parser must know. */
struct verb_row {
    const char *name, *usage, *about;
    const struct job_kind *kind;
    const struct args_row *const *tables;
    int least, most;                                    /* words after the options */
    int (*order)(struct verbs *v, int argc, char **argv); /* adds what the words mean: ARGS_GO, or an exit code */
};

/* argv[0] is the verb. Returns an enum outcome. */
int cmd_verb(int argc, char **argv);

/* Each option of a verb. */
void verbs_options(const char *name, args_take *take, void *ctx);

/* verbs_args.c: fills v, optind then being at the first word: ARGS_GO, or the exit code after --help or a mistake. */
int verbs_parse(struct verbs *v, int argc, char **argv);
/* verbs.c, for the rows: each word is an address; FILE... and an address; an address and a new place. */
int verbs_addresses(struct verbs *v, int argc, char **argv);
int verbs_files(struct verbs *v, int argc, char **argv);
int verbs_two(struct verbs *v, int argc, char **argv);
/* An address and a folder, in either order; an address and what is here. */
int verbs_sync(struct verbs *v, int argc, char **argv);
int verbs_verify(struct verbs *v, int argc, char **argv);

/* Is it an address beyond doubt, with ftp:// or ftps:// before it? */
bool verbs_is_url(const char *word);

#endif

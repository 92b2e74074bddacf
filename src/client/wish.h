/* wish: what an address on the command line means: one path, or all that match a pattern; and what the verb does with each. */
#ifndef DRAY_CLIENT_WISH_H
#define DRAY_CLIENT_WISH_H

#include "client/crew.h"

/* What a verb does with one path, absolute at the server. `known` is its entry in a listing, or NULL. 0, or -errno with w->why
 * told. */
typedef int wish_take(struct worker *w, struct job *wish, struct span path, const struct listing_entry *known);

/* For the run of a verb's job_kind: job->there is a path as in an address. Each path that it means is taken; where one cannot be
 * taken the others still are, and the first failure is told. */
int wish_run(struct worker *w, struct job *job, wish_take *take);

/* Prints "folder/leaf". -ENAMETOOLONG. */
int wish_join(struct span folder, struct span leaf, char *out, size_t cap);

/* The verbs' jobs; their wishes are what the command line names. */
extern const struct job_kind verb_ls, verb_get, verb_put, verb_cat, verb_rm, verb_mv, verb_mkdir, verb_find;

#endif

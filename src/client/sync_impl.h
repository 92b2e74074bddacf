/* sync_impl: what the parts of sync know of each other: verb_sync.c the beginning, sync.c the walk, sync_side.c what is on either
 * side, sync_file.c one file, sync_remove.c what is too much, sync_verify.c the comparison of content. "Source" and "destination" are words of the order. */
#ifndef DRAY_CLIENT_SYNC_IMPL_H
#define DRAY_CLIENT_SYNC_IMPL_H

#include "client/ftpc_file.h"
#include "client/sync.h"

enum { SYNC_QUEUE = 512 }; /* files that wait, at most */

/* job->how */
enum {
    SYNC_FRESH = 1,  /* a folder: the destination has none yet */
    SYNC_FOLDER = 2, /* what has that name at the destination is a folder */
    SYNC_CLEAR = 4,  /* what has that name at the destination goes first: it is of another kind */
    SYNC_TAKEN = 8,  /* that may not go */
    SYNC_ASK = 16,   /* whether the file must move is still to be found out */
    SYNC_HERE = 32,  /* verify: it is only here */
    SYNC_THERE = 64, /* verify: it is only at the server */
};

/* One folder on one side. */
struct side {
    struct listing list; /* by name */
    bool here;
    bool whole;  /* nothing was left out */
    bool hides;  /* the server shows no name that begins with a dot: there may be some */
};

extern const struct job_kind sync_file, sync_folder, sync_remove, sync_compare;

/* sync_side.c: reads it, without what the order leaves out. w->why told. */
int side_load(struct worker *w, const struct job *folder, struct side *side);
void side_free(struct side *side);
/* Is there an entry of that name? */
bool side_has(const struct side *side, struct span name);
/* Is there a temporary file of an earlier download of that name? */
bool side_has_temp(const struct side *side, struct span name);
/* Is it, by its name, a temporary file of an unfinished transfer of something that the source has? */
bool side_is_unfinished(const struct worker *w, const struct side *source, bool here, struct span name);
/* Does the order leave it out? `path` is relative to the root of the sync. */
bool side_excluded(const struct order *o, struct span path, bool folder);
/* The last `depth` names of a path. */
struct span side_relative(const char *path, unsigned depth);

/* sync_file.c: why a file of the source must replace that of the destination, as a word; NULL: it need not. "ask": not known yet. */
struct sync_facts {
    int64_t size, mtime;
};
const char *sync_judge(struct worker *w, struct sync_facts source, struct sync_facts dest);
extern const char sync_unknown[];

/* Says something once in a run. */
enum sync_note { SYNC_NO_TIMES = 1, SYNC_KEEPS_NO_TIMES = 2, SYNC_HIDES = 4, SYNC_NO_SUMS = 8 };
void sync_say_once(struct worker *w, const struct job *job, enum sync_note, const char *text);

/* sync_remove.c: what job names at the destination goes, a folder with all in it but what is left out; a dry run only tells. 1:
 * something stays. */
int remove_dest(struct worker *w, const struct job *job, bool folder);

#endif

/* choices: names that a typed beginning could become. Bounded: the first CHOICES_SHOWN are kept, all are counted. */
#ifndef DRAY_CLIENT_CHOICES_H
#define DRAY_CLIENT_CHOICES_H

#include "base/arena.h"
#include "base/buf.h"

enum { CHOICES_SHOWN = 60, CHOICE_CAP = 512 };

struct choices {
    size_t from;             /* where in the line the name begins */
    bool quoted;             /* it was begun with a quote */
    char prefix[CHOICE_CAP]; /* what was typed of it, quotes undone */
    size_t prefix_len;
    char common[CHOICE_CAP]; /* what all choices begin with */
    size_t common_len;
    unsigned count;
    bool open; /* the only one is a folder: more may follow */
    unsigned shown;
    struct span names[CHOICES_SHOWN];
    struct arena arena;
};

/* Begins: `raw` is the name as typed so far, at `from` in the line. */
void choices_begin(struct choices *c, size_t from, struct span raw);

/* One candidate; ignored unless it begins with what was typed. Folders get a slash. */
void choices_add(struct choices *c, struct span name, bool folder);

/* Prints what takes the place of the raw text; false when nothing would be gained. */
bool choices_extend(const struct choices *c, struct buf *b);

/* For CLEANUP. */
void choices_free(struct choices *c);

#endif

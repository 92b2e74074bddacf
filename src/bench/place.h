/* place: a temporary folder that servers serve, with the files of a measurement in it. Those that serve the same folder share
 * it. */
#ifndef DRAY_BENCH_PLACE_H
#define DRAY_BENCH_PLACE_H

#include "bench/load.h"
#include "bench/server.h"
#include "sys/child.h"

struct place {
    const char *parent;     /* where it is made; NULL: where temporary files go */
    bool foreign;           /* servers that others started, as somebody else perhaps, write into it */
    char path[SERVER_PATH]; /* "": not made */
    struct child slow;      /* its slow disk */
    unsigned swept;         /* folders of small uploads that were swept away */
};

/* Makes it and its files, without a slow disk. -errno; place_remove in any case. */
int place_make(struct place *p, const struct load_size *size);
/* The name that it has below its parent. */
const char *place_name(const struct place *p);
/* Does each of the uploads up0, up1... hold what this file does? -EBADMSG if not. */
int place_check(const struct place *p, unsigned uploads, const char *original);
/* Removes them; small ones only from where they were: they go with the place. Of an inode that was freed a moment ago ext4 asks at
 * each new file whether it is on the disk yet (recently_deleted), and whoever is measured next would pay for that. */
void place_sweep(struct place *p, unsigned uploads, bool small);
/* And all of it, the slow disk first. */
void place_remove(struct place *p);

#endif

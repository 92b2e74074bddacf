/* walk: everything below a folder, one entry after the other, as one session sees it: what it may not list or open by its rights, and
 * what is hidden, is passed over. Folders come before what is in them, else there is no order. One folder is open at a time; memory is
 * for the path, and for the names of folders that are still to come. */
#ifndef DRAY_STORE_WALK_H
#define DRAY_STORE_WALK_H

#include "store/store.h"
#include "wire/path.h"

struct walk;

struct walk_entry {
    const char *path; /* until the next call */
    struct store_stat stat;
};

/* Bytes of what is kept of folders that are still to come: some hundred thousand of them. */
enum { WALK_PENDING = 16 << 20 };

/* Below this folder; the store stays until walk_close. What store_list says, -ENOMEM. */
int walk_open(const struct store *, const char *folder, struct walk **out);
/* 1 and an entry; 0 at the end. -ENAMETOOLONG: its path, which is all that limits the depth; -E2BIG: more than WALK_PENDING. */
int walk_next(struct walk *, struct walk_entry *out);
/* NULL is fine. */
void walk_close(struct walk **);

#endif

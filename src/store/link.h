/* link: addresses by which people without an account leave files in one folder, for a while, with no more than the right drop of the
 * account that made them. Each is a small file among the store's own, so that it lasts as long as the storage and can be taken back.
 * The address holds a number that is not in the file, nor in its name: who reads the disk cannot use a link. */
#ifndef DRAY_STORE_LINK_H
#define DRAY_STORE_LINK_H

#include "store/store.h"
#include "wire/mark.h"

enum { LINK_TEXT = 32, LINK_STAMP = 64, LINKS_MAX = 100 };

struct link {
    char name[LINK_TEXT + 1];       /* by which its account knows it: no secret */
    char account[MARK_ACCOUNT + 1];
    char stamp[LINK_STAMP + 1];     /* what the maker wants to know again */
    int64_t end;                    /* seconds since 1970 */
    char *folder;                   /* as that account names it; on the heap */
};

void link_free(struct link *);

/* A number for a new one, as text: nobody can guess it. */
void link_number(char out[LINK_TEXT + 1]);
/* Makes it, for the session's account; out->folder is not set. The caller has asked whether it may. -EDQUOT: it has LINKS_MAX
 * already. Also removes those of all that are over. */
int link_make(const struct store *, const char *number, const char *stamp, const char *folder, int64_t end, struct link *out);
/* Whoever asks: -ENOENT when there is none, or it is over. The caller frees. */
int link_find(const struct store *, struct span number, struct link *out);
/* Those of the session's account, in no order: all[LINKS_MAX], how many, or -errno. The caller frees each. */
int link_list(const struct store *, struct link *all);
/* Takes one of them back. -ENOENT. */
int link_drop(const struct store *, struct span name);

#endif

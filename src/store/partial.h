/* partial: where what was received of broken uploads is kept, and whose it is. A partial is a hidden file whose name is made
 * from the account and the path, so that it is found without looking for it; beside it a small text says both, for people.
 * For the front of the store; everything here may block: inside rt_call only. */
#ifndef DRAY_STORE_PARTIAL_H
#define DRAY_STORE_PARTIAL_H

#include "store/partials.h"
#include "store/store_impl.h"
#include "wire/path.h"

enum { PARTIAL_NAME = 64, PARTIAL_ID = 32, PARTIAL_TEXT_MAX = PATH_CAP + MARK_ACCOUNT + 2 };

/* Names in the hidden folder, beside the partials themselves: an end, and beginnings. */
#define PARTIAL_TEXT ".of"    /* whose it is, for people */
#define PARTIAL_PASSING "x-"  /* a commit passes through: as STORE_PASSING says */
#define PARTIAL_WORD "d-"     /* what a process beside the server has removed */

/* The hidden path of the account's partial of `path`. -ENOMEM. */
int partial_name(const char *account, const char *path, char own[PARTIAL_NAME]);
/* The same for this session: where it may see nothing, of whoever has its key. -ENOMEM. */
int partial_own(const struct store *, const char *path, char own[PARTIAL_NAME]);
/* Makes ready for a partial of that name: the folder, and the text beside it. */
int partial_announce(const struct store *, const char *own, const char *path);
/* Removes it, if nobody writes it, and what goes with it: it counted as use of the store's account. -ENOENT, -EBUSY. */
int partial_drop(const struct store *, const char *own);
/* May there be any? Asked before what would cost something. */
bool partial_any(const struct storage *);
/* The text beside it, after the partial itself has become a file. */
void partial_forget(const struct store *, const char *own);

/* ---- for those who look at all of them ---- */

/* A store for those who are no session: everything blocks. */
struct store partials_store(const struct storage *, struct rt_task *task);
/* fn for each name in the hidden folder, with its stat; 0 when there is no such folder. */
int partials_names(const struct store *, int (*fn)(const struct store *, const struct dir_entry *, void *), void *ctx);
bool partial_is_id(struct span name);
/* The hidden path of a name in the hidden folder. */
void partial_path(char own[PARTIAL_NAME], struct span name);
/* What the text beside a partial says: account and path, in buf (PARTIAL_TEXT_MAX); or any such text. -ENOENT, -EBADMSG. */
int partial_read(const struct store *, const char *own, char *buf, struct partial_view *);
int partial_read_text(const struct store *, const char *text, char *buf, struct partial_view *);
/* As partial_drop, of that account. */
int partial_drop_of(const struct store *, const char *own, const char *account);

#endif

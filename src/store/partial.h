/* partial: where what was received of broken uploads is kept, and whose it is. A partial is a hidden file whose name is made
 * from the account and the path, so that it is found without looking for it; beside it a small text says both, for people.
 * For the front of the store; everything here may block: inside rt_call only. */
#ifndef DRAY_STORE_PARTIAL_H
#define DRAY_STORE_PARTIAL_H

#include "store/store_impl.h"

enum { PARTIAL_NAME = 64 };

/* The hidden path of the account's partial of `path`. -ENOMEM. */
int partial_name(const char *account, const char *path, char own[PARTIAL_NAME]);
/* Makes ready for a partial of that name: the folder, and the text beside it. */
int partial_announce(const struct store *, const char *own, const char *path);
/* Removes it, if nobody writes it, and what goes with it: it counted as use of the store's account. -ENOENT, -EBUSY. */
int partial_drop(const struct store *, const char *own);
/* May there be any? Asked before what would cost something. */
bool partial_any(const struct storage *);
/* The text beside it, after the partial itself has become a file. */
void partial_forget(const struct store *, const char *own);

#endif

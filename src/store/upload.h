/* upload: a file that is being written, as the front gives it to sessions: what store_create returns. For store.c only. */
#ifndef DRAY_STORE_UPLOAD_H
#define DRAY_STORE_UPLOAD_H

#include "store/store_impl.h"

/* rights: what the account may do there. */
int upload_begin(const struct store *, const struct store_upload *, unsigned rights, struct file **out);
int upload_commit(struct file *);
const char *upload_path(const struct file *);
int upload_keep(struct file **);

/* What may still be stored: the disk above keep_free. Inside rt_call only. */
int upload_room(const struct store *, const char *path, int64_t *bytes);

#endif

/* serve_impl: shared by serve.c and serve_store.c only. */
#ifndef DRAY_CMD_SERVE_IMPL_H
#define DRAY_CMD_SERVE_IMPL_H

#include "conf/conf.h"
#include "store/storage.h"

/* A sentence on standard error; -EINVAL. */
int serve_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What is served and how uploads are treated, as the operator says; `uploads` at once. -EINVAL when that cannot be; he knows
 * why then. */
int serve_storage(const struct conf *, unsigned uploads, struct storage *out);
/* What it is called: the folder's whole path, or that it is memory. The caller frees; NULL without memory. */
char *serve_name(const struct conf *);

#endif

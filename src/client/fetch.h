/* fetch: get. A file comes under a temporary name and gets its own when it is whole and proven; a folder becomes jobs. */
#ifndef DRAY_CLIENT_FETCH_H
#define DRAY_CLIENT_FETCH_H

#include "client/crew.h"

/* A file, whose size and mtime are known as far as the server tells; job->here is its place. */
extern const struct job_kind fetch_file;
/* A folder and all in it, which go into the folder job->here. */
extern const struct job_kind fetch_folder;

/* Is it a name that a file here may get? No slash, no control byte, not "." or "..". */
bool fetch_name_is_safe(struct span leaf);

#endif

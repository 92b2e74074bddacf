/* send: put. A file goes under a temporary name and gets its own when it is whole and proven, unless the server itself stores whole
 * or not at all; a folder becomes jobs. */
#ifndef DRAY_CLIENT_SEND_H
#define DRAY_CLIENT_SEND_H

#include "client/crew.h"

/* The file job->here to the path job->there. */
extern const struct job_kind send_file;
/* The folder job->here and all in it, into the folder job->there, which is made. */
extern const struct job_kind send_folder;

#endif

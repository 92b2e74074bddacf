/* sync: makes the content of one folder that of another: a server's that of this computer, or the reverse; and verify, the same walk,
 * which changes nothing and compares content. What sort of run it is, says the order. */
#ifndef DRAY_CLIENT_SYNC_H
#define DRAY_CLIENT_SYNC_H

#include "client/crew.h"

/* The folders job->there (as in an address) and job->here. Verify takes files, too. */
extern const struct job_kind verb_sync, verb_verify;

#endif

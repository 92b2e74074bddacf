/* crew_impl: the queue of a crew, for crew.c and crew_jobs.c only. */
#ifndef DRAY_CLIENT_CREW_IMPL_H
#define DRAY_CLIENT_CREW_IMPL_H

#include "client/crew.h"

/* A new job at the end of its queue, a part at the beginning. -ENOMEM. */
int crew_push(struct crew *c, const struct job *like, const struct job_kind *kind, struct span there, struct span here);
/* The next one, which is then the caller's to free; NULL: none waits. */
struct job *crew_pop(struct crew *c);
/* All that wait, and the sites. */
void crew_free_jobs(struct crew *c);

#endif

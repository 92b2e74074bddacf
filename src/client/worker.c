/* worker: what the jobs of a crew ask their worker for. Called by the verbs, get and put; owns nothing. Failures are told by w->why. */
#include "client/crew.h"

#include "base/cleanup.h"
#include "client/ftpc_file.h"

int worker_failed(struct worker *w, const char *doing, struct span name, int rc)
{
    struct io *none = NULL;

    if (!w->task->cancelled && !ftpc_lost(w->ftp))
        rc = ftpc_give_up(w->ftp, &none, rc);
    failure_there(&w->why, w->ftp, doing, name, rc);
    return rc;
}

int worker_judge(struct worker *w, struct span path, int rc)
{
    struct ftpc_facts facts;

    if (w->why.out == OUT_NOT_FOUND && !ftpc_lost(w->ftp) && ftpc_facts(w->ftp, path_parent(path), &facts) == 0 && facts.folder)
        w->why.out = OUT_REFUSED;
    return rc;
}

int worker_failed_here(struct worker *w, struct span name, int rc)
{
    failure_here(&w->why, name, rc);
    return rc;
}

int64_t worker_pace(struct worker *w, int64_t want)
{
    int64_t now = rt_now(w->task), when, step;

    if (!w->pace.n)
        return want;
    step = pace_take(&w->pace, want, now, &when);
    TRY(when > now ? rt_sleep(w->task, when) : 0);
    return step;
}

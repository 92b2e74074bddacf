/* verb_sync: sync and verify: what the two words on the command line are, and the job that begins the walk (sync.c). Run by the crew's
 * first worker; owns nothing. Failures are told by w->why. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/sync_impl.h"
#include "client/wish.h"
#include "sys/save.h"

static int refuse(struct worker *w, const char *verb, struct span path, enum outcome out, const char *text)
{
    struct shown name;

    failure_set(&w->why, out, "%s %s: %s", verb, shown(&name, path), text);
    return -EISDIR;
}

static const char *verb_of(const struct worker *w)
{
    return w->crew->order->sync ? "sync" : "verify";
}

static int start(struct worker *w, const struct job *wish, const struct job_kind *kind, struct job like, const char *there)
{
    int rc = crew_add(w->crew, &like, kind, span_of(there), span_of(wish->here));

    return rc < 0 ? worker_failed_here(w, span_of(wish->here), rc) : 0;
}

static int look_there(struct worker *w, const char *there, struct ftpc_facts *facts)
{
    int rc = ftpc_facts(w->ftp, span_of(there), facts);

    if (rc >= 0 || rc == -ENOENT || (rc == -EACCES && w->crew->order->up))
        return rc;
    return worker_failed(w, verb_of(w), span_of(there), rc);
}

/* rc of save_look: a folder is -EISDIR. */
static int begin_sync(struct worker *w, const struct job *wish, const char *there)
{
    const struct order *o = w->crew->order;
    struct ftpc_facts facts;
    struct job like = *wish;
    int at = look_there(w, there, &facts), here = save_look(wish->here, &like.size, &like.mtime);
    bool missing = o->up ? at < 0 : here == -ENOENT;

    if (at < 0 && (!o->up || (at != -ENOENT && at != -EACCES)))
        return at == -ENOENT ? worker_failed(w, "sync", span_of(there), at) : at;
    if (here >= 0)
        return refuse(w, "sync", span_of(wish->here), OUT_USAGE, _("is a file: sync is for folders (get and put take files)"));
    if (here != -EISDIR && (o->up || !missing))
        return worker_failed_here(w, span_of(wish->here), here);
    if (at == 0 && !facts.folder)
        return refuse(w, "sync", span_of(there), OUT_USAGE, _("is a file: sync is for folders (get and put take files)"));
    like.how = missing ? SYNC_FRESH : 0;
    return start(w, wish, &sync_folder, like, there);
}

static int run_sync(struct worker *w, struct job *job)
{
    CLEANUP(free_text) char *there = malloc(PATH_CAP);
    int rc = there ? site_path(job->site, span_of(job->there), there, PATH_CAP) : -ENOMEM;

    return rc < 0 ? worker_failed_here(w, span_of(job->there), rc) : begin_sync(w, job, there);
}

const struct job_kind verb_sync = { "sync", true, run_sync };

/* A file at one side stands for itself in a folder at the other. */
static int begin_verify(struct worker *w, const struct job *wish, char *there)
{
    struct job like = *wish;
    struct ftpc_facts facts;
    CLEANUP(free_text) char *joined = malloc(PATH_CAP);
    int here = save_look(wish->here, &like.size, &like.mtime), rc = look_there(w, there, &facts);

    if (!joined)
        return worker_failed_here(w, span_of(wish->here), -ENOMEM);
    if (rc < 0)
        return rc == -ENOENT || rc == -EACCES ? worker_failed(w, "verify", span_of(there), rc) : rc;
    if (here < 0 && here != -EISDIR)
        return worker_failed_here(w, span_of(wish->here), here);
    if (here < 0 && facts.folder)
        return start(w, wish, &sync_folder, like, there);
    like.size = facts.size;
    like.mtime = facts.mtime;
    rc = here < 0 ? wish_join(span_of(wish->here), path_leaf(span_of(there)), joined, PATH_CAP)
                  : wish_join(span_of(there), facts.folder ? path_leaf(span_of(wish->here)) : SPAN(""), joined, PATH_CAP);
    if (rc == 0)
        rc = crew_add(w->crew, &like, &sync_compare, span_of(here < 0 ? there : joined), span_of(here < 0 ? joined : wish->here));
    return rc < 0 ? worker_failed_here(w, span_of(wish->here), rc) : 0;
}

static int run_verify(struct worker *w, struct job *job)
{
    CLEANUP(free_text) char *there = malloc(PATH_CAP);
    int rc = there ? site_path(job->site, span_of(job->there), there, PATH_CAP) : -ENOMEM;

    return rc < 0 ? worker_failed_here(w, span_of(job->there), rc) : begin_verify(w, job, there);
}

const struct job_kind verb_verify = { "verify", true, run_verify };

/* crew_jobs: the queue of a crew, and the servers that its jobs are of. Called by crew.c and the verbs; owns sites and the jobs that
 * wait. One thread, so nothing is locked. Fails without memory only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/say.h"
#include "client/crew_impl.h"

/* ---- sites ---- */

static void tell(void *arg, struct span host, const char *note)
{
    report_note(arg, N_("connect"), host, note);
}

struct site *crew_site(struct crew *c, const struct target *where, struct ftpc_how how, struct secure *secure)
{
    struct site *s = c->sites;

    while (s && !site_is(s, where))
        s = s->next;
    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->where = *where;
    s->how = how;
    s->secure = secure;
    s->tell = tell;
    s->tell_arg = &c->report;
    s->next = c->sites;
    c->sites = s;
    return s;
}

/* ---- jobs ---- */

static struct job *make_job(const struct job *like, const struct job_kind *kind, struct span there, struct span here)
{
    struct job *job = malloc(sizeof *job + there.len + here.len + 2);

    if (!job)
        return NULL;
    *job = *like;
    job->kind = kind;
    job->seen = 0;
    memcpy(job->there, there.at, there.len);
    job->there[there.len] = '\0';
    job->here = job->there + there.len + 1;
    if (here.len)
        memcpy(job->there + there.len + 1, here.at, here.len);
    job->there[there.len + 1 + here.len] = '\0';
    return job;
}

static void push_job(struct crew *c, struct job *job)
{
    c->waiting++;
    job->next = NULL;
    if (job->kind->folder) {
        job->next = c->folders;
        c->folders = job;
        return;
    }
    c->ready++;
    if (!c->files)
        c->files_end = &c->files;
    if (job->part_of) {
        job->next = c->files;
        if (!c->files)
            c->files_end = &job->next;
        c->files = job;
        return;
    }
    *c->files_end = job;
    c->files_end = &job->next;
}

struct job *crew_pop(struct crew *c)
{
    struct job **from = c->files ? &c->files : &c->folders, *job = *from;

    if (!job)
        return NULL;
    *from = job->next;
    c->waiting--;
    c->ready -= !job->kind->folder;
    return job;
}

int crew_push(struct crew *c, const struct job *like, const struct job_kind *kind, struct span there, struct span here)
{
    struct job *job = make_job(like, kind, there, here);

    if (!job)
        return -ENOMEM;
    push_job(c, job);
    return 0;
}

unsigned crew_withdraw(struct crew *c, const void *part_of)
{
    unsigned count = 0;

    for (struct job **at = &c->files; *at;) {
        struct job *job = *at;

        if (job->part_of == part_of) {
            *at = job->next;
            free(job);
            count++;
        } else {
            at = &job->next;
            c->files_end = at;
        }
    }
    c->waiting -= count;
    c->ready -= count;
    return count;
}

/* ---- the end ---- */

static void free_jobs(struct job *job)
{
    while (job) {
        struct job *next = job->next;

        free(job);
        job = next;
    }
}

static void free_sites(struct site *s)
{
    while (s) {
        struct site *next = s->next;

        explicit_bzero(s->where.password, sizeof s->where.password);
        free(s);
        s = next;
    }
}

void crew_free_jobs(struct crew *c)
{
    free_jobs(c->files);
    free_jobs(c->folders);
    free_sites(c->sites);
}

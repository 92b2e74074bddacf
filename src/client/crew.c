/* crew: see crew.h. Called by the verbs; owns workers and the loop (crew_jobs.c: sites and jobs). The first worker logs in alone: what is wrong with
 * the address or the password is found once. Then others join, as many as there are jobs for them; one that the server does not
 * want (421, 530) leaves, and no further one is tried; the first waits for a place. A job that broke off is tried again after a
 * while by the same worker. Failures end in the report and in the outcome, never in the crew. */
#include "client/crew_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "rt/loop.h"
#include "sys/clock.h"

enum { PAUSE_MOST = 30, PAUSE_STEPS = 5 }; /* seconds between two tries: 1, 2, 4, 8, 16, and 30 from then on */

/* ---- workers ---- */

static void work(struct rt_task *task, void *arg);

static int start_worker(struct crew *c, struct site *join)
{
    struct worker *w = calloc(1, sizeof *w);
    int rc;

    if (!w)
        return -ENOMEM;
    w->crew = c;
    w->site = join;
    w->joining = join;
    pace_add(&w->pace, &c->bucket, c->order->rate);
    rc = loop_start(c->loop, work, &w, sizeof w);
    if (rc < 0) {
        free(w);
        return rc;
    }
    w->next = c->workers;
    c->workers = w;
    c->count++;
    return 0;
}

static unsigned joining(const struct crew *c)
{
    unsigned n = 0;

    for (const struct worker *w = c->workers; w; w = w->next)
        n += w->joining;
    return n;
}

/* More hands, when there are more jobs than hands on their way, and `self`, the one that finds the jobs if it soon takes one. */
static void grow(struct crew *c, struct site *site, unsigned self)
{
    while (site->known && c->count < c->most && c->waiting > joining(c) + self)
        if (start_worker(c, site) < 0)
            return;
}

unsigned crew_hands(const struct order *order)
{
    unsigned jobs = order->jobs ? order->jobs : ORDER_JOBS;

    return order->segments > jobs ? order->segments : jobs;
}

/* The first login has measured how far it is. What one worker alone does stays with one. */
static void more_hands(struct crew *c, const struct site *site)
{
    int64_t more = site->trip / (ORDER_JOBS_STEP_MS * 1000000);

    if (c->order->jobs || c->most < ORDER_JOBS)
        return;
    c->most += more < ORDER_JOBS_FAR - ORDER_JOBS ? (unsigned)more : ORDER_JOBS_FAR - ORDER_JOBS;
}

static void rouse(struct crew *c, bool all)
{
    for (struct worker *w = c->workers; w; w = w->next)
        if (w->resting) {
            loop_rouse(w->task);
            w->resting = false;
            if (!all)
                return;
        }
}

int crew_add(struct crew *c, const struct job *like, const struct job_kind *kind, struct span there, struct span here)
{
    TRY(crew_push(c, like, kind, there, here));
    if (!kind->folder && !like->part_of) {
        c->report.totals.planned++;
        c->report.totals.planned_bytes += like->size > 0 ? like->size : 0;
    }
    if (!c->loop)
        return 0;
    rouse(c, false);
    grow(c, like->site, !like->part_of);
    return 0;
}

/* Somebody who has nothing to do holds the place that a job needs. */
static void dismiss_one(struct crew *c)
{
    for (struct worker *w = c->workers; w; w = w->next)
        if (w->resting && w->ftp) {
            w->dismissed = true;
            w->resting = false;
            loop_rouse(w->task);
            return;
        }
}

int worker_connect(struct worker *w, struct site *site)
{
    bool full;
    bool first = !site->known;
    int rc;

    if (w->ftp && (w->site != site || ftpc_lost(w->ftp)))
        site_leave(w->site, w->task, &w->ftp);
    w->site = site;
    if (w->ftp)
        return 0;
    rc = site_connect(site, w->task, &w->ftp, &full, &w->why);
    if (rc < 0 && full && w->crew->most >= w->crew->count)
        w->crew->most = w->crew->count > 1 ? w->crew->count - 1 : 1;
    if (rc < 0 && full)
        dismiss_one(w->crew);
    if (rc < 0)
        return rc;
    w->fresh = true;
    if (first)
        more_hands(w->crew, site);
    grow(w->crew, site, 1);
    return rc;
}

/* ---- a job, and what comes of it ---- */

static void note_outcome(struct crew *c, enum outcome out)
{
    if (c->outcome == OUT_DONE || out == OUT_INTERRUPTED)
        c->outcome = out;
}

/* What broke off on the way can end well the next time, and a place may become free; what was refused otherwise cannot. */
static bool worth_another(const struct worker *w, const struct job *job)
{
    if (w->task->cancelled || job->seen >= w->crew->order->retries)
        return false;
    return w->why.out == OUT_INCOMPLETE || w->why.full || (w->why.out == OUT_CONNECT && w->site && w->site->known);
}

static int pause_before_next(struct worker *w, struct job *job)
{
    unsigned seconds = job->seen < PAUSE_STEPS ? 1u << job->seen : PAUSE_MOST;
    char text[1200];

    job->seen++;
    snprintf(text, sizeof text, w->why.full ? _("%s; waiting for a free place there, once more in %u s (%u of %u)") :
             _("%s; once more in %u s (%u of %u)"), w->why.text, seconds, job->seen, w->crew->order->retries);
    report_note(&w->crew->report, job->kind->verb, span_of(job->there), text);
    return rt_sleep(w->task, rt_after(w->task, seconds));
}

static int attempt(struct worker *w, struct job *job)
{
    TRY(worker_connect(w, job->site));
    w->again = job->seen;
    return job->kind->run(w, job);
}

static void carry_out(struct worker *w, struct job *job)
{
    int rc = job->part_of ? job->kind->run(w, job) : attempt(w, job);

    while (rc < 0 && worth_another(w, job) && pause_before_next(w, job) == 0)
        rc = attempt(w, job);
    if (w->task->cancelled && rc < 0)
        w->why.out = OUT_INTERRUPTED;
    if (rc < 0) {
        note_outcome(w->crew, w->why.out);
        report_failed(&w->crew->report, job->kind->verb, span_of(job->there), &w->why);
    }
    free(job);
}

void crew_help(struct worker *w, unsigned most)
{
    while (w->crew->ready > most && !w->task->cancelled)
        carry_out(w, crew_pop(w->crew));
}

int crew_do(struct worker *w, const struct job *like, const struct job_kind *kind, struct span there, struct span here)
{
    TRY(crew_push(w->crew, like, kind, there, here));
    carry_out(w, crew_pop(w->crew));
    return 0;
}

/* Nothing is left and nobody can find more: those who rest go home, those who still try to join stop trying. */
static void go_home(struct crew *c)
{
    for (struct worker *w = c->workers; w; w = w->next)
        if (w->joining && w->task) {
            w->task->cancelled = true;
            loop_rouse(w->task);
        }
    rouse(c, true);
}

static struct job *next_job(struct worker *w)
{
    struct crew *c = w->crew;

    while (!w->task->cancelled) {
        struct job *job = crew_pop(c);

        if (job || !c->busy)
            return job;
        w->resting = true;
        if (loop_rest(w->task, RT_NEVER) < 0 || w->dismissed)
            break;
    }
    w->resting = false;
    return NULL;
}

static void forget_worker(struct worker *w)
{
    struct worker **at = &w->crew->workers;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->crew->count--;
    free(w);
}

static void join(struct worker *w)
{
    if (w->joining && worker_connect(w, w->site) < 0)
        w->site = NULL;
    w->joining = false;
}

static void work(struct rt_task *task, void *arg)
{
    struct worker *w = *(struct worker **)arg;
    struct crew *c = w->crew;
    struct job *job;
    bool joined = w->joining;

    w->task = task;
    join(w);
    while ((w->ftp || !joined) && (job = next_job(w))) {
        c->busy++;
        carry_out(w, job);
        c->busy--;
    }
    if (!c->busy && !c->waiting)
        go_home(c);
    site_leave(w->site, task, &w->ftp);
    forget_worker(w);
}

/* ---- the whole ---- */

enum outcome crew_resolve(struct crew *c)
{
    struct failure why;

    for (struct site *s = c->sites; s; s = s->next)
        if (site_resolve(s, &why) < 0) {
            note_outcome(c, why.out);
            report_failed(&c->report, "connect", span_of(s->where.host), &why);
        }
    return c->outcome;
}

enum outcome crew_run(struct crew *c, int now)
{
    struct failure why;
    int rc;

    c->report.totals.began = clock_mono();
    rc = loop_new(&loop_epoll, (struct rt_stop){ .drain = -1, .now = now }, c->most + ORDER_JOBS_FAR, &c->loop);
    if (rc == 0)
        rc = start_worker(c, NULL);
    if (rc < 0) {
        failure_here(&why, span_of(_("the event loop")), rc);
        note_outcome(c, why.out);
        report_failed(&c->report, "start", span_of(_("the event loop")), &why);
        return c->outcome;
    }
    loop_run(c->loop);
    if (c->waiting)
        note_outcome(c, OUT_INTERRUPTED);
    report_finish(&c->report, c->outcome, clock_mono());
    return c->outcome;
}

void crew_free(struct crew *c)
{
    loop_free(&c->loop);
    crew_free_jobs(c);
    left_free(&c->left);
    report_close(&c->report);
}

/* segments: see segments.h. Run by the worker that has the file, the owner, and by others that take the jobs it leaves in the queue;
 * the owner takes segments as well, so that nothing waits for a connection that the server refuses, and leaves only when the last
 * helper has gone. A segment that broke off is taken up by whoever is free.
 *
 * The file is made too long while it has holes, by a byte for each segment: so what a kill leaves is not taken for a beginning as it is,
 * and tells how far the first segment went (fetch.c). In the end it is cut, to all of it, or to what has come without a hole.
 *
 * That a server begins where it was asked to is proven: each segment begins a little before its place, and what is read there must
 * be what the one before has brought; the last one must end where the file ends. RANG where the server has it ends a segment by
 * itself (draft-bryan-ftp-range); REST goes on to the end of the file and is broken off (RFC 3659 section 5). */
#include "client/segments_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "rt/loop.h"
#include "sys/save.h"

enum { LEAST = 1 << 20, AUTO_LEAST = 16 << 20, AUTO_MOST = 4, FAR_NS = 5000000, LATE_TRIPS = 16 };

unsigned segments_for(const struct haul *h, int64_t have)
{
    const struct crew *c = h->w->crew;
    const struct site *site = h->job->site;
    unsigned want = c->order->segments, idle = c->most > c->busy ? c->most - c->busy + 1 : 1;
    int64_t left = h->flight.size - have, most = left / LEAST;

    if (!c->loop || h->flight.size < 0 || site->whole || want == 1 || most < 2)
        return 1;
    if (!want && (left < AUTO_LEAST || ftpc_round_trip(h->w->ftp) < FAR_NS || c->waiting))
        return 1;
    if (!want)
        want = idle < AUTO_MOST ? idle : AUTO_MOST;
    return want < most ? want : (unsigned)most;
}

/* ---- who does what ---- */

/* Will it take so long that half of it, over another connection that has yet to begin, is there sooner? The first one is left alone:
 * how far it goes is all that is known after a kill. */
static bool is_late(struct split *s, const struct segment *g, int64_t trip)
{
    int64_t came = g->from - g->begin, left = g->to - g->from, took = haul_now(s->h) - g->since;

    return g != s->at && left >= 2 * LEAST && took > LATE_TRIPS * trip && left / LATE_TRIPS > came / (took / trip + 1);
}

static struct segment *divide_late(struct split *s, int64_t trip)
{
    struct segment *late = NULL, *half = &s->at[s->count];

    for (struct segment *g = s->at; g && s->count < s->room; g = g->next)
        if (is_late(s, g, trip) && (!late || g->to - g->from > late->to - late->from))
            late = g;
    if (!late)
        return NULL;
    s->count++;
    *half = (struct segment){ .next = late->next, .to = late->to, .from = late->to - (late->to - late->from) / 2 };
    half->begin = half->from;
    late->to = half->from;
    late->next = half;
    return half;
}

/* Near by, nothing is late so soon. */
static int64_t trip_of(const struct worker *w)
{
    int64_t trip = ftpc_lost(w->ftp) ? 0 : ftpc_round_trip(w->ftp);

    return trip > FAR_NS ? trip : FAR_NS;
}

static struct segment *first_free(struct split *s)
{
    struct segment *g = s->rc ? NULL : s->at;

    while (g && g->taken)
        g = g->next;
    return g;
}

static struct segment *claim(struct split *s, const struct worker *w)
{
    struct segment *g = first_free(s);

    if (!g && !s->rc && !ftpc_lost(w->ftp))
        g = divide_late(s, trip_of(w));
    if (g) {
        g->taken = true;
        g->since = haul_now(s->h);
    }
    return g;
}

/* Until nothing is left, or this worker's connection is. Who is not let in must not keep a segment from the others meanwhile. */
static int work_off(struct worker *w, struct split *s)
{
    for (;;) {
        int rc = first_free(s) ? worker_connect(w, s->h->job->site) : 0;
        struct segment *g = rc == 0 ? claim(s, w) : NULL;

        if (!g)
            return rc;
        rc = segment_fetch(w, s, g);
        if ((rc < 0 || ftpc_lost(w->ftp)) && !s->rc)
            rc = worker_connect(w, s->h->job->site);
        TRY(rc);
    }
}

/* Its failures are the owner's, who also waits for it: a helper writes into the owner's file. */
static int run_helper(struct worker *w, struct job *job)
{
    struct split *s = job->part_of;

    if (!s->rc && worker_connect(w, job->site) == 0)
        work_off(w, s);
    s->helpers--;
    loop_rouse(s->h->w->task);
    return 0;
}

static const struct job_kind helper = { "get", false, run_helper };

static int call_helpers(struct split *s)
{
    struct job like = *s->h->job;

    like.part_of = s;
    for (unsigned i = 1; i < s->count; i++) {
        TRY(crew_add(s->h->w->crew, &like, &helper, s->h->flight.there, s->h->flight.here));
        s->helpers++;
    }
    return 0;
}

/* Those who have not begun never will; the others see that it is over, whoever was interrupted. */
static void send_helpers_home(struct split *s)
{
    struct rt_task *task = s->h->w->task;
    bool cancelled = task->cancelled;

    s->helpers -= crew_withdraw(s->h->w->crew, s);
    while (s->helpers) {
        cancelled |= task->cancelled;
        task->cancelled = false;
        loop_rest(task, RT_NEVER);
    }
    task->cancelled |= cancelled;
}

/* ---- the whole ---- */

static bool all_there(const struct split *s)
{
    for (const struct segment *g = s->at; g; g = g->next)
        if (g->from < g->to)
            return false;
    return true;
}

static void divide(struct split *s, int64_t have)
{
    int64_t each = (s->h->flight.size - have) / s->count;

    for (unsigned i = 0; i < s->count; i++) {
        s->at[i].from = s->at[i].begin = have + each * i;
        s->at[i].to = i + 1 < s->count ? have + each * (i + 1) : s->h->flight.size;
        s->at[i].next = i + 1 < s->count ? &s->at[i + 1] : NULL;
    }
}

/* Does the server have before the segment what the one before has brought? */
static bool fits(struct split *s, const struct segment *g)
{
    char ours[SEGMENT_OVERLAP];

    return rt_pread(s->h->w->task, s->fd, ours, g->led, g->begin - g->led) == (ssize_t)g->led && memcmp(ours, g->lead, g->led) == 0;
}

/* Up to where all is there, and fits. */
static int64_t good_until(struct split *s)
{
    struct segment *g = s->at;

    while (g->next && g->from == g->to && fits(s, g->next))
        g = g->next;
    return g->from;
}

/* Who could not go on leaves it to those who have begun, if there are any: they may be the ones whom the server lets in. */
static bool nobody_else(struct split *s)
{
    s->helpers -= crew_withdraw(s->h->w->crew, s);
    return !s->helpers;
}

/* CRC32s of pieces make that of the whole: only what was here before is read again. */
static void join_sums(struct split *s)
{
    for (const struct segment *g = s->at; g && g->from == g->to && s->sum == SUM_CRC32; g = g->next)
        proof_join(&s->h->proof, g->crc, g->begin, g->to - g->begin);
}

static int64_t whole_until(const struct split *s)
{
    const struct segment *g = s->at;

    while (g->next && g->from == g->to)
        g = g->next;
    return g->from == g->to ? g->to : g->begin;
}

/* The owner has the time for it now. A failure is found again when the whole is compared. */
static void sum_what_is_there(struct split *s)
{
    if (s->h->w->ftp) /* whose server says of which kind */
        proof_read(&s->h->proof, s->h->w, s->fd, s->sum == SUM_CRC32 ? s->at->begin : whole_until(s));
    join_sums(s);
}

/* After a round of its own the owner waits for those that others have, which may come back. */
static void work_until_there(struct split *s)
{
    struct worker *w = s->h->w;

    while (!s->rc && !all_there(s)) {
        int rc = work_off(w, s);

        if (rc < 0 && !s->rc && (w->task->cancelled || (!all_there(s) && nobody_else(s)))) {
            s->rc = rc;
            s->why = w->why;
        }
        if (!s->rc && !all_there(s)) {
            sum_what_is_there(s);
            rc = loop_rest(w->task, haul_now(s->h) + LATE_TRIPS * trip_of(w)); /* then something may be late */
            s->rc = rc == -ETIMEDOUT ? 0 : rc;
        }
    }
}

static int run_all(struct split *s, int64_t *have)
{
    struct haul *h = s->h;
    struct save file = { .fd = s->fd };
    int rc = haul_here(h, save_lengthen(&file, *have, h->flight.size + s->count));

    TRY(rc);
    rc = haul_here(h, call_helpers(s));
    s->rc = rc;
    work_until_there(s);
    send_helpers_home(s);
    rc = s->rc;
    if (rc <= 0) {
        int64_t good = good_until(s);

        rc = rc == 0 && good < h->flight.size ? 1 : rc;
        *have = rc <= 0 ? good : *have;
        if (rc == 0)
            join_sums(s);
    }
    if (rc < 0 && !h->here && s->rc != -ECANCELED) {
        h->w->why = s->why;
        h->told = true;
        h->here = s->here;
    }
    if (save_cut(&file, *have) < 0)
        return haul_here(h, -EIO);
    return rc;
}

int segments_fetch(struct haul *h, int fd, unsigned count, int64_t *have)
{
    struct split *s = calloc(1, sizeof *s + 2UL * count * sizeof *s->at);
    int rc;

    if (!s)
        return haul_here(h, -ENOMEM);
    s->h = h;
    s->fd = fd;
    s->count = count;
    s->room = 2 * count;
    s->sum = proof_kind(h->w);
    haul_from(h, *have);
    divide(s, *have);
    haul_begin(h);
    rc = run_all(s, have);
    free(s);
    if (rc != 1)
        return rc;
    proof_drop(&h->proof);
    h->job->site->whole = true;
    haul_note(h, _("the server does not begin in the middle as asked: in one piece, then"));
    haul_again(h);
    return 1;
}

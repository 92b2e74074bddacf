/* sync_file: one file of a sync: must it move, and does it? Run by the crew's workers; get and put (fetch.c, send.c) move it, with
 * all their care. Owns the file that it reads for a checksum. Failures are told by w->why. RFC 3659 sections 3 and 4 (MDTM, SIZE). */
#include <errno.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/fetch.h"
#include "client/proof.h"
#include "client/send.h"
#include "client/sync_impl.h"
#include "sys/local.h"
#include "sys/save.h"

const char sync_unknown[] = "ask";

void sync_say_once(struct worker *w, const struct job *job, enum sync_note note, const char *text)
{
    if (!(w->crew->said & note))
        report_note(&w->crew->report, "sync", span_of(job->there), text);
    w->crew->said |= note;
}

/* ---- must it move? ---- */

static bool within_tick(const struct worker *w, int64_t a, int64_t b)
{
    int64_t tick = w->crew->tick, apart;

    return !__builtin_sub_overflow(a, b, &apart) && apart < tick && apart > -tick;
}

/* The size is the same. A server that was not told the time, or did not let us set it, has that of the upload: a later one. Then it
 * is the same, as far as can be known; where the server computes checksums, that is asked. */
static const char *judge_times(struct worker *w, int64_t source, int64_t dest)
{
    if (within_tick(w, source, dest))
        return NULL;
    if (!w->crew->order->up || dest < source)
        return "time";
    if (w->crew->order->verify != VERIFY_NEVER && (w->site->can.sums | w->site->can.hash))
        return sync_unknown;
    return w->site->can.mfmt ? "time" : NULL;
}

const char *sync_judge(struct worker *w, struct sync_facts source, struct sync_facts dest)
{
    const struct order *o = w->crew->order;
    bool times = source.mtime != INT64_MIN && dest.mtime != INT64_MIN;

    if (o->update && times && dest.mtime > source.mtime && !within_tick(w, source.mtime, dest.mtime))
        return NULL;
    if (source.size < 0 || dest.size < 0 || source.size != dest.size)
        return "size";
    if (o->checksum)
        return sync_unknown;
    return times ? judge_times(w, source.mtime, dest.mtime) : NULL;
}

static void say_what_times_mean(struct worker *w, const struct job *job, struct sync_facts there)
{
    if (there.mtime == INT64_MIN)
        sync_say_once(w, job, SYNC_NO_TIMES, _("this server tells no times: files of the same size count as the same"));
}

/* 0: the same; 1: not, or there is none to compare with. */
static int compare_content(struct worker *w, struct job *job)
{
    CLEANUP(proof_drop) struct proof proof = { 0 };
    CLEANUP(close_fd) int fd = -1;
    const char *name;
    struct shown shown_name;
    bool here = false;
    int64_t size;
    int rc = local_open(job->here, &fd, &size);

    if (rc < 0)
        return worker_failed_here(w, span_of(job->here), rc);
    rc = proof_compare(&proof, w, fd, span_of(job->there), size, true, &name, &here);
    job->why = w->crew->order->checksum ? "content" : "time";
    if (rc == 0 && !w->crew->order->checksum)
        return 1;
    if (rc == 0) {
        failure_set(&w->why, OUT_UNVERIFIED,
                    _("sync %s: --checksum: the server computes no checksum of it, and its size is the same"), shown(&shown_name, span_of(job->there)));
        return -EOPNOTSUPP;
    }
    if (rc == -EBADMSG)
        return 1;
    return rc > 0 ? 0 : here ? worker_failed_here(w, span_of(job->here), rc) : worker_failed(w, "sync", span_of(job->there), rc);
}

/* 1: it is there. */
static int ask_there(struct worker *w, const struct job *job, struct sync_facts *out)
{
    struct ftpc_facts facts;
    int rc = ftpc_facts(w->ftp, span_of(job->there), &facts);

    if (w->crew->order->up && (rc == -ENOENT || rc == -EACCES))
        return 0;
    if (rc < 0)
        return worker_failed(w, "sync", span_of(job->there), rc);
    *out = (struct sync_facts){ facts.size, facts.mtime };
    say_what_times_mean(w, job, *out);
    return 1;
}

static int ask_here(struct worker *w, const struct job *job, struct sync_facts *out)
{
    int rc = save_look(job->here, &out->size, &out->mtime);

    if (!w->crew->order->up && rc == -ENOENT)
        return 0;
    return rc < 0 ? worker_failed_here(w, span_of(job->here), rc) : 1;
}

/* 1: it must move, job->why tells why; 0: it need not. What is known better now is noted. */
static int ask(struct worker *w, struct job *job)
{
    struct sync_facts here = { -1, INT64_MIN }, there = { -1, INT64_MIN };
    bool up = w->crew->order->up;
    int at, in;

    if (w->site->can.mlst)
        return compare_content(w, job);
    at = ask_there(w, job, &there);
    TRY(at);
    in = ask_here(w, job, &here);
    TRY(in);
    job->size = up ? here.size : there.size;
    job->mtime = up ? here.mtime : there.mtime;
    job->why = !at || !in ? "new" : sync_judge(w, up ? here : there, up ? there : here);
    if (up && at && !w->site->can.mfmt)
        sync_say_once(w, job, SYNC_KEEPS_NO_TIMES,
                      _("this server keeps no times: what is newer there, of the same size, counts as the same"));
    return job->why == sync_unknown ? compare_content(w, job) : job->why != NULL;
}

/* ---- it must ---- */

static int taken(struct worker *w, const struct job *job, const char *why)
{
    bool up = w->crew->order->up;
    struct shown name;

    failure_set(&w->why, up ? OUT_REFUSED : OUT_LOCAL, "sync %s: %s", shown(&name, span_of(up ? job->there : job->here)), why);
    return -EISDIR;
}

static int make_room(struct worker *w, struct job *job)
{
    int rc;

    if (job->how & SYNC_TAKEN && job->how & SYNC_FOLDER)
        return taken(w, job, _("a folder has this name at the destination (--delete removes it)"));
    if (job->how & SYNC_TAKEN)
        return taken(w, job, _("something else has this name at the destination (--delete removes it)"));
    if (!(job->how & SYNC_CLEAR))
        return 0;
    rc = remove_dest(w, job, job->how & SYNC_FOLDER);
    TRY(rc);
    job->how &= ~(unsigned)SYNC_CLEAR;
    return rc ? taken(w, job, _("the folder of this name at the destination holds what is left out")) : 0;
}

static int move(struct worker *w, struct job *job)
{
    const struct order *o = w->crew->order;

    if (!o->dry)
        return o->up ? send_file.run(w, job) : fetch_file.run(w, job);
    report_deed(&w->crew->report,
                &(struct deed){ .verb = o->up ? "put" : "get", .there = span_of(job->there), .here = span_of(job->here),
                                .size = job->size < 0 ? 0 : job->size, .why = job->why, .dry = true });
    return 0;
}

static int run_file(struct worker *w, struct job *job)
{
    int rc = job->how & SYNC_ASK ? ask(w, job) : 1;

    TRY(rc);
    if (rc == 0) {
        w->crew->report.totals.planned_bytes -= job->size > 0 ? job->size : 0;
        w->crew->report.totals.skipped++;
        return 0;
    }
    job->how &= ~(unsigned)SYNC_ASK;
    TRY(make_room(w, job));
    return move(w, job);
}

const struct job_kind sync_file = { "sync", false, run_file };

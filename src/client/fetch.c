/* fetch: see fetch.h. Run by the crew's workers; a fetch owns the temporary file, the data connection and a block while it runs.
 * Witnesses must agree before a file gets its name: the end of the data, the server's last word, the size, and the content where
 * the server can hash. What broke off is kept under a name that only the same source (server, path, size, time) finds again; it
 * is continued when its beginning is proven: by checksum where the server has HASH and RANG, else by that size and time. Failures
 * of this computer and of the server are told apart (`here`). RFC 959 section 5.4, RFC 3659 sections 3 to 5 and 7. */
#include "client/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/haul.h"
#include "client/part.h"
#include "client/segments.h"
#include "sys/save.h"

struct fetch {
    struct haul h;
    struct save save;
    char *block;
    const char *leaf; /* in job->here */
    bool useless;     /* what is there cannot be the beginning of it */
};

static void fetch_end(struct fetch *f)
{
    io_abort(&f->h.data);
    proof_drop(&f->h.proof);
    if (f->block)
        rt_block_give(f->block);
    save_leave(&f->save);
}

/* ---- what is here ---- */

/* From where and of what: another source must not find what came of this one. */
static uint64_t tag_of(struct fetch *f)
{
    const struct job *job = f->h.job;
    const struct target *t = &job->site->where;
    char text[64], *path = f->h.w->path;
    const char *parts[] = { t->host, t->user, path, text };

    /* the menu's names are relative to its folder: the verbs find what it began, and it what they began */
    if (site_path(job->site, f->h.flight.there, path, sizeof f->h.w->path) < 0)
        parts[2] = job->there;
    snprintf(text, sizeof text, "%u %lld %lld", t->port, (long long)job->size, (long long)job->mtime);
    return part_tag(parts, sizeof parts / sizeof *parts);
}

/* 1: it is here already, whole. */
static int look_here(struct fetch *f)
{
    const struct order *o = f->h.w->crew->order;
    int64_t size, mtime;
    int rc = save_look(f->h.job->here, &size, &mtime);

    if (rc == -ENOENT)
        return 0;
    if (rc == 0 && o->resume && !o->sync && size == f->h.job->size && mtime == f->h.job->mtime)
        return 1;
    if (rc < 0)
        return haul_here(&f->h, rc);
    return o->force ? 0 : haul_wrong(&f->h, OUT_LOCAL, _("there is a file of this name here (-f replaces it)"));
}

static int open_save(struct fetch *f, int64_t *have)
{
    const struct order *o = f->h.w->crew->order;
    uint64_t tag = tag_of(f);
    char *folder = f->h.w->other;
    int rc;

    snprintf(folder, sizeof f->h.w->other, "%s", f->h.job->here);
    folder[f->leaf - f->h.job->here] = '\0';
    if (!*folder)
        strcpy(folder, ".");
    /* only a run that continues, and only where names are few, looks for what is left of another source */
    if (o->resume && !f->h.w->again && !f->h.job->clean && save_sweep(folder, f->leaf, tag) > 0)
        haul_note(&f->h, _("the source has changed since: starting over"));
    rc = save_open(folder, f->leaf, tag, o->resume || f->h.w->again, o->force, &f->save, have);
    if (rc == -EBUSY)
        return haul_wrong(&f->h, OUT_LOCAL, _("another process is fetching it to the same place"));
    return haul_here(&f->h, rc);
}

static int start_over(struct fetch *f, int64_t *have, const char *why)
{
    haul_note(&f->h, why);
    proof_drop(&f->h.proof);
    *have = 0;
    return haul_here(&f->h, save_cut(&f->save, 0));
}

/* Segments that a kill has ended: the file is as many bytes too long as there were (segments.c). What came without a hole is good; where
 * no checksum can tell that the second joined the first, that is no more than the first's. */
static int64_t left_by_segments(struct fetch *f, int64_t have)
{
    int64_t size = f->h.job->size, count = have - size, solid = save_solid(&f->save);
    bool proof = f->h.w->crew->order->verify != VERIFY_NEVER && ftpc_sums_of_part(f->h.w->ftp);

    if (size < 0 || count < 2 || count > ORDER_JOBS_MOST)
        return have;
    if (!proof && solid > size / count)
        solid = size / count;
    return solid == 0 ? have : solid < size ? solid : size;
}

/* Is what is here the beginning of what is there? If not, or if nobody can tell, it goes. */
static int prove_beginning(struct fetch *f, int64_t *have)
{
    const struct job *job = f->h.job;
    const char *name;
    char text[200];
    int rc;

    if (*have == 0)
        return 0;
    *have = left_by_segments(f, *have);
    if (job->size >= 0 && *have > job->size)
        return start_over(f, have, _("what was here is longer than the file: starting over"));
    rc = proof_compare(&f->h.proof, f->h.w, f->save.fd, f->h.flight.there, *have, false, &name, &f->h.here);
    if (rc == -EBADMSG)
        return start_over(f, have, _("what was here is not the beginning of the file: starting over"));
    TRY(rc);
    if (rc == 0 && (job->size < 0 || job->mtime == INT64_MIN))
        return start_over(f, have, _("the server tells neither checksum nor size and time: starting over"));
    snprintf(text, sizeof text, _("continued at byte %lld, proven by %s"), (long long)*have,
             rc ? name : _("size and time only (no HASH and RANG there)"));
    haul_note(&f->h, text);
    return haul_here(&f->h, save_cut(&f->save, *have));
}

/* ---- what comes ---- */

static int write_block(struct fetch *f, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = rt_pwrite(f->h.w->task, f->save.fd, f->block + done, len - done, f->h.flight.done + (int64_t)done, true);

        if (n <= 0)
            return haul_here(&f->h, n < 0 ? (int)n : -EIO);
        done += (size_t)n;
    }
    return 0;
}

/* Stops as soon as there is more than announced: it might never end. */
static int copy_in(struct fetch *f)
{
    for (;;) {
        int64_t step = worker_pace(f->h.w, RT_BLOCK);
        ssize_t n = step < 0 ? step : ftpc_read(f->h.w->ftp, f->h.data, f->block, (size_t)step);

        if (n <= 0)
            return (int)n;
        if (f->h.flight.size >= 0 && f->h.flight.done + n > f->h.flight.size) {
            f->useless = true;
            return haul_wrong(&f->h, OUT_INCOMPLETE, _("not whole: more came than the %lld bytes that were announced"),
                         (long long)f->h.flight.size);
        }
        TRY(write_block(f, (size_t)n));
        proof_pass(&f->h.proof, f->h.w, f->h.flight.done, f->block, (size_t)n);
        f->h.flight.done += n;
        haul_moved(&f->h, f->h.w, n);
        TRY(rt_turn(f->h.w->task, -1));
    }
}

static int restart(struct fetch *f, int64_t *have)
{
    int rc = *have ? ftpc_restart(f->h.w->ftp, *have) : 0;

    if (rc == -EACCES)
        return start_over(f, have, _("the server cannot begin in the middle: starting over"));
    return rc;
}

/* Segments of two versions would make a third: without a checksum, the server says once more what it has. */
static int still_the_same(struct fetch *f)
{
    struct job *job = f->h.job;
    struct ftpc_facts facts;

    if (proof_kind(f->h.w) != SUMS)
        return 0;
    TRY(ftpc_facts(f->h.w->ftp, f->h.flight.there, &facts));
    if (facts.size == job->size && facts.mtime == job->mtime)
        return 0;
    job->size = facts.size;
    job->mtime = facts.mtime;
    f->useless = true;
    return haul_wrong(&f->h, OUT_INCOMPLETE, _("it was changed while it was fetched"));
}

/* 0: it is all there; 1: one connection is to do it. */
static int transfer_in_segments(struct fetch *f, int64_t *have)
{
    unsigned count = segments_for(&f->h, *have);
    int rc = count > 1 ? segments_fetch(&f->h, f->save.fd, count, have) : 1, back;

    TRY(rc);
    back = worker_connect(f->h.w, f->h.job->site); /* others may have done it while this one's was lost */
    f->h.told = back < 0;
    TRY(back);
    return rc == 0 ? still_the_same(f) : rc;
}

static int transfer(struct fetch *f, int64_t have)
{
    struct ftpc *ftp = f->h.w->ftp;
    bool cut;

    TRY(haul_here(&f->h, save_reserve(&f->save, f->h.job->size)));
    f->block = rt_block_take();
    if (!f->block)
        return haul_here(&f->h, -ENOMEM);
    TRY(restart(f, &have));
    haul_from(&f->h, have);
    ftpc_ahead(ftp, proof_kind(f->h.w), f->h.w->crew->waiting);
    TRY(ftpc_begin(ftp, "RETR", f->h.flight.there, &f->h.data));
    if (f->h.flight.size < 0 && !have)
        f->h.flight.size = ftpc_announced(ftp);
    haul_begin(&f->h);
    TRY(copy_in(f));
    cut = io_truncated(f->h.data);
    io_close(&f->h.data);
    TRY(ftpc_end(ftp));
    if (f->h.flight.size >= 0 && f->h.flight.done != f->h.flight.size)
        return haul_wrong(&f->h, OUT_INCOMPLETE, _("not whole: %lld bytes arrived, %lld were announced"), (long long)f->h.flight.done,
                     (long long)f->h.flight.size);
    if (f->h.flight.size < 0 && cut)
        return haul_wrong(&f->h, OUT_INCOMPLETE, _("perhaps not whole: the data ended without TLS being told, and no size says that it was all"));
    return 0;
}

static int verify(struct fetch *f)
{
    int rc = proof_compare(&f->h.proof, f->h.w, f->save.fd, f->h.flight.there, f->h.flight.done, true, &f->h.flight.proof, &f->h.here);

    f->useless |= rc == -EBADMSG;
    if (rc == -EBADMSG)
        return haul_wrong(&f->h, OUT_UNVERIFIED, _("what arrived is not what the server has: the checksums differ"));
    if (rc == 0 && f->h.w->crew->order->verify == VERIFY_ALWAYS)
        return haul_wrong(&f->h, OUT_UNVERIFIED, _("cannot be verified: the server computes no checksum of it"));
    if (rc == 0 && f->h.flight.size >= 0)
        f->h.flight.proof = N_("size");
    return rc < 0 ? rc : 0;
}

/* LIST tells times for people: the file gets the one that MDTM tells. */
static int ask_time(struct fetch *f)
{
    int64_t mtime;

    if (!f->h.job->vague)
        return 0;
    TRY(ftpc_mtime(f->h.w->ftp, f->h.flight.there, &mtime));
    if (mtime != INT64_MIN)
        f->h.job->mtime = mtime;
    f->h.job->vague = false;
    return 0;
}

static int fetch_steps(struct fetch *f)
{
    int64_t have;
    int rc;

    TRY(ask_time(f));
    rc = look_here(f);
    TRY(rc);
    if (rc == 1) {
        report_skip(&f->h.w->crew->report, "get", f->h.flight.there, f->h.job->size, _("is here already, of the same size and time"));
        return 0;
    }
    TRY(open_save(f, &have));
    TRY(prove_beginning(f, &have));
    f->h.flight.from = f->h.flight.done = have;
    if (have == 0 || have != f->h.job->size)
        rc = transfer_in_segments(f, &have);
    TRY(rc);
    if (rc == 1)
        TRY(transfer(f, have));
    TRY(verify(f));
    TRY(haul_here(&f->h, save_keep(&f->save, f->leaf, f->h.job->mtime, f->h.w->crew->order->force)));
    haul_end(&f->h);
    return 0;
}

/* The session back in step, the story told, and what came of it kept if it is good for something. */
static int conclude(struct fetch *f, int rc)
{
    struct worker *w = f->h.w;

    rc = haul_failed(&f->h, rc);
    if (f->useless || (w->why.out != OUT_INCOMPLETE && w->why.out != OUT_INTERRUPTED))
        save_drop(&f->save);
    return rc;
}

static int run_file(struct worker *w, struct job *job)
{
    CLEANUP(fetch_end) struct fetch f = { .h = haul_of(w, job, "get"), .save = SAVE_NONE };
    int rc;

    f.leaf = job->here + span_rfind(span_of(job->here), '/') + 1;
    rc = fetch_steps(&f);
    return rc < 0 ? conclude(&f, rc) : 0;
}

const struct job_kind fetch_file = { "get", false, run_file };

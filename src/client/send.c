/* send: see send.h. Run by the crew's workers; a send owns the file and the data connection while it runs.
 *
 * Whole or not at all: dray's own server stores so by itself. Elsewhere the upload goes to "leaf.part" in the same folder, is
 * compared there, and renamed. A server that refuses that name, or the renaming, gets the file under its own name at once, which
 * is said: an upload that breaks off may then leave a piece. Afterwards size and, where the server can hash, content are compared,
 * and the mtime is set where it can be (MFMT). RFC 959 sections 4.1.3 and 5.4, RFC 3659 section 5 (REST). */
#include "client/send.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/proof.h"
#include "sys/local.h"
#include "sys/save.h"

enum { STEP = 1 << 20, SMALL = 64 << 10 };

struct sending {
    struct worker *w;
    struct job *job;
    struct flight flight;
    struct span into; /* the path that is stored to: job->there, or the temporary name in w->other */
    int64_t mtime;
    struct io *data;
    int file;
    bool here, told, begun;
    bool useless; /* what was continued did not become the file: the next try shall start over */
};

static void sending_end(struct sending *s)
{
    io_abort(&s->data);
    close_fd(&s->file);
}

static int64_t now(const struct sending *s)
{
    return rt_now(s->w->task);
}

static struct ftpc *ftp(const struct sending *s)
{
    return s->w->ftp;
}

static void note(struct sending *s, const char *text)
{
    report_note(&s->w->crew->report, "put", s->flight.there, text);
}

static int here(struct sending *s, int rc)
{
    s->here |= rc < 0 && rc != -ECANCELED;
    return rc;
}

__attribute__((format(printf, 3, 4))) static int wrong(struct sending *s, enum outcome out, const char *fmt, ...)
{
    char text[400];
    struct shown name;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    failure_set(&s->w->why, out, "put %s: %s", shown(&name, s->flight.there), text);
    s->told = true;
    return -EPIPE;
}

static bool uses_part(const struct sending *s)
{
    return s->into.at != s->job->there;
}

/* Where it goes first. */
static void choose_place(struct sending *s)
{
    bool own = s->job->site->can.atomic || s->job->site->direct;
    int n = own ? 0 : snprintf(s->w->other, sizeof s->w->other, "%s.part", s->job->there);

    s->into = n > 0 && (size_t)n < sizeof s->w->other ? (struct span){ s->w->other, (size_t)n } : s->flight.there;
}

/* ---- what is there ---- */

/* 1: it is there already, whole. */
static int look_there(struct sending *s)
{
    struct ftpc_facts facts;
    int rc;

    if (!s->w->crew->order->resume || s->w->crew->order->sync || s->w->again)
        return 0;
    rc = ftpc_facts(ftp(s), s->flight.there, &facts);
    if (rc == -ENOENT || rc == -EACCES)
        return 0;
    TRY(rc);
    return !facts.folder && !facts.partial && facts.size == s->flight.size && facts.mtime == s->mtime;
}

/* What has come of an upload that broke off: from where to go on. Another run must not go on with what has changed since. */
static int look_for_beginning(struct sending *s, int64_t *have)
{
    struct ftpc_facts facts;
    bool again = s->w->again;
    int rc;

    *have = 0;
    if (s->w->crew->order->sync && !again && s->flight.size < SMALL)
        return 0; /* to ask takes longer than to send it */
    if (!(s->w->crew->order->resume || again) || (!uses_part(s) && !s->job->site->can.atomic))
        return 0;
    rc = ftpc_facts(ftp(s), s->into, &facts);
    if (rc == -ENOENT || rc == -EACCES)
        return 0;
    TRY(rc);
    if (facts.folder || facts.size <= 0 || facts.size > s->flight.size || (!uses_part(s) && !facts.partial))
        return 0;
    if (!again && facts.mtime != INT64_MIN && s->mtime > facts.mtime) {
        note(s, _("the file has changed since: starting over"));
        return 0;
    }
    *have = facts.size;
    return 0;
}

static int prove_beginning(struct sending *s, int64_t *have)
{
    const char *name;
    char text[200];
    int rc;

    TRY(look_for_beginning(s, have));
    if (*have == 0)
        return 0;
    rc = proof_compare(s->w, s->file, s->into, *have, false, &name, &s->here);
    if (rc == -EBADMSG) {
        note(s, _("what is there is not the beginning of the file: starting over"));
        *have = 0;
        return 0;
    }
    TRY(rc);
    snprintf(text, sizeof text, _("continued at byte %lld, proven by %s"), (long long)*have,
             rc ? name : _("size and time only (no HASH and RANG there)"));
    note(s, text);
    return 0;
}

/* ---- what goes ---- */

static int copy_out(struct sending *s)
{
    while (s->flight.done < s->flight.size) {
        int64_t left = s->flight.size - s->flight.done, step = worker_pace(s->w, left < STEP ? left : STEP);
        ssize_t n = step < 0 ? step : ftpc_sendfile(ftp(s), s->data, s->file, &s->flight.done, (size_t)step);

        /* 0: the file became shorter while it was read; what the server has is not to become a file */
        if (n == 0 || n == -EIO)
            return here(s, n ? -EIO : -ESTALE);
        TRY(n);
        pace_used(&s->w->pace, n);
        s->w->crew->report.totals.bytes += n;
        report_moved(&s->w->crew->report, &s->flight, now(s));
        TRY(rt_turn(s->w->task, -1));
    }
    return 0;
}

/* A piece elsewhere than at dray is gone on with by APPE: ProFTPD wants REST before STOR to be allowed first. */
static int restart(struct sending *s, int64_t *have)
{
    int rc = *have && !uses_part(s) ? ftpc_restart(ftp(s), *have) : 0;

    if (rc != -EACCES)
        return rc;
    note(s, _("the server cannot begin in the middle: starting over"));
    *have = 0;
    return 0;
}

/* What is refused may be to append, or the temporary name. */
static int begin_store(struct sending *s, int64_t *have)
{
    int rc;

    ftpc_ahead(ftp(s), proof_kind(s->w), s->w->crew->files);
    rc = ftpc_begin(ftp(s), *have && uses_part(s) ? "APPE" : "STOR", s->into, &s->data);
    if ((rc != -EACCES && rc != -ENOENT) || !uses_part(s))
        return rc;
    if (*have) {
        note(s, _("the server does not append: starting over"));
        *have = 0;
        return begin_store(s, have);
    }
    note(s, _("the server takes no temporary name: uploading under the name itself"));
    s->job->site->direct = true;
    choose_place(s);
    return ftpc_begin(ftp(s), "STOR", s->into, &s->data);
}

static int transfer(struct sending *s, int64_t have)
{
    TRY(restart(s, &have));
    TRY(begin_store(s, &have));
    s->flight.from = s->flight.done = have;
    s->w->crew->report.totals.planned_bytes -= have;
    report_begin(&s->w->crew->report, &s->flight, now(s));
    s->begun = true;
    TRY(copy_out(s));
    TRY(ftpc_close_sent(ftp(s), &s->data));
    return ftpc_end(ftp(s));
}

/* ---- is it there? ---- */

static int compare_size(struct sending *s)
{
    struct ftpc_facts facts = { .size = -1 };
    int rc = ftpc_facts(ftp(s), s->into, &facts);

    /* a server that shows uploads to nobody tells nothing */
    if (rc == -EACCES || rc == -ENOENT || (rc == 0 && facts.size < 0))
        return 0;
    TRY(rc);
    s->useless = facts.size != s->flight.size && s->flight.from;
    if (facts.size != s->flight.size)
        return wrong(s, OUT_INCOMPLETE, _("not whole: the server has %lld bytes of %lld"), (long long)facts.size,
                     (long long)s->flight.size);
    s->flight.proof = N_("size");
    return 0;
}

static int verify(struct sending *s)
{
    int rc = proof_compare(s->w, s->file, s->into, s->flight.size, true, &s->flight.proof, &s->here);

    if (rc == -EBADMSG)
        return wrong(s, OUT_UNVERIFIED, _("what arrived is not what was sent: the checksums differ"));
    if (rc == 0 && s->w->crew->order->verify == VERIFY_ALWAYS)
        return wrong(s, OUT_UNVERIFIED, _("cannot be verified: the server computes no checksum of it"));
    return rc == 0 ? compare_size(s) : rc < 0 ? rc : 0;
}

/* Some servers do not rename over a file that is there. */
static int rename_into_place(struct sending *s)
{
    int rc;

    if (!uses_part(s))
        return 0;
    rc = ftpc_rename(ftp(s), s->into, s->flight.there);
    if (rc != -EACCES && rc != -ENOENT)
        return rc;
    if (ftpc_delete(ftp(s), s->flight.there) == 0)
        return ftpc_rename(ftp(s), s->into, s->flight.there);
    return ftpc_lost(ftp(s)) ? -ENOTCONN : -EXDEV;
}

static int keep_time(struct sending *s)
{
    int rc = ftpc_set_mtime(ftp(s), s->flight.there, s->mtime);

    return rc == -EACCES || rc == -ENOENT ? 0 : rc;
}

static int send_once(struct sending *s)
{
    int64_t have;

    choose_place(s);
    TRY(prove_beginning(s, &have));
    if (have == 0 || have != s->flight.size || !uses_part(s))
        TRY(transfer(s, have));
    TRY(verify(s));
    return rename_into_place(s);
}

/* A server that does not let us rename: the temporary file goes, and it is done without one. */
static int send_again_directly(struct sending *s)
{
    note(s, _("the server does not rename: uploading under the name itself"));
    ftpc_delete(ftp(s), s->into);
    s->job->site->direct = true;
    report_stop(&s->w->crew->report, &s->flight);
    s->begun = false;
    return send_once(s);
}

static int open_file(struct sending *s)
{
    int64_t size;

    TRY(here(s, local_open(s->job->here, &s->file, &s->flight.size)));
    return here(s, save_look(s->job->here, &size, &s->mtime));
}

static int send_steps(struct sending *s)
{
    int rc;

    TRY(open_file(s));
    rc = look_there(s);
    TRY(rc);
    if (rc == 1) {
        report_skip(&s->w->crew->report, "put", s->flight.there, s->flight.size, _("is there already, of the same size and time"));
        return 0;
    }
    rc = send_once(s);
    if (rc == -EXDEV)
        rc = send_again_directly(s);
    TRY(rc);
    TRY(keep_time(s));
    if (!s->begun)
        report_begin(&s->w->crew->report, &s->flight, now(s));
    s->begun = false;
    report_end(&s->w->crew->report, &s->flight, now(s));
    return 0;
}

/* What cannot be continued shall not lie about at the server. */
static void sweep_part(struct sending *s)
{
    const struct worker *w = s->w;
    bool kept = w->why.out == OUT_INCOMPLETE || w->why.out == OUT_INTERRUPTED;

    if ((!kept || s->useless) && uses_part(s) && !w->task->cancelled && !ftpc_lost(w->ftp))
        ftpc_delete(w->ftp, s->into);
}

static int conclude(struct sending *s, int rc)
{
    struct worker *w = s->w;
    bool stored = s->begun;

    if (s->begun)
        report_stop(&w->crew->report, &s->flight);
    if (!w->task->cancelled)
        rc = ftpc_give_up(w->ftp, &s->data, rc);
    if (s->here)
        failure_here(&w->why, span_of(s->job->here), rc);
    else if (!s->told) {
        failure_there(&w->why, w->ftp, "put", s->flight.there, rc);
        worker_judge(w, s->flight.there, rc);
    }
    if (stored)
        sweep_part(s);
    return rc;
}

static int run_file(struct worker *w, struct job *job)
{
    CLEANUP(sending_end) struct sending s = { .w = w, .job = job, .file = -1 };
    int rc;

    s.flight = (struct flight){ .verb = "put", .there = span_of(job->there), .here = span_of(job->here), .size = job->size };
    rc = send_steps(&s);
    return rc < 0 ? conclude(&s, rc) : 0;
}

const struct job_kind send_file = { "put", false, run_file };

/* sync_verify: is a file here what it is at the server? Run by the crew's workers; nothing is changed on either side. By checksum
 * where the server computes one, by size and time where it does not, by the content itself when asked to (--download): then it is
 * read over the wire and compared with the file here, block by block. Owns the file, the data connection and the blocks.
 * Failures are told by w->why: OUT_UNVERIFIED, and OUT_NOT_FOUND for what one side has not. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/proof.h"
#include "client/sync_impl.h"
#include "sys/local.h"
#include "sys/save.h"

struct comparison {
    struct worker *w;
    struct job *job;
    struct flight flight;
    struct io *data;
    struct proof proof;
    char *theirs, *mine;
    int fd;
    bool here, begun;
};

static void comparison_end(struct comparison *c)
{
    io_abort(&c->data);
    proof_drop(&c->proof);
    close_fd(&c->fd);
    if (c->theirs)
        rt_block_give(c->theirs);
    if (c->mine)
        rt_block_give(c->mine);
}

APART static int differs(struct worker *w, const struct job *job, enum outcome out, const char *text)
{
    struct shown name;

    failure_set(&w->why, out, "verify %s: %s", shown(&name, span_of(job->there)), text);
    return -EBADMSG;
}

static int here(struct comparison *c, int rc)
{
    c->here |= rc < 0 && rc != -ECANCELED;
    return rc;
}

/* ---- over the wire ---- */

/* -EBADMSG: not what is here. */
static int compare_block(struct comparison *c, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = rt_pread(c->w->task, c->fd, c->mine + got, len - got, c->flight.done + (int64_t)got);

        TRY(here(c, n < 0 ? (int)n : 0));
        if (n == 0)
            return -EBADMSG;
        got += (size_t)n;
    }
    return memcmp(c->theirs, c->mine, len) == 0 ? 0 : -EBADMSG;
}

static int compare_all(struct comparison *c)
{
    for (;;) {
        int64_t step = worker_pace(c->w, RT_BLOCK);
        ssize_t n = step < 0 ? step : ftpc_read(c->w->ftp, c->data, c->theirs, (size_t)step);

        if (n <= 0)
            return (int)n;
        TRY(compare_block(c, (size_t)n));
        pace_used(&c->w->pace, n);
        c->flight.done += n;
        c->w->crew->report.totals.bytes += n;
        report_moved(&c->w->crew->report, &c->flight, rt_now(c->w->task));
        TRY(rt_turn(c->w->task, -1));
    }
}

static int read_over_the_wire(struct comparison *c)
{
    c->theirs = rt_block_take();
    c->mine = rt_block_take();
    if (!c->theirs || !c->mine)
        return here(c, -ENOMEM);
    TRY(ftpc_begin(c->w->ftp, "RETR", c->flight.there, &c->data));
    TRY(compare_all(c));
    io_close(&c->data);
    TRY(ftpc_end(c->w->ftp));
    c->flight.proof = "content";
    return c->flight.done == c->flight.size ? 0 : -EPIPE;
}

/* ---- which witness ---- */

static int by_size_and_time(struct comparison *c, int64_t mtime)
{
    sync_say_once(c->w, c->job, SYNC_NO_SUMS,
                  _("this server computes no checksum: size and time are compared (--download: the content)"));
    if (c->job->mtime != mtime)
        return differs(c->w, c->job, OUT_UNVERIFIED,
                       _("cannot tell: the size is the same, the time is not (--download compares content)"));
    c->flight.proof = N_("size and time");
    return 0;
}

static int by_checksum(struct comparison *c, int64_t mtime)
{
    int rc = proof_compare(&c->proof, c->w, c->fd, c->flight.there, c->flight.size, true, &c->flight.proof, &c->here);

    TRY(rc);
    if (rc == 0)
        return by_size_and_time(c, mtime);
    c->flight.done = c->flight.size; /* as much was compared */
    return 0;
}

/* An old listing knows no exact time, and perhaps no size. */
static int ask_facts(struct comparison *c)
{
    struct ftpc_facts facts;

    if (c->w->site->can.mlst && c->job->size >= 0)
        return 0;
    TRY(ftpc_facts(c->w->ftp, c->flight.there, &facts));
    c->job->size = facts.size;
    c->job->mtime = facts.mtime;
    return 0;
}

static int steps(struct comparison *c)
{
    int64_t mtime;
    struct report *r = &c->w->crew->report;

    TRY(here(c, local_open(c->job->here, &c->fd, &c->flight.size)));
    TRY(here(c, save_look(c->job->here, &c->flight.size, &mtime)));
    TRY(ask_facts(c));
    if (c->job->size >= 0 && c->job->size != c->flight.size)
        return differs(c->w, c->job, OUT_UNVERIFIED, _("differs: the sizes are not the same"));
    report_begin(r, &c->flight, rt_now(c->w->task));
    c->begun = true;
    TRY(c->w->crew->order->download ? read_over_the_wire(c) : by_checksum(c, mtime));
    c->begun = false;
    report_end(r, &c->flight, rt_now(c->w->task));
    return 0;
}

static int conclude(struct comparison *c, int rc)
{
    struct worker *w = c->w;
    bool told = rc == -EBADMSG;

    if (c->begun)
        report_stop(&w->crew->report, &c->flight);
    if (told && c->data && !w->task->cancelled)
        ftpc_give_up(w->ftp, &c->data, rc);
    if (told && c->begun && w->why.out != OUT_UNVERIFIED)
        return differs(w, c->job, OUT_UNVERIFIED, _("differs: the content is not the same"));
    if (c->here)
        return worker_failed_here(w, span_of(c->job->here), rc);
    if (!told && !w->task->cancelled)
        rc = ftpc_give_up(w->ftp, &c->data, rc);
    if (!told)
        failure_there(&w->why, w->ftp, "verify", c->flight.there, rc);
    return rc;
}

static int lone(struct worker *w, const struct job *job)
{
    bool folder = job->how & SYNC_FOLDER, here_only = job->how & SYNC_HERE;

    if (job->how & SYNC_TAKEN)
        return differs(w, job, OUT_UNVERIFIED, _("differs: a file on one side, something else on the other"));
    if (folder)
        return differs(w, job, OUT_NOT_FOUND, here_only ? _("the folder is here, and not at the server")
                                                        : _("the folder is at the server, and not here"));
    return differs(w, job, OUT_NOT_FOUND, here_only ? _("is here, and not at the server") : _("is at the server, and not here"));
}

static int run_verify(struct worker *w, struct job *job)
{
    CLEANUP(comparison_end) struct comparison c = { .w = w, .job = job, .fd = -1 };
    int rc;

    if (job->how)
        return lone(w, job);
    w->why.out = OUT_DONE;
    c.flight = (struct flight){ .verb = "verify", .there = span_of(job->there), .here = span_of(job->here), .size = job->size };
    rc = steps(&c);
    return rc < 0 ? conclude(&c, rc) : 0;
}

const struct job_kind sync_compare = { "verify", false, run_verify };

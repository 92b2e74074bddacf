/* send: see send.h. Run by the crew's workers; a send owns the file and the data connection while it runs.
 *
 * Whole or not at all: dray's own server stores so by itself. Elsewhere the upload goes to a temporary name in the same folder, which
 * is like nobody's own (part.h), is compared there, and renamed. A server that refuses that name, or the renaming, gets the file
 * under its own name at once, which is said: an upload that breaks off may then leave a piece. Afterwards size and, where the
 * server can hash, content are compared, and the mtime is set where it can be (MFMT). RFC 959 sections 4.1.3 and 5.4, RFC 3659
 * section 5 (REST). */
#include "client/send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/haul.h"
#include "client/part.h"
#include "sys/local.h"
#include "sys/save.h"

enum { STEP = 1 << 20, SMALL = 64 << 10 }; /* small: it fits into what lies between two sockets */

struct sending {
    struct haul h;
    struct span into; /* the path that is stored to: job->there, or the temporary name in w->other */
    int64_t mtime;
    int file;
    bool useless; /* what was continued did not become the file: the next try shall start over */
};

static void sending_end(struct sending *s)
{
    io_abort(&s->h.data);
    proof_drop(&s->h.proof);
    close_fd(&s->file);
}

static struct ftpc *ftp(const struct sending *s)
{
    return s->h.w->ftp;
}

static bool uses_part(const struct sending *s)
{
    return s->into.at != s->h.job->there;
}

/* Nothing of the file itself is in it: one that has changed since takes the place of what broke off. */
static uint64_t tag_of(const struct sending *s)
{
    const struct site *site = s->h.job->site;
    char *path = s->h.w->path;
    const char *parts[] = { site->where.user, path };

    /* the menu's names are relative to its folder */
    if (site_path(site, s->h.flight.there, path, sizeof s->h.w->path) < 0)
        parts[1] = s->h.job->there;
    return part_tag(parts, sizeof parts / sizeof *parts);
}

/* Where it goes first. */
static void choose_place(struct sending *s)
{
    bool own = s->h.job->site->can.atomic || s->h.job->site->direct;
    int n = own ? 0 : part_name(s->h.flight.there, tag_of(s), s->h.w->other, sizeof s->h.w->other);

    s->into = n > 0 ? (struct span){ s->h.w->other, (size_t)n } : s->h.flight.there;
}

/* ---- what is there ---- */

/* 1: it is there already, whole. */
static int look_there(struct sending *s)
{
    struct ftpc_facts facts;
    int rc;

    if (!s->h.w->crew->order->resume || s->h.w->crew->order->sync || s->h.w->again)
        return 0;
    rc = ftpc_facts(ftp(s), s->h.flight.there, &facts);
    if (rc == -ENOENT || rc == -EACCES)
        return 0;
    TRY(rc);
    return !facts.folder && !facts.partial && facts.size == s->h.flight.size && facts.mtime == s->mtime;
}

/* What has come of an upload that broke off: from where to go on. Another run must not go on with what has changed since. */
static int look_for_beginning(struct sending *s, int64_t *have)
{
    struct ftpc_facts facts;
    bool again = s->h.w->again;
    int rc;

    *have = 0;
    if (s->h.w->crew->order->sync && !again && s->h.flight.size < SMALL)
        return 0; /* to ask takes longer than to send it */
    if (!(s->h.w->crew->order->resume || again) || (!uses_part(s) && !s->h.job->site->can.atomic))
        return 0;
    rc = ftpc_facts(ftp(s), s->into, &facts);
    if (rc == -ENOENT || rc == -EACCES)
        return 0;
    TRY(rc);
    if (facts.folder || facts.size <= 0 || facts.size > s->h.flight.size || (!uses_part(s) && !facts.partial))
        return 0;
    if (!again && facts.mtime != INT64_MIN && s->mtime > facts.mtime) {
        haul_note(&s->h, _("the file has changed since: starting over"));
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
    rc = proof_compare(&s->h.proof, s->h.w, s->file, s->into, *have, false, &name, &s->h.here);
    if (rc == -EBADMSG) {
        haul_note(&s->h, _("what is there is not the beginning of the file: starting over"));
        *have = 0;
        return 0;
    }
    TRY(rc);
    snprintf(text, sizeof text, _("continued at byte %lld, proven by %s"), (long long)*have,
             rc ? name : _("size and time only (no HASH and RANG there)"));
    haul_note(&s->h, text);
    return 0;
}

/* ---- what goes ---- */

/* While the server takes it in, the sum is computed here. */
static int copy_out(struct sending *s)
{
    while (s->h.flight.done < s->h.flight.size) {
        int64_t left = s->h.flight.size - s->h.flight.done, step = worker_pace(s->h.w, left < STEP ? left : STEP);
        ssize_t n = step < 0 ? step : ftpc_sendfile(ftp(s), s->h.data, s->file, &s->h.flight.done, (size_t)step);

        /* 0: the file became shorter while it was read; what the server has is not to become a file */
        if (n == 0 || n == -EIO)
            return haul_here(&s->h, n ? -EIO : -ESTALE);
        TRY(n);
        haul_moved(&s->h, s->h.w, n);
        if (!s->h.flight.from)
            TRY(haul_here(&s->h, proof_read(&s->h.proof, s->h.w, s->file, s->h.flight.done)));
        TRY(rt_turn(s->h.w->task, -1));
    }
    return 0;
}

/* A piece elsewhere than at dray is gone on with by APPE: ProFTPD wants REST before STOR to be allowed first. */
static int restart(struct sending *s, int64_t *have)
{
    int rc = *have && !uses_part(s) ? ftpc_restart(ftp(s), *have) : 0;

    if (rc != -EACCES)
        return rc;
    haul_note(&s->h, _("the server cannot begin in the middle: starting over"));
    *have = 0;
    return 0;
}

/* What is refused may be to append, or the temporary name. */
static int begin_store(struct sending *s, int64_t *have)
{
    int rc;

    ftpc_ahead(ftp(s), proof_kind(s->h.w), s->h.w->crew->waiting);
    ftpc_expect(ftp(s), s->h.flight.size);
    if (s->h.flight.size - *have <= SMALL)
        ftpc_hurry(ftp(s));
    rc = ftpc_begin(ftp(s), *have && uses_part(s) ? "APPE" : "STOR", s->into, &s->h.data);
    if ((rc != -EACCES && rc != -ENOENT) || !uses_part(s))
        return rc;
    if (*have) {
        haul_note(&s->h, _("the server does not append: starting over"));
        *have = 0;
        return begin_store(s, have);
    }
    haul_note(&s->h, _("the server takes no temporary name: uploading under the name itself"));
    s->h.job->site->direct = true;
    choose_place(s);
    return ftpc_begin(ftp(s), "STOR", s->into, &s->h.data);
}

static int transfer(struct sending *s, int64_t have)
{
    TRY(restart(s, &have));
    TRY(begin_store(s, &have));
    haul_from(&s->h, have);
    haul_begin(&s->h);
    TRY(copy_out(s));
    TRY(ftpc_close_sent(ftp(s), &s->h.data));
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
    s->useless = facts.size != s->h.flight.size && s->h.flight.from;
    if (facts.size != s->h.flight.size)
        return haul_wrong(&s->h, OUT_INCOMPLETE, _("not whole: the server has %lld bytes of %lld"), (long long)facts.size,
                          (long long)s->h.flight.size);
    s->h.flight.proof = N_("size");
    return 0;
}

static int verify(struct sending *s)
{
    int rc = proof_compare(&s->h.proof, s->h.w, s->file, s->into, s->h.flight.size, true, &s->h.flight.proof, &s->h.here);

    if (rc == -EBADMSG)
        return haul_wrong(&s->h, OUT_UNVERIFIED, _("what arrived is not what was sent: the checksums differ"));
    if (rc == 0 && s->h.w->crew->order->verify == VERIFY_ALWAYS)
        return haul_wrong(&s->h, OUT_UNVERIFIED, _("cannot be verified: the server computes no checksum of it"));
    return rc == 0 ? compare_size(s) : rc < 0 ? rc : 0;
}

/* Some servers do not rename over a file that is there. */
static int rename_into_place(struct sending *s)
{
    int rc;

    if (!uses_part(s))
        return 0;
    rc = ftpc_rename(ftp(s), s->into, s->h.flight.there);
    if (rc != -EACCES && rc != -ENOENT)
        return rc;
    if (ftpc_delete(ftp(s), s->h.flight.there) == 0)
        return ftpc_rename(ftp(s), s->into, s->h.flight.there);
    return ftpc_lost(ftp(s)) ? -ENOTCONN : -EXDEV;
}

static int keep_time(struct sending *s)
{
    int rc = ftpc_set_mtime(ftp(s), s->h.flight.there, s->mtime);

    return rc == -EACCES || rc == -ENOENT ? 0 : rc;
}

static int send_once(struct sending *s)
{
    int64_t have;

    choose_place(s);
    TRY(prove_beginning(s, &have));
    if (have == 0 || have != s->h.flight.size || !uses_part(s))
        TRY(transfer(s, have));
    TRY(verify(s));
    return rename_into_place(s);
}

/* A server that does not let us rename: the temporary file goes, and it is done without one. */
static int send_again_directly(struct sending *s)
{
    haul_note(&s->h, _("the server does not rename: uploading under the name itself"));
    ftpc_delete(ftp(s), s->into);
    s->h.job->site->direct = true;
    haul_stop(&s->h);
    return send_once(s);
}

static int open_file(struct sending *s)
{
    int64_t size;

    TRY(haul_here(&s->h, local_open(s->h.job->here, &s->file, &s->h.flight.size)));
    return haul_here(&s->h, save_look(s->h.job->here, &size, &s->mtime));
}

static int send_steps(struct sending *s)
{
    int rc;

    TRY(open_file(s));
    rc = look_there(s);
    TRY(rc);
    if (rc == 1) {
        report_skip(&s->h.w->crew->report, "put", s->h.flight.there, s->h.flight.size, _("is there already, of the same size and time"));
        return 0;
    }
    rc = send_once(s);
    if (rc == -EXDEV)
        rc = send_again_directly(s);
    TRY(rc);
    TRY(keep_time(s));
    haul_end(&s->h);
    return 0;
}

/* What cannot be continued shall not lie about at the server. */
static void sweep_part(struct sending *s)
{
    const struct worker *w = s->h.w;
    bool kept = w->why.out == OUT_INCOMPLETE || w->why.out == OUT_INTERRUPTED;

    if ((!kept || s->useless) && uses_part(s) && !w->task->cancelled && !ftpc_lost(w->ftp))
        ftpc_delete(w->ftp, s->into);
}

static int conclude(struct sending *s, int rc)
{
    bool stored = s->h.begun;

    rc = haul_failed(&s->h, rc);
    if (!s->h.here && !s->h.told)
        worker_judge(s->h.w, s->h.flight.there, rc);
    if (stored)
        sweep_part(s);
    return rc;
}

static int run_file(struct worker *w, struct job *job)
{
    CLEANUP(sending_end) struct sending s = { .h = haul_of(w, job, "put"), .file = -1 };
    int rc = send_steps(&s);

    return rc < 0 ? conclude(&s, rc) : 0;
}

const struct job_kind send_file = { "put", false, run_file };

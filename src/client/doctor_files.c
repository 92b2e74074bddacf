/* doctor_files: the checks of what a server says about files: names, listings, sizes, times, checksums; whether it is true is seen by
 * the file that was read or stored (doctor_move.c). Called by doctor.c; owns nothing. RFC 2640, 3659. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/doctor_impl.h"
#include "client/wish.h"
#include "sys/clock.h"

#define ODD "\303\251\346\226\207 [1]" /* "é文 [1]" */

enum { CLOCK_SECONDS = 5, QUARTER = 900, ZONES = 14 * 3600, OLD_TIME = 1577934245 };

/* ---- names ---- */

static bool has_name(const struct listing *l, struct span name)
{
    for (unsigned i = 0; i < l->count; i++)
        if (span_eq(l->at[i].name, name))
            return true;
    return false;
}

#define UTF8_FIX _("let it take names as UTF-8 (vsftpd: utf8_filesystem=YES; ProFTPD: UseEncoding UTF-8 UTF-8; dray always does)")

static void try_odd_name(struct exam *x)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    int rc = ftpc_mkdir(x->ftp, exam_path(x, ODD));

    if (rc == 0)
        rc = exam_list(x, x->folder, FTPC_WAYS, &l);
    if (rc == 0 && has_name(&l, SPAN(ODD)))
        exam_found(x, VERDICT_OK, NULL, _("a name with UTF-8, a blank and brackets comes back as it was"));
    else if (rc == 0)
        exam_found(x, VERDICT_BAD, UTF8_FIX, _("a name with UTF-8, a blank and brackets does not come back as it was"));
    else
        exam_failed(x, VERDICT_BAD, UTF8_FIX, _("make a folder with UTF-8 in its name"), rc);
    if (!ftpc_lost(x->ftp))
        ftpc_rmdir(x->ftp, exam_path(x, ODD));
}

void check_names(struct exam *x)
{
    if (*x->folder)
        try_odd_name(x);
    else if (x->ftp->can->utf8)
        exam_found(x, VERDICT_OK, NULL, _("FEAT says UTF8"));
    else
        exam_found(x, VERDICT_WARN, UTF8_FIX, _("FEAT does not say UTF8: clients have to guess how names are written"));
}

/* ---- listings ---- */

/* The largest file that is small enough is what the checks of files read. */
static void choose_sample(struct exam *x, const struct listing *l)
{
    const struct listing_entry *best = NULL;

    for (unsigned i = 0; i < l->count; i++) {
        const struct listing_entry *e = &l->at[i];

        if (!e->folder && !e->other && e->size > 1 && e->size <= DOCTOR_MOST && (!best || e->size > best->size))
            best = e;
    }
    if (!best || wish_join(span_of(x->home), best->name, x->sample, sizeof x->sample) < 0)
        return;
    x->size = best->size;
    x->mtime = best->vague ? INT64_MIN : best->mtime;
}

void check_listing(struct exam *x)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    int rc = exam_list(x, x->home, FTPC_WAYS, &l);

    if (rc == -ECANCELED)
        return;
    if (rc < 0) {
        exam_failed(x, VERDICT_BAD, NULL, "list", rc);
        return;
    }
    choose_sample(x, &l);
    if (l.odd)
        exam_found(x, VERDICT_BAD, _("names with control bytes should be renamed at the server"),
                   _("%u lines of the listing make no sense, or hold names that no client should take"), l.odd);
    else if (x->ftp->can->mlst)
        exam_found(x, VERDICT_OK, NULL, _("MLSD: kind, size and time to the second, %u entries"), l.count);
    else if (x->promised_mlst)
        exam_found(x, VERDICT_BAD, _("take MLST out of FEAT, or allow MLSD"), _("FEAT promises MLSD, and it is refused"));
    else
        exam_found(x, VERDICT_WARN, _("a server with MLSD (ProFTPD, Pure-FTPd, dray) tells kinds, sizes and times without doubt"),
                   _("no MLSD: clients have to read the LIST that is made for people, %u entries"), l.count);
}

/* ---- sizes, sums and times ---- */

void check_size(struct exam *x)
{
    int64_t size;
    int rc = ftpc_size(x->ftp, span_of(x->sample), &size);

    if (rc < 0)
        exam_failed(x, VERDICT_BAD, NULL, "SIZE", rc);
    else if (size < 0)
        exam_found(x, VERDICT_WARN, _("allow SIZE: without it nobody knows whether a file is whole"), _("SIZE is not known there"));
    else if (x->got >= 0 && size != x->got)
        exam_found(x, VERDICT_BAD, _("SIZE has to tell the bytes of TYPE I: clients resume by it"),
                   _("SIZE says %lld bytes, and %lld came"), (long long)size, (long long)x->got);
    else
        exam_found(x, VERDICT_OK, NULL, _("SIZE says what came: %lld bytes"), (long long)size);
}

void check_sums(struct exam *x)
{
    struct sums theirs = { 0 };
    int rc;

    if (!ftpc_sums(x->ftp)) {
        exam_found(x, VERDICT_WARN, _("nothing but another server helps: ProFTPD with mod_digest, dray"),
                   _("no checksums (HASH, XCRC): that a file is whole is told by its size only"));
        return;
    }
    if (x->sum == SUMS || x->got < 0) {
        exam_found(x, VERDICT_SKIPPED, NULL, _("the file could not be read"));
        return;
    }
    rc = ftpc_sum(x->ftp, span_of(x->sample), -1, x->sum, &theirs);
    if (rc < 0)
        exam_failed(x, VERDICT_BAD, _("what FEAT lists has to work"), sum_kinds[x->sum].name, rc);
    else if (!sum_same(&x->sums, &theirs, x->sum))
        exam_found(x, VERDICT_BAD, NULL, _("the %s of the server is not that of what came"), sum_kinds[x->sum].name);
    else
        exam_found(x, VERDICT_OK, NULL, _("the %s of the server is that of what came"), sum_kinds[x->sum].name);
}

static int time_of(struct exam *x, int64_t *mtime)
{
    struct ftpc_facts facts;
    int rc = ftpc_facts(x->ftp, span_of(x->sample), &facts);

    *mtime = rc == 0 ? facts.mtime : INT64_MIN;
    return rc;
}

void check_times(struct exam *x)
{
    int64_t mtime;
    int rc;

    if (!*x->folder) {
        rc = ftpc_mtime(x->ftp, span_of(x->sample), &mtime);
        if (rc == 0 && mtime != INT64_MIN)
            exam_found(x, VERDICT_OK, NULL, x->ftp->can->mfmt ? _("MDTM tells times; MFMT is there to set them") : _("MDTM tells times"));
        else
            exam_found(x, VERDICT_WARN, _("allow MDTM"), _("MDTM tells no time: a copy has the time of the download"));
        return;
    }
    rc = ftpc_try_mtime(x->ftp, span_of(x->sample), OLD_TIME);
    if (rc == -EACCES || rc == -ENOENT)
        exam_found(x, VERDICT_WARN, _("allow MFMT (vsftpd: mdtm_write=YES; dray: the right write)"), _("times cannot be set: what is uploaded is new there"));
    else if (rc < 0 || time_of(x, &mtime) < 0)
        exam_failed(x, VERDICT_BAD, NULL, "MFMT", rc);
    else if (mtime != OLD_TIME)
        exam_found(x, VERDICT_BAD, _("times have to be in UTC (vsftpd: use_localtime=NO; ProFTPD: TimesGMT on)"),
                   _("a time that was set comes back %lld seconds off"), (long long)(mtime - OLD_TIME));
    else
        exam_found(x, VERDICT_OK, NULL, _("a time that was set comes back as it was"));
}

static void judge_clock(struct exam *x, int64_t off)
{
    int64_t far = off < 0 ? -off : off, over = (far + QUARTER / 2) % QUARTER;

    if (far <= CLOCK_SECONDS)
        exam_found(x, VERDICT_OK, NULL, _("the server's clock and this one agree to %d seconds"), CLOCK_SECONDS);
    else if (far <= ZONES && over >= QUARTER / 2 - CLOCK_SECONDS && over <= QUARTER / 2 + CLOCK_SECONDS)
        exam_found(x, VERDICT_BAD, _("times have to be in UTC (vsftpd: use_localtime=NO; ProFTPD: TimesGMT on)"),
                   _("the time of a new file is %lld seconds off: the server seems to tell local time"), (long long)off);
    else
        exam_found(x, VERDICT_BAD, _("set the clock of the server, or this one: run NTP on both"),
                   _("the time of a new file is %lld seconds off"), (long long)off);
}

/* By the file that was stored just now; else it is only known that nothing can come from the future. */
void check_clock(struct exam *x)
{
    int64_t mtime, now = clock_wall();
    int rc = time_of(x, &mtime);

    if (rc < 0)
        exam_failed(x, VERDICT_WARN, NULL, "MDTM", rc);
    else if (mtime == INT64_MIN)
        exam_found(x, VERDICT_SKIPPED, NULL, _("the server tells no times"));
    else if (*x->folder)
        judge_clock(x, mtime - now);
    else if (mtime > now + CLOCK_SECONDS)
        exam_found(x, VERDICT_BAD, _("set the clock of the server, or this one: run NTP on both"),
                   _("a file there is from the future, by %lld seconds"), (long long)(mtime - now));
    else
        exam_found(x, VERDICT_SKIPPED, NULL, _("only a new file can tell: --write"));
}

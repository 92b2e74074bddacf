/* report: see report.h. Called by the verbs; keeps the totals and who is under way, and hands every event on to the face. Cannot
 * fail: nobody could be told. */
#include "client/report.h"

#include <stddef.h>
#include <string.h>

#include "base/say.h"
#include "client/ui.h"

void report_how(struct buf *b, const struct flight *f)
{
    if (f->from) {
        buf_text(b, _(", continued at "));
        ui_size(b, f->from);
    }
    if (f->proof)
        buf_printf(b, _(", %s agrees"), _(f->proof));
}

void report_begin(struct report *r, struct flight *f, int64_t now)
{
    f->began = now;
    for (f->slot = 0; f->slot < REPORT_SLOTS && r->flights[f->slot]; f->slot++)
        ;
    if (f->slot < REPORT_SLOTS)
        r->flights[f->slot] = f;
    if (r->ops->begin)
        r->ops->begin(r, f);
}

static void leave(struct report *r, const struct flight *f)
{
    if (f->slot < REPORT_SLOTS && r->flights[f->slot] == f)
        r->flights[f->slot] = NULL;
}

void report_moved(struct report *r, struct flight *f, int64_t now)
{
    if (r->ops->moved)
        r->ops->moved(r, f, now);
}

void report_end(struct report *r, struct flight *f, int64_t now)
{
    leave(r, f);
    r->totals.done++;
    if (r->ops->end)
        r->ops->end(r, f, now);
}

void report_stop(struct report *r, struct flight *f)
{
    leave(r, f);
    if (r->ops->stop)
        r->ops->stop(r, f);
}

void report_skip(struct report *r, const char *verb, struct span there, int64_t size, const char *why)
{
    r->totals.skipped++;
    if (size > 0)
        r->totals.planned_bytes -= size;
    report_note(r, verb, there, why);
}

void report_failed(struct report *r, const char *verb, struct span there, const struct failure *why)
{
    r->totals.failed++;
    if (r->ops->failed)
        r->ops->failed(r, verb, there, why);
}

void report_did(struct report *r, const char *verb, struct span there, struct span to)
{
    r->totals.done++;
    if (r->ops->did)
        r->ops->did(r, verb, there, to);
}

void report_deed(struct report *r, const struct deed *d)
{
    r->totals.deleted += strcmp(d->verb, "delete") == 0;
    if (d->size >= 0) {
        r->totals.done++;
        r->totals.bytes += d->size;
    }
    if (r->ops->deed)
        r->ops->deed(r, d);
}

void report_same(struct report *r)
{
    r->totals.planned++;
    r->totals.skipped++;
}

void report_note(struct report *r, const char *verb, struct span there, const char *text)
{
    if (r->ops->note)
        r->ops->note(r, verb, there, text);
}

void report_entry(struct report *r, struct span folder, const struct listing_entry *e)
{
    if (r->ops->entry)
        r->ops->entry(r, folder, e);
}

void report_talk(void *report, bool sent, struct span line)
{
    struct report *r = report;

    if (r->ops->talk)
        r->ops->talk(r, sent, line);
}

void report_finish(struct report *r, enum outcome out, int64_t now)
{
    if (r->ops->finish)
        r->ops->finish(r, out, now);
}

void report_close(struct report *r)
{
    if (r->ops && r->ops->close)
        r->ops->close(r);
    r->ops = NULL;
}

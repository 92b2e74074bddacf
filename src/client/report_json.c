/* report_json: the report for programs: one JSON object a line on standard output, flushed at once; man/dray.1 has the schema.
 * Called through report_ops; owns one buffer. A line that is too long for it is not printed at all: there is no such thing as
 * half an object. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/report.h"
#include "rt/rt.h"
#include "wire/ftp_time.h"
#include "wire/json.h"

enum { LINE = 64 << 10 };

struct json_face {
    int64_t told[REPORT_SLOTS]; /* when a flight's progress was last told */
    char line[LINE];
};

static struct buf begin(struct report *r, const char *event)
{
    struct json_face *j = r->face;
    struct buf b = BUF(j->line);

    json_begin(&b);
    json_text(&b, "event", span_of(event));
    return b;
}

static void end_line(struct buf *b)
{
    json_end(b);
    if (b->over)
        return;
    fwrite(b->at, 1, b->len, stdout);
    fflush(stdout);
}

static struct buf begin_flight(struct report *r, const char *event, const struct flight *f)
{
    struct buf b = begin(r, event);

    json_text(&b, "verb", span_of(f->verb));
    json_text(&b, "path", f->there);
    if (f->here.len)
        json_text(&b, "local", f->here);
    if (f->size >= 0)
        json_number(&b, "size", f->size);
    return b;
}

static void on_begin(struct report *r, const struct flight *f)
{
    struct json_face *j = r->face;
    struct buf b = begin_flight(r, "begin", f);

    if (f->slot < REPORT_SLOTS)
        j->told[f->slot] = f->began;
    json_number(&b, "from", f->from);
    end_line(&b);
}

static void on_moved(struct report *r, const struct flight *f, int64_t now)
{
    struct json_face *j = r->face;
    struct buf b;

    if (r->quiet || f->slot >= REPORT_SLOTS || now - j->told[f->slot] < RT_SECONDS(1))
        return;
    j->told[f->slot] = now;
    b = begin_flight(r, "progress", f);
    json_number(&b, "bytes", f->done);
    end_line(&b);
}

static void on_end(struct report *r, const struct flight *f, int64_t now)
{
    struct buf b = begin_flight(r, "done", f);

    json_number(&b, "from", f->from);
    json_number(&b, "bytes", f->done);
    json_seconds(&b, "seconds", now - f->began);
    if (f->proof)
        json_text(&b, "verified", span_of(f->proof));
    end_line(&b);
}

static void on_failed(struct report *r, const char *verb, struct span there, const struct failure *why)
{
    struct buf b = begin(r, "failed");

    json_text(&b, "verb", span_of(verb));
    json_text(&b, "path", there);
    json_text(&b, "outcome", span_of(outcome_word(why->out)));
    json_number(&b, "code", why->out);
    if (why->reply)
        json_number(&b, "reply", why->reply);
    json_text(&b, "message", span_of(why->text));
    end_line(&b);
}

static void on_did(struct report *r, const char *verb, struct span there, struct span to)
{
    struct buf b = begin(r, "done");

    json_text(&b, "verb", span_of(verb));
    json_text(&b, "path", there);
    if (to.len)
        json_text(&b, "to", to);
    end_line(&b);
}

static void on_deed(struct report *r, const struct deed *d)
{
    struct buf b = begin(r, d->dry ? "would" : "done");

    json_text(&b, "verb", span_of(d->verb));
    if (d->there.len)
        json_text(&b, "path", d->there);
    if (d->here.len)
        json_text(&b, "local", d->here);
    if (d->size >= 0)
        json_number(&b, "size", d->size);
    if (d->why)
        json_text(&b, "reason", span_of(d->why));
    end_line(&b);
}

static void on_note(struct report *r, const char *verb, struct span there, const char *text)
{
    struct buf b = begin(r, "note");

    json_text(&b, "verb", span_of(verb));
    json_text(&b, "path", there);
    json_text(&b, "message", span_of(text));
    end_line(&b);
}

static void put_time(struct buf *b, int64_t mtime)
{
    char digits[FTP_TIME_LEN + 1] = { 0 }, text[32];
    struct buf d = BUF(digits);

    ftp_time_print(&d, mtime);
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", digits, digits + 4, digits + 6, digits + 8, digits + 10,
             digits + 12);
    json_text(b, "mtime", span_of(text));
}

static void on_entry(struct report *r, struct span folder, const struct listing_entry *e)
{
    struct buf b = begin(r, "entry");

    json_text(&b, "folder", folder);
    json_text(&b, "name", e->name);
    json_text(&b, "type", e->folder ? SPAN("folder") : e->other ? SPAN("other") : SPAN("file"));
    if (e->size >= 0)
        json_number(&b, "size", e->size);
    if (e->mtime != INT64_MIN)
        put_time(&b, e->mtime);
    end_line(&b);
}

static void on_talk(struct report *r, bool sent, struct span line)
{
    struct buf b = begin(r, "dialogue");

    json_text(&b, sent ? "sent" : "heard", line);
    end_line(&b);
}

static void on_finish(struct report *r, enum outcome out, int64_t now)
{
    const struct totals *t = &r->totals;
    struct buf b = begin(r, "end");

    json_text(&b, "outcome", span_of(outcome_word(out)));
    json_number(&b, "code", out);
    json_number(&b, "done", t->done);
    json_number(&b, "skipped", t->skipped);
    json_number(&b, "failed", t->failed);
    if (r->sync)
        json_number(&b, "deleted", t->deleted);
    json_number(&b, "bytes", t->bytes);
    json_seconds(&b, "seconds", now - t->began);
    end_line(&b);
}

static void on_close(struct report *r)
{
    free(r->face);
    r->face = NULL;
}

static const struct report_ops ops = {
    .begin = on_begin, .moved = on_moved, .end = on_end, .failed = on_failed, .did = on_did, .deed = on_deed, .note = on_note,
    .entry = on_entry, .talk = on_talk, .finish = on_finish, .close = on_close,
};

int report_for_programs(struct report *r)
{
    r->face = calloc(1, sizeof(struct json_face));
    r->ops = &ops;
    return r->face ? 0 : -ENOMEM;
}

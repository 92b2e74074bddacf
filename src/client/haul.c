/* haul: see haul.h. Called by get (fetch.c, segments.c) and put (send.c); owns nothing: the data connection is closed by whoever
 * opened it, or here when the haul failed. Cannot fail. */
#include "client/haul.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "client/ui.h"

struct haul haul_of(struct worker *w, struct job *job, const char *verb)
{
    return (struct haul){
        .w = w,
        .job = job,
        .flight = { .verb = verb, .there = span_of(job->there), .here = span_of(job->here), .size = job->size },
    };
}

static struct report *report(const struct haul *h)
{
    return &h->w->crew->report;
}

int64_t haul_now(const struct haul *h)
{
    return rt_now(h->w->task);
}

void haul_note(struct haul *h, const char *text)
{
    report_note(report(h), h->flight.verb, h->flight.there, text);
}

int haul_here(struct haul *h, int rc)
{
    h->here |= rc < 0 && rc != -ECANCELED;
    return rc;
}

int haul_wrong(struct haul *h, enum outcome out, const char *fmt, ...)
{
    char text[400];
    struct shown name;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    failure_set(&h->w->why, out, "%s %s: %s", h->flight.verb, shown(&name, h->flight.there), text);
    h->told = true;
    return -EPIPE;
}

void haul_from(struct haul *h, int64_t have)
{
    h->flight.from = h->flight.done = have;
    report(h)->totals.planned_bytes -= have;
}

void haul_again(struct haul *h)
{
    haul_stop(h);
    report(h)->totals.planned_bytes += h->flight.done;
}

void haul_begin(struct haul *h)
{
    if (!h->begun)
        report_begin(report(h), &h->flight, haul_now(h));
    h->begun = true;
}

void haul_moved(struct haul *h, struct worker *by, ssize_t n)
{
    pace_used(&by->pace, n);
    report(h)->totals.bytes += n;
    report_moved(report(h), &h->flight, haul_now(h));
}

void haul_end(struct haul *h)
{
    haul_begin(h);
    h->begun = false;
    report_end(report(h), &h->flight, haul_now(h));
}

void haul_stop(struct haul *h)
{
    if (h->begun)
        report_stop(report(h), &h->flight);
    h->begun = false;
}

int haul_failed(struct haul *h, int rc)
{
    struct worker *w = h->w;

    haul_stop(h);
    if (!w->task->cancelled && w->ftp)
        rc = ftpc_give_up(w->ftp, &h->data, rc);
    if (h->here)
        failure_here(&w->why, span_of(h->job->here), rc);
    else if (!h->told)
        failure_there(&w->why, w->ftp, h->flight.verb, h->flight.there, rc);
    return rc;
}

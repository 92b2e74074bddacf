/* segment: one segment of a divided file (segments.c), over one connection. Owns the data connection and a block while it runs; writes
 * nothing but its own bytes. What it cannot bring goes back to be taken by whoever is free, as often as the order allows; a server
 * that sends other bytes than those that were asked for ends the whole. RFC 3659 section 5, draft-bryan-ftp-range. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/ftpc_file.h"
#include "client/segments_impl.h"
#include "sys/crc32.h"

/* One worker at one segment. */
struct part {
    struct worker *w;
    struct split *s;
    struct segment *g;
    struct io *data;
    char *block;
    int64_t pos;   /* of the next byte that comes */
    int64_t asked; /* where the segment ended when it was asked for: another may have taken its end since */
    int64_t end;   /* where the server ends by itself; -1 at the end of the file */
    bool here, odd;
};

/* Where to begin: a little before, so that it can be compared. */
static int64_t place(const struct segment *g)
{
    return g->from < SEGMENT_OVERLAP ? 0 : g->from - SEGMENT_OVERLAP;
}

static int ask_range(struct part *p)
{
    int rc = ftpc_range(p->w->ftp, p->pos, p->g->to);

    p->end = rc == 0 ? p->g->to : -1;
    if (rc == -EACCES)
        rc = p->pos ? ftpc_restart(p->w->ftp, p->pos) : 0;
    p->odd = rc == -EACCES;
    return rc;
}

/* The bytes before the segment: kept, or compared when they are ours already. */
static int take_lead(struct part *p, const char *at, size_t len)
{
    struct segment *g = p->g;
    char ours[SEGMENT_OVERLAP];

    if (g->from == g->begin && g->begin != p->s->h->flight.from) {
        memcpy(g->lead + g->led, at, len);
        g->led += (unsigned)len;
        return 0;
    }
    if (rt_pread(p->w->task, p->s->fd, ours, len, p->pos) != (ssize_t)len) {
        p->here = true;
        return -EIO;
    }
    p->odd = memcmp(ours, at, len) != 0;
    return p->odd ? -EPIPE : 0;
}

static int write_at(struct part *p, const char *at, size_t len)
{
    struct haul *h = p->s->h;

    while (len) {
        ssize_t n = rt_pwrite(p->w->task, p->s->fd, at, len, p->g->from, true);

        if (n <= 0) {
            p->here = n != -ECANCELED;
            return n < 0 ? (int)n : -EIO;
        }
        if (p->s->sum == SUM_CRC32)
            p->g->crc = crc32_add(p->g->crc, at, (size_t)n);
        p->g->from += n;
        h->flight.done += n;
        haul_moved(h, p->w, n);
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static size_t at_most(int64_t left, size_t n)
{
    return left < (int64_t)n ? (size_t)left : n;
}

/* n bytes have come to p->pos: some before the segment, some in it, some behind it. */
static int sort_bytes(struct part *p, size_t n)
{
    const char *at = p->block;

    while (n && p->pos < p->g->from) {
        size_t lead = at_most(p->g->from - p->pos, n);

        TRY(take_lead(p, at, lead));
        p->pos += (int64_t)lead;
        at += lead;
        n -= lead;
    }
    n = at_most(p->g->to - p->g->from, n);
    p->pos += (int64_t)n;
    return write_at(p, at, n);
}

/* 1: the server has said the last byte, 0: it would go on. */
static int copy_part(struct part *p)
{
    bool ends = p->end >= 0 || p->asked == p->s->h->flight.size;

    while (p->g->from < p->g->to || (ends && p->g->to == p->asked)) {
        int64_t step = worker_pace(p->w, RT_BLOCK);
        ssize_t n = step < 0 ? step : ftpc_read(p->w->ftp, p->data, p->block, (size_t)step);

        TRY((int)n);
        if (n == 0)
            return p->g->from < p->g->to ? -EPIPE : 1;
        if (p->s->rc)
            return -EPIPE;
        p->odd = ends && p->pos + n > p->asked; /* more than there can be */
        if (p->odd)
            return -EPIPE;
        TRY(sort_bytes(p, (size_t)n));
        TRY(rt_turn(p->w->task, -1));
    }
    return 0;
}

static int transfer(struct part *p)
{
    int rc;

    p->pos = place(p->g);
    p->asked = p->g->to;
    p->g->led = p->g->from == p->g->begin ? 0 : p->g->led;
    ftpc_ahead(p->w->ftp, SUMS, true);
    TRY(ask_range(p));
    /* the server may compute the checksum while others still bring theirs */
    ftpc_ahead(p->w->ftp, p->w == p->s->h->w && p->end >= 0 ? proof_kind(p->w) : SUMS, false);
    TRY(ftpc_begin(p->w->ftp, "RETR", p->s->h->flight.there, &p->data));
    rc = copy_part(p);
    TRY(rc);
    if (rc == 0) { /* it has come, whatever becomes of the connection */
        ftpc_give_up(p->w->ftp, &p->data, 0);
        return 0;
    }
    io_close(&p->data);
    return ftpc_end(p->w->ftp);
}

/* What broke off goes back; what cannot end well ends all of them. */
static void settle(struct part *p, int rc)
{
    struct split *s = p->s;
    struct worker *w = p->w;

    if (!w->task->cancelled)
        rc = ftpc_give_up(w->ftp, &p->data, rc);
    if (s->rc)
        return;
    if (p->here)
        failure_here(&w->why, span_of(s->h->job->here), rc);
    else
        failure_there(&w->why, w->ftp, "get", s->h->flight.there, rc);
    p->g->taken = false;
    if (p->odd) {
        s->rc = 1;
    } else if (w->task->cancelled || p->here || w->why.out != OUT_INCOMPLETE || s->tries++ >= w->crew->order->retries) {
        s->rc = rc;
        s->here = p->here;
        s->why = w->why;
    }
}

int segment_fetch(struct worker *w, struct split *s, struct segment *g)
{
    struct part p = { .w = w, .s = s, .g = g };
    int rc;

    p.block = rt_block_take();
    p.here = !p.block;
    rc = p.block ? transfer(&p) : -ENOMEM;
    if (rc < 0)
        settle(&p, rc);
    io_abort(&p.data);
    if (p.block)
        rt_block_give(p.block);
    return rc;
}

/* haul: what a download and an upload have in common: one file on its way, by one worker for one job, and how its story is told. */
#ifndef DRAY_CLIENT_HAUL_H
#define DRAY_CLIENT_HAUL_H

#include "client/proof.h"

struct haul {
    struct worker *w;
    struct job *job;
    struct flight flight;
    struct io *data;
    struct proof proof;
    bool here, told; /* the failure is one of this computer; w->why tells it already */
    bool begun;      /* the report knows of it */
};

struct haul haul_of(struct worker *w, struct job *job, const char *verb);

int64_t haul_now(const struct haul *h);
void haul_note(struct haul *h, const char *text);
/* rc, which is of this computer. */
int haul_here(struct haul *h, int rc);
/* Our own sentence, about the file: -EPIPE. */
__attribute__((format(printf, 3, 4))) int haul_wrong(struct haul *h, enum outcome out, const char *fmt, ...);

/* It goes on from there: what is there already is nobody's work any more. */
void haul_from(struct haul *h, int64_t have);
/* All that has come is not believed: it begins again. */
void haul_again(struct haul *h);
void haul_begin(struct haul *h);
/* By a worker, which may be a helper. */
void haul_moved(struct haul *h, struct worker *by, ssize_t n);
void haul_end(struct haul *h);
/* Is not finished; another try may follow. */
void haul_stop(struct haul *h);
/* The session back in step and the story told: the failure that tells most. */
int haul_failed(struct haul *h, int rc);

#endif

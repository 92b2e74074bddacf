/* crowd: what an idle session weighs: servers are filled with sessions and looked at, at once and when these have been silent for
 * a while. Called by bench.c; our own servers are started anew for each round. Fails with -errno where nothing can go on. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "bench/bench_impl.h"
#include "bench/talk.h"
#include "sys/proc.h"

enum { SPARE_FILES = 600, MANY = UINT16_MAX };

static unsigned crowd_size(const struct bench *b, const struct target_kind *k)
{
    unsigned most = (unsigned)proc_raise_files(), n = b->size.crowd;

    if (k->crowd && k->crowd < n)
        n = k->crowd;
    most = most > 2 * SPARE_FILES ? most - SPARE_FILES : most / 2;
    return n < most ? n : most;
}

/* The empty server: one that has served a client before, so that what is needed only once is there. */
static int look_at_empty(struct bench *b, struct target *t)
{
    struct talk talk = { 0 };
    int rc = talk_open(&b->task, &t->server, &talk);

    if (rc == 0)
        rc = talk_login(&talk);
    if (rc == 0)
        rc = talk_quit(&talk);
    talk_drop(&talk);
    TRY(rc);
    TRY(bench_calm(b, t, MANY, &t->empty));
    return usage_memory(&t->server.processes, &t->empty);
}

/* Where a worker waits for each session, the empty server is the one with a single worker. */
static int start_empty(struct bench *b, struct target *t, unsigned crowd)
{
    TRY(target_start(&b->task, t, &(struct target_how){ .workers = t->kind->seats ? 1 : 0 }));
    TRY(look_at_empty(b, t));
    if (!t->kind->seats)
        return 0;
    target_end(t);
    return target_start(&b->task, t, &(struct target_how){ .workers = crowd });
}

static int fill_house(struct bench *b, struct target *t, const struct load *load, struct figure *f)
{
    struct crew_how how = { .load = load, .folder = "", .with = &t->server, .clients = 1, .amount = crowd_size(b, t->kind) };
    int64_t before, after;
    struct usage now;

    TRY(start_empty(b, t, how.amount));
    TRY(usage_kernel(&before));
    TRY(crew_start(&b->task, &how, &t->crew));
    TRY(bench_calm(b, t, MANY, &now));
    TRY(usage_kernel(&after));
    f->pieces = crew_pieces(&t->crew);
    series_add(f, KERNEL, (double)(after - before) / 1024 / (double)f->pieces);
    return 0;
}

static int weigh(const struct target *t, struct figure *f, enum measure m)
{
    struct usage now;

    TRY(usage_memory(&t->server.processes, &now));
    series_add(f, m, (double)(now.memory - t->empty.memory) / 1024 / (double)f->pieces);
    return 0;
}

/* All houses are filled before anybody waits, so that the waiting is done once. */
static int enter(struct bench *b, struct target *t, const struct load *load, struct figure *f)
{
    int rc = fill_house(b, t, load, f);

    if (rc == 0)
        rc = weigh(t, f, IDLE);
    if (rc < 0)
        target_end(t);
    return bench_note(f, rc);
}

static bool anybody_in(const struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++)
        if (b->target[i].crew.count)
            return true;
    return false;
}

int crowd_round(struct bench *b, unsigned load, unsigned round)
{
    struct figure *f = b->figure[load];

    for (unsigned i = 0; i < b->targets; i++) {
        if (!bench_applies(b, load, &b->target[i]))
            continue;
        bench_progress(b, loads[load].about, b->target[i].name, round);
        TRY(enter(b, &b->target[i], &loads[load], &f[i]));
    }
    if (anybody_in(b))
        TRY(rt_sleep(&b->task, rt_after(&b->task, b->size.settle)));
    for (unsigned i = 0; i < b->targets; i++) {
        struct target *t = &b->target[i];

        if (!t->up || !bench_applies(b, load, t))
            continue;
        TRY(bench_note(&f[i], weigh(t, &f[i], PARKED)));
        target_end(t);
    }
    return 0;
}

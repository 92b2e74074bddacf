/* bench: the rounds of a measurement (see bench.h). Called by cmd/bench; owns the folder, the servers and their
 * clients until bench_end. A server that fails at something is noted in its figure and the run goes on; only an
 * interrupt and the lack of a folder end it: -errno.
 *
 * What a piece of work costs is the CPU time of the server's processes between two moments at which it has nothing
 * to do. */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/proc.h"
#include "sys/scratch.h"

enum { CALM = 10000000, CALM_TRIES = 200, BUSY = 200000, SPARE_FILES = 600 };

bool bench_applies(const struct bench *b, unsigned column, const struct target *t)
{
    const struct load *load = &loads[column];

    if (!b->wanted[column < load_count ? column : load_count])
        return false;
    if (!t->kind)
        return column < load_count && strcmp(load->floor, t->name) == 0;
    return column >= load_count || !load->all_at_once || !t->kind->at_once || t->kind->at_once >= load->clients;
}

static void progress(struct bench *b, const char *what, const char *who, unsigned round)
{
    if (b->live)
        fprintf(stderr, "\r\033[K%3u%%  round %u, %s: %s", b->step * 100 / b->steps, round + 1, who, what);
    b->step++;
}

static int note(struct figure *f, double value, int rc)
{
    f->rounds++;
    if (rc == 0 && f->n < BENCH_ROUNDS)
        f->at[f->n++] = value;
    else {
        f->failed++;
        f->why = rc;
    }
    return rc == -ECANCELED ? rc : 0;
}

/* ---- one piece of work on one server ---- */

/* Until it has no more processes than before, and does nothing for a moment. */
static int calm(struct bench *b, const struct target *t, unsigned processes, struct usage *now)
{
    int64_t before = 0;

    for (int i = 0; i < CALM_TRIES; i++) {
        TRY(usage_cpu(t->child.pid, now));
        if (i && now->processes <= processes && now->cpu - before < BUSY)
            return 0;
        before = now->cpu;
        TRY(rt_sleep(&b->task, rt_now(&b->task) + CALM));
    }
    return 0;
}

static unsigned clients_for(const struct load *load, const struct target *t)
{
    unsigned most = t->kind && t->kind->at_once ? t->kind->at_once : LOAD_CREW_MAX;

    return load->clients < most ? load->clients : most;
}

static int work(struct bench *b, struct target *t, struct figure *f, double *cost)
{
    struct usage before, after;
    int64_t begin;
    double wall;

    TRY(calm(b, t, UINT32_MAX, &before));
    begin = rt_now(&b->task);
    f->pieces = crew_work(&b->task, &t->crew);
    TRY(f->pieces);
    wall = (double)(rt_now(&b->task) - begin) * 1e-9;
    TRY(calm(b, t, before.processes, &after));
    f->wall = f->n && f->wall < wall ? f->wall : wall;
    *cost = (double)(after.cpu - before.cpu) / (double)(f->pieces ? f->pieces : 1);
    return 0;
}

static void drop_uploads(const struct bench *b)
{
    for (unsigned i = 0; i < LOAD_STREAMS; i++) {
        char name[16];

        snprintf(name, sizeof name, "up%u", i);
        scratch_drop(b->folder, name);
    }
}

static int measure(struct bench *b, const struct load *load, struct target *t, struct figure *f)
{
    struct crew_how how = { .load = load, .folder = b->folder, .at = t->at, .clients = clients_for(load, t),
                            .amount = load->amount(&b->size) };
    double cost = 0;
    int rc = t->child.pid ? crew_start(&b->task, &how, &t->crew) : -ENOTCONN;

    if (rc == 0)
        rc = work(b, t, f, &cost);
    crew_end(&t->crew);
    if (load->writes)
        drop_uploads(b);
    return note(f, cost * load->scale, rc);
}

static int measure_loads(struct bench *b)
{
    for (unsigned l = 0; l < load_count; l++)
        for (unsigned round = 0; round < b->size.rounds; round++)
            for (unsigned i = 0; i < b->targets; i++) {
                if (!bench_applies(b, l, &b->target[i]))
                    continue;
                progress(b, loads[l].about, b->target[i].name, round);
                if (b->figure[l][i].failed) /* and it took its time for that */
                    continue;
                TRY(measure(b, &loads[l], &b->target[i], &b->figure[l][i]));
            }
    return 0;
}

/* ---- the crowd ---- */

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
    int rc = talk_open(&b->task, &t->at, &talk);

    if (rc == 0)
        rc = talk_login(&talk);
    if (rc == 0)
        rc = talk_quit(&talk);
    talk_drop(&talk);
    TRY(rc);
    TRY(calm(b, t, UINT32_MAX, &t->empty));
    return usage_memory(t->child.pid, &t->empty);
}

/* Where a worker waits for each session, the empty server is the one with a single worker. */
static int start_empty(struct bench *b, struct target *t, unsigned crowd)
{
    TRY(target_start(&b->task, t, b->folder, t->kind->seats ? 1 : 0));
    TRY(look_at_empty(b, t));
    if (!t->kind->seats)
        return 0;
    target_end(t);
    return target_start(&b->task, t, b->folder, crowd);
}

static int fill_house(struct bench *b, struct target *t, double *kernel)
{
    struct crew_how how = { .load = &load_crowd, .folder = b->folder, .clients = 1, .amount = crowd_size(b, t->kind) };
    int64_t before, after;
    struct usage now;

    TRY(start_empty(b, t, how.amount));
    how.at = t->at;
    TRY(usage_kernel(&before));
    TRY(crew_start(&b->task, &how, &t->crew));
    TRY(calm(b, t, UINT32_MAX, &now));
    TRY(usage_kernel(&after));
    *kernel = (double)(after - before) / 1024 / (double)crew_pieces(&t->crew);
    return 0;
}

static int weigh(const struct target *t, double *kib)
{
    struct usage now;

    TRY(usage_memory(t->child.pid, &now));
    *kib = (double)(now.memory - t->empty.memory) / 1024 / (double)crew_pieces(&t->crew);
    return 0;
}

/* All houses are filled before anybody waits, so that the waiting is done once. */
static int enter(struct bench *b, struct target *t, struct figure (*column)[BENCH_TARGETS], unsigned i)
{
    double kernel = 0, idle = 0;
    int rc = fill_house(b, t, &kernel);

    TRY(note(&column[CROWD_KERNEL][i], kernel, rc));
    if (rc == 0)
        rc = weigh(t, &idle);
    for (int c = 0; rc == 0 && c < CROWD_COLUMNS; c++)
        column[c][i].pieces = crew_pieces(&t->crew);
    if (rc < 0)
        target_end(t);
    return note(&column[CROWD_IDLE][i], idle, rc);
}

static bool anybody_in(const struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++)
        if (b->target[i].crew.count)
            return true;
    return false;
}

static int crowd_round(struct bench *b, unsigned round)
{
    struct figure(*column)[BENCH_TARGETS] = &b->figure[load_count];

    for (unsigned i = 0; i < b->targets; i++) {
        if (!b->target[i].kind)
            continue;
        progress(b, "idle sessions", b->target[i].name, round);
        TRY(enter(b, &b->target[i], column, i));
    }
    if (anybody_in(b))
        TRY(rt_sleep(&b->task, rt_after(&b->task, b->size.settle)));
    for (unsigned i = 0; i < b->targets; i++) {
        double parked = 0;
        struct target *t = &b->target[i];

        if (!t->kind)
            continue;
        TRY(note(&column[CROWD_PARKED][i], parked, t->child.pid ? weigh(t, &parked) : -ENOTCONN));
        target_end(t);
    }
    return 0;
}

/* ---- the run ---- */

static int make_folder(struct bench *b)
{
    int64_t bulk = (int64_t)b->size.bulk << 20;

    TRY(scratch_make(b->parent, b->folder, sizeof b->folder));
    TRY(scratch_file(b->folder, LOAD_SMALL, LOAD_SMALL_BYTES));
    TRY(scratch_file(b->folder, LOAD_BIG, bulk));
    TRY(scratch_file(b->folder, LOAD_PART, bulk / LOAD_STREAMS));
    return scratch_many(b->folder, LOAD_FOLDER, b->size.entries);
}

static void count_steps(struct bench *b)
{
    b->steps = 0;
    for (unsigned i = 0; i < b->targets; i++)
        for (unsigned c = 0; c <= load_count; c++)
            b->steps += !bench_applies(b, c, &b->target[i]) ? 0 : c < load_count ? b->size.rounds : b->size.crowds;
}

static int measure_all(struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++)
        if (target_start(&b->task, &b->target[i], b->folder, 0) < 0)
            target_end(&b->target[i]);
    TRY(measure_loads(b));
    for (unsigned i = 0; i < b->targets; i++)
        target_end(&b->target[i]);
    for (unsigned round = 0; b->wanted[load_count] && round < b->size.crowds; round++)
        TRY(crowd_round(b, round));
    return 0;
}

int bench_run(struct bench *b)
{
    int rc;

    count_steps(b);
    if (b->live)
        fprintf(stderr, "\r\033[Kmaking files");
    rc = make_folder(b);
    if (rc == 0)
        rc = measure_all(b);
    if (b->live)
        fprintf(stderr, "\r\033[K");
    return rc;
}

void bench_add(struct bench *b, const struct target_kind *kind, const char *name)
{
    struct target t = { .kind = kind, .name = name, .child = CHILD_NONE };

    target_host(&t, b->targets);
    if (b->targets < BENCH_TARGETS && target_exists(&t))
        b->target[b->targets++] = t;
}

void bench_end(struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++)
        target_end(&b->target[i]);
    scratch_remove(b->folder);
    b->folder[0] = '\0';
}

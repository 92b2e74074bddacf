/* bench: the rounds of a measurement (see bench.h). Called by cmd/bench; owns the folders, the servers that it
 * started and all clients until bench_end. A server that fails at something is noted in its figure and the run goes on; only an
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

#define UNKNOWN (-1.0)

enum { CALM = 10000000, CALM_TRIES = 200, BUSY = 200000, SPARE_FILES = 600 };

/* What is known of a server that others started: nothing. */
static const struct target_kind any_server = { .name = "" };

static bool knows_enough(const struct target *t, const struct load *load)
{
    if (!load) /* memory */
        return t->server.processes.pid > 0;
    return t->place || !load->files;
}

static bool serves_enough(const struct target *t, const struct load *load)
{
    return !load || !load->all_at_once || !t->kind->at_once || t->kind->at_once >= load->clients;
}

bool bench_applies(const struct bench *b, unsigned column, const struct target *t)
{
    const struct load *load = column < load_count ? &loads[column] : NULL;

    if (!b->wanted[load ? column : load_count])
        return false;
    if (!t->kind)
        return load && strcmp(load->floor, t->name) == 0;
    return serves_enough(t, load) && (!t->foreign || knows_enough(t, load));
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
    if (rc < 0) {
        f->failed++;
        f->why = rc;
    } else if (value != UNKNOWN && f->n < BENCH_ROUNDS)
        f->at[f->n++] = value;
    return rc == -ECANCELED ? rc : 0;
}

/* ---- one piece of work on one server ---- */

/* Until it has no more processes than before, and does nothing for a moment. */
static int calm(struct bench *b, const struct target *t, unsigned processes, struct usage *now)
{
    int64_t before = 0;

    *now = (struct usage){ 0 };
    if (!t->server.processes.pid)
        return rt_sleep(&b->task, rt_now(&b->task) + CALM);
    for (int i = 0; i < CALM_TRIES; i++) {
        TRY(usage_cpu(&t->server.processes, now));
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
    if (t->server.processes.pid)
        *cost = (double)(after.cpu - before.cpu) / (double)(f->pieces ? f->pieces : 1);
    return 0;
}

static int measure(struct bench *b, const struct load *load, struct target *t, struct figure *f)
{
    struct crew_how how = { .load = load, .folder = t->place ? t->place->path : "", .with = &t->server,
                            .clients = clients_for(load, t), .amount = load->amount(&b->size) };
    double cost = UNKNOWN;
    int rc = t->up ? crew_start(&b->task, &how, &t->crew) : -ENOTCONN;

    if (rc == 0)
        rc = work(b, t, f, &cost);
    crew_end(&t->crew);
    if (rc == 0 && load->writes)
        rc = place_check(t->place, how.clients);
    if (load->writes)
        place_sweep(t->place, how.clients);
    return note(f, cost == UNKNOWN ? cost : cost * load->scale, rc);
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
    int rc = talk_open(&b->task, &t->server, &talk);

    if (rc == 0)
        rc = talk_login(&talk);
    if (rc == 0)
        rc = talk_quit(&talk);
    talk_drop(&talk);
    TRY(rc);
    TRY(calm(b, t, UINT32_MAX, &t->empty));
    return usage_memory(&t->server.processes, &t->empty);
}

/* Where a worker waits for each session, the empty server is the one with a single worker. */
static int start_empty(struct bench *b, struct target *t, unsigned crowd)
{
    TRY(target_start(&b->task, t, t->kind->seats ? 1 : 0));
    TRY(look_at_empty(b, t));
    if (!t->kind->seats)
        return 0;
    target_end(t);
    return target_start(&b->task, t, crowd);
}

static int fill_house(struct bench *b, struct target *t, double *kernel)
{
    struct crew_how how = { .load = &load_crowd, .folder = "", .with = &t->server, .clients = 1,
                            .amount = crowd_size(b, t->kind) };
    int64_t before, after;
    struct usage now;

    TRY(start_empty(b, t, how.amount));
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

    TRY(usage_memory(&t->server.processes, &now));
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
        if (!bench_applies(b, load_count, &b->target[i]))
            continue;
        progress(b, "idle sessions", b->target[i].name, round);
        TRY(enter(b, &b->target[i], column, i));
    }
    if (anybody_in(b))
        TRY(rt_sleep(&b->task, rt_after(&b->task, b->size.settle)));
    for (unsigned i = 0; i < b->targets; i++) {
        double parked = 0;
        struct target *t = &b->target[i];

        if (!bench_applies(b, load_count, t))
            continue;
        TRY(note(&column[CROWD_PARKED][i], parked, t->up ? weigh(t, &parked) : -ENOTCONN));
        target_end(t);
    }
    return 0;
}

/* ---- the run ---- */

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
        if (target_start(&b->task, &b->target[i], 0) < 0)
            target_end(&b->target[i]);
    TRY(measure_loads(b));
    for (unsigned i = 0; i < b->targets; i++)
        target_end(&b->target[i]);
    for (unsigned round = 0; b->wanted[load_count] && round < b->size.crowds; round++)
        TRY(crowd_round(b, round));
    return 0;
}

static int make_places(struct bench *b)
{
    for (unsigned i = 0; i < b->places; i++)
        TRY(place_make(&b->place[i], &b->size));
    return 0;
}

/* Where a server finds its files: below the folder that its address leads to. */
static int tell_paths(struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++) {
        struct target *t = &b->target[i];
        size_t len = strlen(t->server.path), room = sizeof t->server.path - len;
        const char *slash = len && t->server.path[len - 1] != '/' ? "/" : "";

        if (t->foreign && t->place &&
            (size_t)snprintf(t->server.path + len, room, "%s%s", slash, place_name(t->place)) >= room)
            return -ENAMETOOLONG;
    }
    return 0;
}

int bench_run(struct bench *b)
{
    int rc;

    count_steps(b);
    if (b->live)
        fprintf(stderr, "\r\033[Kmaking files");
    rc = make_places(b);
    if (rc == 0)
        rc = tell_paths(b);
    if (rc == 0)
        rc = measure_all(b);
    if (b->live)
        fprintf(stderr, "\r\033[K");
    return rc;
}

/* ---- who is measured ---- */

/* The place in that folder; NULL when there are too many. */
static struct place *place_in(struct bench *b, const char *parent, bool foreign)
{
    for (unsigned i = 0; foreign && i < b->places; i++)
        if (strcmp(b->place[i].parent, parent) == 0)
            return &b->place[i];
    if (b->places == BENCH_TARGETS)
        return NULL;
    b->place[b->places] = (struct place){ .parent = parent, .foreign = foreign };
    return &b->place[b->places++];
}

void bench_add(struct bench *b, const struct target_kind *kind, const char *name)
{
    struct target t = { .kind = kind, .name = name, .child = CHILD_NONE };

    target_host(&t, b->targets);
    if (b->targets == BENCH_TARGETS || !target_exists(&t))
        return;
    t.place = b->places ? b->place : kind ? place_in(b, b->parent, false) : NULL;
    if (t.place)
        b->target[b->targets++] = t;
}

int bench_add_server(struct bench *b, const char *name, const char *folder, const struct server *server)
{
    struct target t = { .kind = &any_server, .name = name, .foreign = true, .server = *server, .child = CHILD_NONE };

    if (b->targets == BENCH_TARGETS)
        return -ENOSPC;
    t.place = folder ? place_in(b, folder, true) : NULL;
    b->target[b->targets++] = t;
    return 0;
}

void bench_end(struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++)
        target_end(&b->target[i]);
    for (unsigned i = 0; i < b->places; i++)
        place_remove(&b->place[i]);
}

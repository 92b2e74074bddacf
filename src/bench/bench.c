/* bench: the rounds of a measurement (see bench.h). Called by cmd/bench; owns the folders, the servers that it
 * started and all clients until bench_end. A server that fails at something is noted in its figure and the run goes on; only an
 * interrupt and the lack of a folder end it: -errno.
 *
 * What a piece of work costs is the CPU time of the server's processes between two moments at which it has nothing
 * to do. */
#include "bench/bench_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "bench/slow.h"

enum { CALM = 10000000, CALM_TRIES = 200, BUSY = 200000, MANY = UINT16_MAX, WORKERS = 64, UNDER_WAY = 300000000 };

/* What is known of a server that others started: nothing. */
static const struct target_kind any_server = { .name = "" };

static bool knows_enough(const struct target *t, const struct load *load)
{
    if (load->account && strcmp(t->server.user, SERVER_STRANGER) == 0)
        return false;
    return load->idle ? t->server.processes.pid > 0 : t->place || !load->files;
}

static unsigned clients_of(const struct load *load)
{
    return load->clients + (load->beside ? load->beside->clients : 0);
}

static bool serves_enough(const struct target *t, const struct load *load)
{
    return !load->all_at_once || !t->kind->at_once || t->kind->at_once >= clients_of(load);
}

/* The bare program for it; NULL: there is none. */
static const char *floor_for(const struct bench *b, unsigned load)
{
    return b->secure ? loads[load].tls_floor : loads[load].floor;
}

bool bench_applies(const struct bench *b, unsigned load, const struct target *t)
{
    const struct load *l = &loads[load];

    if (!b->wanted[load] || (l->slow && !b->slow))
        return false;
    if (!t->kind)
        return floor_for(b, load) && strcmp(floor_for(b, load), t->name) == 0;
    return serves_enough(t, l) && (!t->foreign || knows_enough(t, l));
}

void bench_progress(struct bench *b, const char *what, const char *who, unsigned round)
{
    if (b->live)
        fprintf(stderr, "\r\033[K%3u%%  round %u, %s: %s", b->step * 100 / b->steps, round + 1, who, what);
    b->step++;
}

int bench_note(struct figure *f, int rc)
{
    f->rounds++;
    if (rc < 0) {
        f->failed++;
        f->why = rc;
    }
    return rc == -ECANCELED ? rc : 0;
}

void series_add(struct figure *f, enum measure m, double value)
{
    struct series *s = &f->series[m];

    if (s->n < BENCH_ROUNDS)
        s->at[s->n++] = value;
}

/* ---- one piece of work on one server ---- */

int bench_calm(struct bench *b, const struct target *t, unsigned processes, struct usage *now)
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

/* What all its clients together have spent. */
static int64_t clients_cpu(const struct target *t)
{
    return crew_cpu(&t->crew) + crew_cpu(&t->beside);
}

static void add_latencies(const struct target *t, struct figure *f)
{
    double most = crew_quantile(&t->crew, 0.99);

    if (most <= 0)
        return;
    series_add(f, P50, crew_quantile(&t->crew, 0.5) * 1e-3);
    series_add(f, P99, most * 1e-3);
}

static int work(struct bench *b, struct target *t, const struct load *load, struct figure *f)
{
    struct usage before, after;
    int64_t begin, spent;
    double wall, share;

    TRY(bench_calm(b, t, MANY, &before));
    if (load->beside) {
        crew_go(&t->beside);
        TRY(rt_sleep(&b->task, rt_now(&b->task) + UNDER_WAY));
    }
    spent = clients_cpu(t);
    begin = rt_now(&b->task);
    f->pieces = crew_work(&b->task, &t->crew);
    TRY(f->pieces);
    if (load->beside)
        TRY(crew_failure(&t->beside));
    wall = (double)(rt_now(&b->task) - begin) * 1e-9;
    share = (double)(clients_cpu(t) - spent) * 1e-9 / wall / child_cpus(CHILD_SECOND_HALF);
    crew_end(&t->beside);
    TRY(bench_calm(b, t, before.processes, &after));
    series_add(f, WALL, wall);
    series_add(f, CLIENTS, share < 1 ? share : 1);
    if (t->server.processes.pid && load->shows & SHOWS(COST))
        series_add(f, COST, (double)(after.cpu - before.cpu) / (double)(f->pieces ? f->pieces : 1) * load->scale);
    add_latencies(t, f);
    return 0;
}

static int start_crew(struct bench *b, const struct load *load, struct target *t, struct crew *crew)
{
    unsigned most = t->kind && t->kind->at_once ? t->kind->at_once : UINT16_MAX;
    struct crew_how how = { .load = load, .folder = t->place ? t->place->path : "", .with = &t->server, .meek = crew == &t->beside,
                            .clients = load->clients < most ? load->clients : most };

    how.amount = load->amount ? load->amount(&b->size) : 0;
    return crew_start(&b->task, &how, crew);
}

static int measure(struct bench *b, const struct load *load, struct target *t, struct figure *f)
{
    bool small = load->sends && strcmp(load->sends, LOAD_SMALL) == 0;
    unsigned uploads = !load->sends ? 0 : small ? b->size.files : load->clients;
    int rc = t->up ? 0 : -ENOTCONN;

    if (rc == 0 && load->beside)
        rc = start_crew(b, load->beside, t, &t->beside);
    if (rc == 0)
        rc = start_crew(b, load, t, &t->crew);
    if (rc == 0)
        rc = work(b, t, load, f);
    crew_end(&t->crew);
    crew_end(&t->beside);
    if (rc == 0 && uploads)
        rc = place_check(t->place, uploads, load->sends);
    if (uploads)
        place_sweep(t->place, uploads, small);
    return bench_note(f, rc);
}

static int measure_load(struct bench *b, unsigned l)
{
    for (unsigned round = 0; round < b->size.rounds; round++)
        for (unsigned i = 0; i < b->targets; i++) {
            if (!bench_applies(b, l, &b->target[i]))
                continue;
            bench_progress(b, loads[l].about, b->target[i].name, round);
            if (b->figure[l][i].failed) /* and it took its time for that */
                continue;
            TRY(measure(b, &loads[l], &b->target[i], &b->figure[l][i]));
        }
    return 0;
}

/* ---- the run ---- */

static void count_steps(struct bench *b)
{
    b->steps = 0;
    for (unsigned i = 0; i < b->targets; i++)
        for (unsigned l = 0; l < load_count; l++)
            b->steps += !bench_applies(b, l, &b->target[i]) ? 0 : loads[l].idle ? b->size.crowds : b->size.rounds;
}

static void end_targets(struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++)
        target_end(&b->target[i]);
}

/* Among those that are done with, or without, accounts. */
static bool has_work(const struct bench *b, const struct target *t, bool account)
{
    for (unsigned l = 0; l < load_count; l++)
        if (!loads[l].idle && loads[l].account == account && bench_applies(b, l, t))
            return true;
    return false;
}

/* What fails to start is found not to be up by each load. */
static void start_targets(struct bench *b, bool account)
{
    for (unsigned i = 0; i < b->targets; i++) {
        struct target *t = &b->target[i];
        struct target_how how = { .workers = t->kind && t->kind->seats ? WORKERS : 0,
                                  .accounts = account ? b->account.path : NULL };

        if (has_work(b, t, account) && target_start(&b->task, t, &how) < 0)
            target_end(t);
    }
}

/* Servers have accounts only while these are measured: who looks into an accounts file at each login pays for it. */
static int measure_work(struct bench *b, bool account)
{
    start_targets(b, account);
    for (unsigned l = 0; l < load_count; l++)
        if (!loads[l].idle && loads[l].account == account)
            TRY(measure_load(b, l));
    end_targets(b);
    return 0;
}

static int measure_all(struct bench *b)
{
    TRY(measure_work(b, false));
    TRY(measure_work(b, true));
    for (unsigned l = 0; l < load_count; l++)
        for (unsigned round = 0; loads[l].idle && b->wanted[l] && round < b->size.crowds; round++)
            TRY(crowd_round(b, l, round));
    return 0;
}

/* Where they cannot be mounted there are none. */
static int make_slow(struct bench *b)
{
    int rc = 0;

    for (unsigned l = 0; l < load_count; l++)
        b->slow |= b->wanted[l] && loads[l].slow && slow_exists();
    for (unsigned i = 0; b->slow && i < b->places && rc != -ECANCELED; i++) {
        rc = slow_start(&b->task, b->place[i].path, &b->place[i].slow);
        b->slow = rc == 0;
    }
    return rc == -ECANCELED ? rc : 0;
}

static int make_places(struct bench *b)
{
    for (unsigned i = 0; i < b->places; i++)
        TRY(place_make(&b->place[i], &b->size));
    return account_make(b->parent, &b->account);
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

/* One for all servers, made before there are clients. */
static int prepare_tls(struct bench *b)
{
    bool any = b->secure;

    for (unsigned i = 0; i < b->targets; i++)
        any |= b->target[i].server.secure != SERVER_PLAIN;
    if (any) {
        char why[128];
        struct buf err = BUF(why);

        TRY(tls_client_new(NULL, &b->tls, &err));
    }
    for (unsigned i = 0; i < b->targets; i++) {
        struct server *s = &b->target[i].server;

        if (b->secure && s->secure == SERVER_PLAIN)
            s->secure = SERVER_AUTH;
        s->tls = b->tls;
    }
    return 0;
}

int bench_run(struct bench *b)
{
    int rc;

    if (b->live)
        fprintf(stderr, "\r\033[Kmaking files");
    rc = make_places(b);
    if (rc == 0)
        rc = make_slow(b);
    if (rc == 0)
        rc = prepare_tls(b);
    if (rc == 0)
        rc = tell_paths(b);
    count_steps(b);
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
    b->place[b->places] = (struct place){ .parent = parent, .foreign = foreign, .slow = CHILD_NONE };
    return &b->place[b->places++];
}

/* Into the next free row, which stays free when the program is missing. */
static void add(struct bench *b, const struct target_kind *kind, const char *name, struct place *place)
{
    struct target *t = &b->target[b->targets];

    if (b->targets == BENCH_TARGETS || !place)
        return;
    *t = (struct target){ .kind = kind, .name = name, .place = place, .child = CHILD_NONE };
    target_host(t, b->targets);
    b->targets += target_exists(t);
}

void bench_add_model(struct bench *b, const struct target_kind *kind, const char *name)
{
    add(b, kind, name, b->places ? b->place : place_in(b, b->parent, false));
}

static bool has_floor(const struct bench *b, const char *name)
{
    for (unsigned i = 0; i < b->targets; i++)
        if (!b->target[i].kind && strcmp(b->target[i].name, name) == 0)
            return true;
    return false;
}

void bench_add_floors(struct bench *b)
{
    for (unsigned l = 0; l < load_count; l++)
        if (floor_for(b, l) && b->places && !has_floor(b, floor_for(b, l)))
            add(b, NULL, floor_for(b, l), b->place);
}

int bench_add_server(struct bench *b, const char *name, const char *folder, const struct server *server)
{
    struct target *t = &b->target[b->targets];

    if (b->targets == BENCH_TARGETS)
        return -ENOSPC;
    *t = (struct target){ .kind = &any_server, .name = name, .foreign = true, .child = CHILD_NONE };
    t->server = *server;
    t->place = folder ? place_in(b, folder, true) : NULL;
    b->targets++;
    return 0;
}

void bench_end(struct bench *b)
{
    end_targets(b);
    for (unsigned i = 0; i < b->places; i++)
        place_remove(&b->place[i]);
    account_remove(&b->account);
    tls_client_free(&b->tls);
}

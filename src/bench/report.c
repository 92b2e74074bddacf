/* report: medians, their spread, and how often they are the floor's (see report.h). Called by cmd/bench; owns
 * nothing, cannot fail. A row for each figure, a column for each server: no more of them side by side than fit into 120 columns. */
#include "bench/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "sys/proc.h"

enum { HEAD_WIDTH = 18, UNIT_WIDTH = 6, CELL_WIDTH = 12, SIDE_BY_SIDE = 8, BUSY_PERCENT = 90 };

/* How a measure is called: behind the head of its load, and to programs. COST is called as its load is. */
static const struct {
    const char *head, *name, *unit, *about;
} measures[MEASURES] = {
    [COST] = { "", NULL, NULL, NULL },
    [P50] = { ", p50", "p50", "us", NULL },
    [P99] = { ", p99", "p99", "us", NULL },
    [WALL] = { ", wall", "wall", "s", NULL },
    [CLIENTS] = { ", clients", "clients", "", NULL },
    [IDLE] = { ", idle", "idle", "KiB", "memory and page tables of a session that has just logged in" },
    [PARKED] = { ", silent", "parked", "KiB", "the same when it has been silent for some seconds" },
    [KERNEL] = { ", kernel", "kernel", "KiB", "the kernel's own memory for it, the client's end included" },
};

/* ---- numbers ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

bool report_summary(const struct series *f, struct summary *s)
{
    double sorted[BENCH_ROUNDS];

    if (!f->n)
        return false;
    memcpy(sorted, f->at, f->n * sizeof *sorted);
    qsort(sorted, f->n, sizeof *sorted, by_size);
    *s = (struct summary){ (sorted[(f->n - 1) / 2] + sorted[f->n / 2]) / 2, sorted[0], sorted[f->n - 1] };
    return true;
}

/* The floor's of this load, when that was measured. */
static bool floor_of(const struct bench *b, unsigned load, enum measure m, struct summary *s)
{
    for (unsigned i = 0; i < b->targets; i++)
        if (!b->target[i].kind && bench_applies(b, load, &b->target[i]))
            return report_summary(&b->figure[load][i].series[m], s);
    return false;
}

/* Of a server, or (-1) of the floor. */
static bool value_of(const struct bench *b, unsigned load, enum measure m, int target, struct summary *s)
{
    return target < 0 ? floor_of(b, load, m, s) : report_summary(&b->figure[load][target].series[m], s);
}

/* ---- the table ---- */

static void print_number(FILE *to, double v)
{
    double size = v < 0 ? -v : v;

    fprintf(to, size >= 100 ? "%6.0f" : size >= 10 ? "%6.1f" : size >= 1 ? "%6.2f" : "%6.3f", v);
}

static void print_cell(FILE *to, const struct summary *s)
{
    double spread = s->median > 0 ? (s->most - s->least) / 2 / s->median * 100 : 0;
    char text[16];

    snprintf(text, sizeof text, "%.0f%%", spread < 99 ? spread : 99);
    fputc(' ', to);
    print_number(to, s->median);
    fprintf(to, " ±%-3s", text);
}

/* A row says a load and one of its measures. */
static bool shown(const struct bench *b, unsigned load, unsigned measure)
{
    return b->wanted[load] && loads[load].shows & SHOWS(measure);
}

struct side {
    int target[SIDE_BY_SIDE]; /* or -1: the floor */
    unsigned count;
};

static void print_heads(const struct bench *b, const struct side *s, FILE *to)
{
    fprintf(to, "%-*s", HEAD_WIDTH + UNIT_WIDTH, "");
    for (unsigned i = 0; i < s->count; i++)
        fprintf(to, " %-*.*s", CELL_WIDTH - 1, CELL_WIDTH - 1, s->target[i] < 0 ? "floor" : b->target[s->target[i]].name);
    fputc('\n', to);
}

static void print_label(FILE *to, unsigned load, unsigned measure, bool unit)
{
    const char *of = !unit ? "" : measures[measure].unit ? measures[measure].unit : loads[load].unit;
    int len = fprintf(to, "%s%s", loads[load].head, measures[measure].head);

    fprintf(to, "%*s%-*s", len < HEAD_WIDTH ? HEAD_WIDTH - len : 1, "", UNIT_WIDTH, of);
}

static void print_row(const struct bench *b, unsigned load, unsigned measure, const struct side *side, FILE *to)
{
    struct summary s;

    print_label(to, load, measure, true);
    for (unsigned i = 0; i < side->count; i++)
        if (value_of(b, load, measure, side->target[i], &s))
            print_cell(to, &s);
        else
            fprintf(to, " %6s%*s", "-", CELL_WIDTH - 7, "");
    fputc('\n', to);
}

static void print_ratios(const struct bench *b, unsigned load, unsigned measure, const struct side *side, FILE *to)
{
    struct summary s, least;

    if (measure != COST || !floor_of(b, load, measure, &least) || least.median <= 0)
        return;
    print_label(to, load, measure, false);
    for (unsigned i = 0; i < side->count; i++)
        if (side->target[i] >= 0 && value_of(b, load, measure, side->target[i], &s))
            fprintf(to, " %6.2f%*s", s.median / least.median, CELL_WIDTH - 7, "");
        else
            fprintf(to, " %6s%*s", side->target[i] < 0 ? "" : "-", CELL_WIDTH - 7, "");
    fputc('\n', to);
}

static void each_row(const struct bench *b, const struct side *side, FILE *to,
                     void (*print)(const struct bench *, unsigned, unsigned, const struct side *, FILE *))
{
    for (unsigned l = 0; l < load_count; l++)
        for (unsigned m = 0; m < MEASURES; m++)
            if (shown(b, l, m))
                print(b, l, m, side, to);
}

static bool any_floor(const struct bench *b)
{
    for (unsigned i = 0; i < b->targets; i++)
        for (unsigned l = 0; !b->target[i].kind && l < load_count; l++)
            if (bench_applies(b, l, &b->target[i]))
                return true;
    return false;
}

static void print_side(const struct bench *b, struct side *side, bool floors, FILE *to)
{
    if (floors)
        side->target[side->count++] = -1;
    print_heads(b, side, to);
    each_row(b, side, to, print_row);
    if (floors) {
        fputs("\ntimes its floor\n", to);
        each_row(b, side, to, print_ratios);
    }
    fputc('\n', to);
    side->count = 0;
}

/* What takes time beside clients that have none left is theirs, not the server's; its CPU time is right all the same. */
static void print_limits(const struct bench *b, unsigned load, FILE *to)
{
    const char *before = "clients had no time left, so that how long it took says little: ";
    struct summary s;

    for (unsigned i = 0; i < b->targets; i++) {
        if (!b->target[i].kind || !report_summary(&b->figure[load][i].series[CLIENTS], &s) || s.median * 100 < BUSY_PERCENT)
            continue;
        if (*before != ',')
            fprintf(to, "  %-17s ", "");
        fprintf(to, "%s%s (%.0f %%)", before, b->target[i].name, s.median * 100);
        before = ", ";
    }
    if (*before == ',')
        fputc('\n', to);
}

static void print_notes(const struct bench *b, FILE *to)
{
    fprintf(to, "Server CPU (user and system) for a piece of work, and how long it took (p50, p99); medians of %u rounds, ± half of\n"
                "least to most. dray %s; all on loopback%s.\n", b->size.rounds, DRAY_VERSION, b->secure ? ", over TLS" : "");
    for (unsigned l = 0; l < load_count; l++) {
        if (!b->wanted[l])
            continue;
        fprintf(to, "  %-17s %s\n", loads[l].head, loads[l].about);
        print_limits(b, l, to);
        if (loads[l].slow && !b->slow)
            fprintf(to, "  %-17s not here: needs FUSE, and t/slowfs beside dray (tools/build tests)\n", "");
    }
    for (unsigned m = 0; m < MEASURES; m++)
        for (unsigned l = 0; measures[m].about && l < load_count; l++)
            if (shown(b, l, m))
                fprintf(to, "  %-17s %s\n", measures[m].head, measures[m].about);
    for (unsigned l = 0; l < load_count; l++)
        for (unsigned i = 0; loads[l].idle && i < b->targets; i++)
            if (b->figure[l][i].series[IDLE].n)
                fprintf(to, "  %-17s %lld idle sessions%s\n", b->target[i].name, (long long)b->figure[l][i].pieces,
                        b->target[i].kind->seats ? ", each with its waiting worker" : "");
}

void report_table(const struct bench *b, FILE *to)
{
    bool floors = any_floor(b);
    struct side side = { .count = 0 };

    for (unsigned i = 0; i < b->targets; i++) {
        if (!b->target[i].kind)
            continue;
        side.target[side.count++] = (int)i;
        if (side.count + floors == SIDE_BY_SIDE)
            print_side(b, &side, floors, to);
    }
    if (side.count)
        print_side(b, &side, floors, to);
    print_notes(b, to);
}

/* ---- JSON ---- */

static void json_series(const struct series *f, const char *name, FILE *to)
{
    struct summary s;

    if (report_summary(f, &s))
        fprintf(to, ",\"%s\":%.6g,\"%s_least\":%.6g,\"%s_most\":%.6g", name, s.median, name, s.least, name, s.most);
}

static void json_begin(const struct bench *b, const char *load, unsigned target, FILE *to)
{
    const struct target *t = &b->target[target];

    fprintf(to, "{\"load\":\"%s\",\"%s\":\"%s\"", load, !t->kind ? "floor" : t->foreign ? "server" : "model", t->name);
}

static void json_main(const struct summary *s, const char *unit, FILE *to)
{
    fprintf(to, ",\"unit\":\"%s\",\"median\":%.6g,\"least\":%.6g,\"most\":%.6g", unit, s->median, s->least, s->most);
}

static void json_memory(const struct bench *b, unsigned load, unsigned target, FILE *to)
{
    const struct figure *f = &b->figure[load][target];
    struct summary s;

    for (unsigned m = 0; m < MEASURES; m++) {
        if (!(loads[load].shows & SHOWS(m)) || !report_summary(&f->series[m], &s))
            continue;
        json_begin(b, measures[m].name, target, to);
        json_main(&s, measures[m].unit, to);
        fprintf(to, ",\"rounds\":%u,\"pieces\":%lld}\n", f->series[m].n, (long long)f->pieces);
    }
}

static void json_work(const struct bench *b, unsigned load, unsigned target, FILE *to)
{
    const struct figure *f = &b->figure[load][target];
    struct summary s, least;

    if (!f->series[WALL].n)
        return;
    json_begin(b, loads[load].name, target, to);
    if (report_summary(&f->series[COST], &s)) {
        json_main(&s, loads[load].unit, to);
        if (b->target[target].kind && floor_of(b, load, COST, &least) && least.median > 0)
            fprintf(to, ",\"times_floor\":%.4g", s.median / least.median);
    }
    fprintf(to, ",\"rounds\":%u,\"pieces\":%lld", f->series[WALL].n, (long long)f->pieces);
    for (unsigned m = P50; m <= CLIENTS; m++)
        json_series(&f->series[m], measures[m].name, to);
    fputs("}\n", to);
}

void report_json(const struct bench *b, FILE *to)
{
    fprintf(to, "{\"bench\":\"%s\",\"version\":\"%s\",\"processors\":%u,\"rounds\":%u,\"settle\":%u,\"tls\":%s}\n", b->what,
            DRAY_VERSION, proc_cpus(), b->size.rounds, b->size.settle, b->secure ? "true" : "false");
    for (unsigned l = 0; l < load_count; l++)
        for (unsigned i = 0; i < b->targets; i++)
            (loads[l].idle ? json_memory : json_work)(b, l, i, to);
}

/* ---- failures ---- */

unsigned report_failures(const struct bench *b, FILE *to)
{
    unsigned lines = 0;

    for (unsigned l = 0; l < load_count; l++)
        for (unsigned i = 0; i < b->targets; i++) {
            const struct figure *f = &b->figure[l][i];

            if (!f->failed || f->why == -EOPNOTSUPP)
                continue;
            fprintf(to, "dray bench: %s, %s: %u of %u rounds failed: %s\n", loads[l].name, b->target[i].name,
                    f->failed, f->rounds, err_text(f->why));
            lines++;
        }
    return lines;
}

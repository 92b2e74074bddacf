/* report: medians, their spread, and how often they are the floor's (see report.h). Called by cmd/bench; owns
 * nothing, cannot fail. The table fits 120 columns and widens with nothing but the number of models, downwards. */
#include "bench/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "sys/proc.h"

enum { NAME_WIDTH = 9 };

static const struct {
    const char *name, *head, *unit, *about;
} crowd_columns[CROWD_COLUMNS] = {
    [CROWD_IDLE] = { "idle", "idle", "KiB", "memory and page tables of a session that has just logged in" },
    [CROWD_PARKED] = { "parked", "idle long", "KiB", "the same when it has been silent for some seconds" },
    [CROWD_KERNEL] = { "kernel", "kernel", "KiB", "the kernel's own memory for it, the client's end included" },
};

static unsigned columns(void)
{
    return load_count + CROWD_COLUMNS;
}

#define COLUMN(c, field) ((c) < load_count ? loads[c].field : crowd_columns[(c) - load_count].field)

/* ---- numbers ---- */

struct summary {
    double median, least, most;
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool summarize(const struct figure *f, struct summary *s)
{
    double sorted[BENCH_ROUNDS];

    if (!f->n)
        return false;
    memcpy(sorted, f->at, f->n * sizeof *sorted);
    qsort(sorted, f->n, sizeof *sorted, by_size);
    *s = (struct summary){ (sorted[(f->n - 1) / 2] + sorted[f->n / 2]) / 2, sorted[0], sorted[f->n - 1] };
    return true;
}

/* The floor of this column, when it was measured. */
static bool floor_of(const struct bench *b, unsigned column, struct summary *s)
{
    for (unsigned i = 0; i < b->targets; i++)
        if (!b->target[i].kind && bench_applies(b, column, &b->target[i]))
            return summarize(&b->figure[column][i], s);
    return false;
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
    print_number(to, s->median);
    fprintf(to, " ±%-3s", text);
}

static void print_none(FILE *to)
{
    fprintf(to, "%6s     ", "-");
}

static bool shown(const struct bench *b, unsigned column)
{
    return b->wanted[column < load_count ? column : load_count];
}

static void print_heads(const struct bench *b, FILE *to)
{
    fprintf(to, "%-*s", NAME_WIDTH, "");
    for (unsigned c = 0; c < columns(); c++)
        if (shown(b, c))
            fprintf(to, " %-10s", COLUMN(c, head));
    fprintf(to, "\n%-*s", NAME_WIDTH, "");
    for (unsigned c = 0; c < columns(); c++)
        if (shown(b, c))
            fprintf(to, "%6s     ", COLUMN(c, unit));
    fputc('\n', to);
}

static void print_row(const struct bench *b, unsigned target, FILE *to)
{
    struct summary s;

    fprintf(to, "%-*s", NAME_WIDTH, b->target[target].name);
    for (unsigned c = 0; c < columns(); c++) {
        if (!shown(b, c))
            continue;
        if (summarize(&b->figure[c][target], &s))
            print_cell(to, &s);
        else
            print_none(to);
    }
    fputc('\n', to);
}

static void print_floor(const struct bench *b, FILE *to)
{
    struct summary s;

    fprintf(to, "%-*s", NAME_WIDTH, "floor");
    for (unsigned c = 0; c < load_count; c++) {
        if (!shown(b, c))
            continue;
        if (floor_of(b, c, &s))
            print_cell(to, &s);
        else
            print_none(to);
    }
    fputc('\n', to);
}

static void print_ratios(const struct bench *b, unsigned target, FILE *to)
{
    struct summary s, least;

    fprintf(to, "%-*s", NAME_WIDTH, b->target[target].name);
    for (unsigned c = 0; c < load_count; c++) {
        if (!shown(b, c))
            continue;
        if (summarize(&b->figure[c][target], &s) && floor_of(b, c, &least) && least.median > 0)
            fprintf(to, "%6.2f     ", s.median / least.median);
        else
            print_none(to);
    }
    fputc('\n', to);
}

static bool any_floor(const struct bench *b)
{
    struct summary s;
    bool any = false;

    for (unsigned c = 0; c < load_count; c++)
        any |= shown(b, c) && floor_of(b, c, &s);
    return any;
}

static void print_notes(const struct bench *b, FILE *to)
{
    fprintf(to, "\nServer CPU (user and system) for a piece of work; medians of %u rounds, ± half of least to most.\n"
                "dray %s; all on loopback%s.\n", b->size.rounds, DRAY_VERSION,
            proc_cpus() > 1 ? "; servers and clients keep to different processors" : "");
    for (unsigned c = 0; c < columns(); c++)
        if (shown(b, c))
            fprintf(to, "  %-10s %s\n", COLUMN(c, head), COLUMN(c, about));
    for (unsigned i = 0; i < b->targets; i++)
        if (b->target[i].kind && b->figure[load_count][i].n)
            fprintf(to, "  %-10s %lld idle sessions%s\n", b->target[i].name, (long long)b->figure[load_count][i].pieces,
                    b->target[i].kind->seats ? ", each with its waiting worker" : "");
}

void report_table(const struct bench *b, FILE *to)
{
    bool floors = any_floor(b);

    print_heads(b, to);
    for (unsigned i = 0; i < b->targets; i++)
        if (b->target[i].kind)
            print_row(b, i, to);
    if (floors) {
        print_floor(b, to);
        fputs("\ntimes its floor\n", to);
        for (unsigned i = 0; i < b->targets; i++)
            if (b->target[i].kind)
                print_ratios(b, i, to);
    }
    print_notes(b, to);
}

/* ---- JSON ---- */

static void json_figure(const struct bench *b, unsigned column, unsigned target, FILE *to)
{
    const struct figure *f = &b->figure[column][target];
    const struct target *t = &b->target[target];
    struct summary s, least;

    if (!summarize(f, &s))
        return;
    fprintf(to, "{\"load\":\"%s\",\"%s\":\"%s\",\"unit\":\"%s\"", COLUMN(column, name), !t->kind ? "floor" : t->foreign ? "server" : "model",
            t->name, COLUMN(column, unit));
    fprintf(to, ",\"median\":%.6g,\"least\":%.6g,\"most\":%.6g,\"rounds\":%u,\"pieces\":%lld", s.median, s.least,
            s.most, f->n, (long long)f->pieces);
    if (column < load_count)
        fprintf(to, ",\"wall\":%.6g", f->wall);
    if (t->kind && column < load_count && floor_of(b, column, &least) && least.median > 0)
        fprintf(to, ",\"times_floor\":%.4g", s.median / least.median);
    fputs("}\n", to);
}

void report_json(const struct bench *b, FILE *to)
{
    fprintf(to, "{\"bench\":\"%s\",\"version\":\"%s\",\"processors\":%u,\"rounds\":%u,\"settle\":%u}\n",
            b->what, DRAY_VERSION, proc_cpus(), b->size.rounds, b->size.settle);
    for (unsigned c = 0; c < columns(); c++)
        for (unsigned i = 0; i < b->targets; i++)
            json_figure(b, c, i, to);
}

/* ---- failures ---- */

unsigned report_failures(const struct bench *b, FILE *to)
{
    unsigned lines = 0;

    for (unsigned c = 0; c < columns(); c++)
        for (unsigned i = 0; i < b->targets; i++) {
            const struct figure *f = &b->figure[c][i];

            if (!f->failed || f->why == -EOPNOTSUPP)
                continue;
            fprintf(to, "dray bench: %s, %s: %u of %u rounds failed: %s\n", COLUMN(c, name), b->target[i].name,
                    f->failed, f->rounds, err_text(f->why));
            lines++;
        }
    return lines;
}

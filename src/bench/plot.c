/* plot: writes data and scripts, and has gnuplot draw them (see plot.h). Called by cmd/bench; owns a folder within that of the
 * plots, where all is made and from where what is whole is moved. What gnuplot complains of it says itself. Names in a script are of
 * loads, which are ours, those in the data have no blanks (cmd/bench_server.c). Fails with -errno. */
#include "bench/plot.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bench/plot_script.h"
#include "bench/report.h"
#include "sys/proc.h"
#include "sys/save.h"
#include "sys/scratch.h"

enum { NAME_CAP = 64, ROW = 26, ROW_OF_THREE = 44 };

/* A measure's columns in the data; these have one. */
static const char *const columns[MEASURES] = {
    [COST] = "cost", [P50] = "p50", [P99] = "p99", [IDLE] = "idle", [PARKED] = "parked", [KERNEL] = "kernel",
};

int plot_open(struct plot *p, const char *folder, FILE *tell)
{
    int rc = child_in_path("gnuplot", p->gnuplot, sizeof p->gnuplot);

    p->folder = folder;
    if (rc < 0) {
        fputs("dray bench: --plot: there is no gnuplot in PATH; Debian's package is gnuplot-nox\n", tell);
        return rc;
    }
    rc = save_folder(folder);
    if (rc == 0)
        rc = scratch_make(folder, p->temp, sizeof p->temp);
    if (rc < 0)
        fprintf(tell, "dray bench: --plot: %s: %s\n", folder, err_text(rc));
    return rc;
}

void plot_close(struct plot *p)
{
    if (*p->temp)
        scratch_remove(p->temp);
    *p->temp = '\0';
}

/* ---- the data ---- */

static bool any(const struct bench *b, unsigned load, enum measure m)
{
    for (unsigned i = 0; i < b->targets; i++)
        if (b->figure[load][i].series[m].n)
            return true;
    return false;
}

static bool has_column(unsigned load, unsigned m)
{
    return columns[m] && loads[load].shows & SHOWS(m);
}

static void print_row(const struct bench *b, unsigned load, unsigned target, FILE *to)
{
    const struct target *t = &b->target[target];
    const struct figure *f = &b->figure[load][target];
    struct summary s;

    fprintf(to, "%s\t%s\t%lld", t->kind ? t->name : "bare program", !t->kind ? "floor" : t->foreign ? "server" : "model",
            (long long)f->pieces);
    for (unsigned m = 0; m < MEASURES; m++)
        if (has_column(load, m)) {
            if (report_summary(&f->series[m], &s))
                fprintf(to, "\t%.6g\t%.6g\t%.6g", s.median, s.least, s.most);
            else
                fputs("\t?\t?\t?", to);
        }
    fputc('\n', to);
}

static void print_data(const struct bench *b, unsigned load, FILE *to)
{
    fputs("name\tkind\tpieces", to);
    for (unsigned m = 0; m < MEASURES; m++)
        if (has_column(load, m))
            fprintf(to, "\t%s\t%s_least\t%s_most", columns[m], columns[m], columns[m]);
    fputc('\n', to);
    for (unsigned i = 0; i < b->targets; i++)
        if (bench_applies(b, load, &b->target[i]))
            print_row(b, load, i, to);
}

/* ---- the script ---- */

/* A string of gnuplot's; between single quotes nothing else has a meaning. */
static void print_text(const char *text, FILE *to)
{
    for (; *text; text++)
        fputs(*text == '\'' ? "''" : (char[2]){ *text }, to);
}

static void print_title(const struct load *load, FILE *to)
{
    fputs("title = '", to);
    print_text(load->head, to);
    fputs(": ", to);
    print_text(load->about, to);
    fputs("'\n", to);
}

static void print_about(const struct bench *b, unsigned rounds, FILE *to)
{
    fprintf(to, "about = 'dray %s, %u processors%s; ", DRAY_VERSION, proc_cpus(), b->secure ? ", over TLS" : "");
    fprintf(to, rounds > 1 ? "medians of %u rounds, thin lines from least to most'\n" : "%u round'\n", rounds);
}

static void print_script(const struct bench *b, unsigned load, FILE *to)
{
    const struct load *l = &loads[load];
    bool cost = any(b, load, COST) && l->unit, took = any(b, load, P50);

    fprintf(to, "# Made by `dray bench %s --plot`. `gnuplot %s.gp` in this folder draws %s.tsv again.\n", b->what, l->name,
            l->name);
    fprintf(to, "name = '%s'\n", l->name);
    print_title(l, to);
    print_about(b, l->idle ? b->size.crowds : b->size.rounds, to);
    fprintf(to, "unit = '%s'\npanels = %d\nrow = %d\n", !l->unit ? "" : strcmp(l->unit, "us") == 0 ? "µs" : l->unit, cost + took,
            l->idle ? ROW_OF_THREE : ROW);
    fputs(plot_common, to);
    if (cost)
        fputs(plot_cost, to);
    if (took)
        fputs(plot_took, to);
    if (l->idle)
        fputs(plot_weight, to);
    fputs(plot_end, to);
}

/* ---- the files ---- */

static int write_file(const struct plot *p, const struct bench *b, unsigned load, const char *kind,
                      void (*print)(const struct bench *, unsigned, FILE *))
{
    char path[SERVER_PATH + NAME_CAP];
    FILE *to;
    bool bad;

    snprintf(path, sizeof path, "%s/%s.%s", p->temp, loads[load].name, kind);
    to = fopen(path, "we");
    if (!to)
        return -errno;
    print(b, load, to);
    bad = ferror(to);
    return fclose(to) != 0 || bad ? -EIO : 0;
}

static int keep(const struct plot *p, unsigned load, const char *kind)
{
    char name[NAME_CAP];

    snprintf(name, sizeof name, "%s.%s", loads[load].name, kind);
    return scratch_move(p->temp, name, p->folder);
}

/* Until it has closed its output, which is until its end. */
static int await_end(struct rt_task *task, const struct child *child)
{
    char said[256];
    ssize_t n = -EAGAIN;

    while (n > 0 || n == -EAGAIN) {
        struct pollfd fd = { .fd = child->out, .events = POLLIN };

        TRY(rt_wait(task, &fd, 1, RT_NEVER));
        n = child_read(child, said, sizeof said);
    }
    return (int)n;
}

/* Its exit code. Without anybody's own settings (-d), from a script in the folder where it is. */
static int run_gnuplot(const struct plot *p, struct rt_task *task, unsigned load)
{
    char name[NAME_CAP], program[] = "gnuplot", plain[] = "-d";
    char *argv[] = { program, plain, name, NULL };
    struct child child = CHILD_NONE;
    int rc;

    snprintf(name, sizeof name, "%s.gp", loads[load].name);
    TRY(child_exec_in(p->temp, p->gnuplot, argv, CHILD_ANY, &child));
    rc = await_end(task, &child);
    if (rc == 0)
        return child_wait(&child);
    child_end(&child, 0);
    return rc;
}

/* Data and script stay where the drawing fails (-ECHILD: that is told already). */
static int draw(const struct plot *p, struct bench *b, unsigned load, FILE *tell)
{
    int rc = 0, code;

    TRY(write_file(p, b, load, "tsv", print_data));
    TRY(write_file(p, b, load, "gp", print_script));
    code = run_gnuplot(p, &b->task, load);
    if (code > 0)
        fprintf(tell, "dray bench: %s.gp: gnuplot ended with exit code %d\n", loads[load].name, code);
    if (code == 0)
        rc = keep(p, load, "svg");
    if (code == 0 && rc == 0)
        rc = keep(p, load, "png");
    TRY(keep(p, load, "gp"));
    TRY(keep(p, load, "tsv"));
    return code < 0 ? code : code > 0 ? -ECHILD : rc;
}

static bool worth_it(const struct bench *b, unsigned load)
{
    return b->wanted[load] && (any(b, load, COST) || any(b, load, P50) || any(b, load, IDLE));
}

int plot_draw(struct plot *p, struct bench *b, FILE *tell)
{
    int drawn = 0, bad = 0;

    for (unsigned l = 0; l < load_count; l++) {
        int rc = worth_it(b, l) ? draw(p, b, l, tell) : 0;

        if (rc == -ECANCELED)
            return rc;
        if (rc < 0 && rc != -ECHILD)
            fprintf(tell, "dray bench: %s: %s\n", p->folder, err_text(rc));
        bad += rc < 0;
        drawn += worth_it(b, l);
    }
    return bad ? -EIO : drawn;
}

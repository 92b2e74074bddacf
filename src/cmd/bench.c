/* bench: `dray bench models` measures every server model of this program on this machine, `dray bench servers` what runs there
 * already (bench/bench.h does). Called by main; owns the run, and ends what it started also on Ctrl-C. The rows of `options` are the parser and
 * the help text. Mistakes are told in one line on the error stream and by exit code 2. */
#include "client/ui.h"
#include "cmd/bench.h"
#include "cmd/bench_server.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bench/plot.h"
#include "bench/report.h"
#include "model/model.h"
#include "sys/interrupt.h"
#include "sys/proc.h"
#include "sys/term.h"

enum { BENCH_DONE, BENCH_FAILED, BENCH_USAGE, BENCH_INTERRUPTED = 130, BENCH_GO = -1, STDERR = 2 };

static const struct load_size normal = {
    .rounds = 5, .crowds = 2, .logins = 2000, .passwords = 40, .files = 2000, .entries = 100000, .crowd = 10000, .bulk = 1024,
    .probes = 1000, .settle = 8,
};
static const struct load_size quick = {
    .rounds = 3, .crowds = 1, .logins = 320, .passwords = 16, .files = 1600, .entries = 20000, .crowd = 500,
    .bulk = 256, .probes = 200, .settle = 5,
};

/* What must be known of a model; any other serves thousands at once. */
static const struct target_kind kinds[] = {
    { .name = "iterative", .at_once = 1, .crowd = 1 },
    { .name = "fork", .crowd = 1000 },
    { .name = "prefork", .crowd = 200, .seats = true },
    { .name = "pool", .crowd = 200, .seats = true },
    { .name = NULL },
};

struct order {
    struct bench bench;
    struct plot plot;
    struct load_size asked; /* 0: not asked */
    const char *models, *loads, *plots;
    char **servers; /* NULL-terminated; NULL: our own models */
    bool json, quick;
};

enum kind { SWITCH, NUMBER, TEXT };

struct option_row {
    const char *name, *arg;
    enum kind kind;
    size_t at; /* in struct order */
    unsigned least, most;
    const char *about;
};

#define AT(field) offsetof(struct order, field)

static const struct option_row options[] = {
    { "json", NULL, SWITCH, AT(json), 0, 0, "one JSON object a line instead of the table" },
    { "quick", NULL, SWITCH, AT(quick), 0, 0, "less of everything, and less exact" },
    { "plot", "DIR", TEXT, AT(plots), 0, 0, "draw it all, too: SVG, PNG, data and script there, by gnuplot" },
    { "models", "A,B", TEXT, AT(models), 0, 0, "these models only" },
    { "loads", "A,B", TEXT, AT(loads), 0, 0, "these loads only; see below" },
    { "tls", NULL, SWITCH, AT(bench.secure), 0, 0, "all over TLS, the data too" },
    { "rounds", "N", NUMBER, AT(asked.rounds), 1, BENCH_ROUNDS, "rounds, of which the median is shown (5)" },
    { "logins", "N", NUMBER, AT(asked.logins), 16, 1000000, "sessions in a storm of logins (2000)" },
    { "passwords", "N", NUMBER, AT(asked.passwords), 4, 1000000, "logins with a password (40)" },
    { "files", "N", NUMBER, AT(asked.files), 16, 1000000, "small files to fetch and to store (2000)" },
    { "probes", "N", NUMBER, AT(asked.probes), 10, 1000000, "answers to NOOP to wait for (1000)" },
    { "bulk", "MIB", NUMBER, AT(asked.bulk), LOAD_STREAMS, 65536, "MiB to fetch and to store (1024)" },
    { "entries", "N", NUMBER, AT(asked.entries), 1, 1000000, "entries of the large folder (100000)" },
    { "crowd", "N", NUMBER, AT(asked.crowd), 1, 100000, "idle sessions (10000; processes 1000, workers 200)" },
    { "settle", "SECONDS", NUMBER, AT(asked.settle), 1, 600, "how long they stay idle (8)" },
    { "folder", "DIR", TEXT, AT(bench.parent), 0, 0, "make the temporary folder there (TMPDIR, /tmp)" },
    { "help", NULL, SWITCH, 0, 0, 0, "show this text" },
};

enum { OPTIONS = sizeof options / sizeof *options, HELP_ROW = OPTIONS - 1 };

static APART int complain_of(struct span word, const char *about)
{
    struct shown safe;

    fprintf(stderr, "dray bench: %s: %s\n", shown(&safe, word), about);
    return BENCH_USAGE;
}

static int complain(const char *what, const char *about)
{
    return complain_of(span_of(what), about);
}

static int help(void)
{
    puts("Usage: dray bench models [OPTION...]\n"
         "       dray bench servers [OPTION...] NAME=URL[,pid=PID][,folder=DIR][,cgroup=DIR]...\n\n"
         "Measures what each server model costs on this machine, or what servers cost that run here already: server CPU\n"
         "for a login, a small file, a GiB and a large listing, memory for an idle session, and how long clients wait,\n"
         "alone and beside others. Programs in bench/ beside dray that do the bare minimum for the same work are measured in the same run. Takes minutes; nothing\n"
         "else should run meanwhile.\n\n"
         "Of a server that runs already:\n"
         "  NAME              what it shall be called\n"
         "  URL               ftp://user:password@host:port/path; without a user anonymously\n"
         "  pid=PID           its main process: what that, its children and theirs cost is counted\n"
         "  folder=DIR        the folder that the URL leads to: files for the transfers are made in a new folder there\n"
         "                    that all may write into, and uploads are compared with what was sent\n"
         "  cgroup=DIR        the control group of its processes: its CPU time then misses nobody who is gone\n"
         "Without pid there is only the time that work took, without folder nothing that needs files, and without a user\n"
         "no login with a password.\n");
    for (const struct option_row *r = options; r < options + OPTIONS; r++)
        printf("  --%s%s%-*s %s\n", r->name, r->arg ? " " : "", 17 - (int)strlen(r->name) - (r->arg != NULL),
               r->arg ? r->arg : "", r->about);
    puts("\nLoads:");
    for (unsigned i = 0; i < load_count; i++)
        printf("  %-17s %s\n", loads[i].name, loads[i].about);
    puts("\nExit code: 0, 1 when something could not be measured, 2 usage, 130 interrupted.");
    return BENCH_DONE;
}

void bench_options(const char *name, args_take *take, void *ctx)
{
    (void)name;
    for (const struct option_row *r = options; r < options + OPTIONS; r++)
        take(ctx, &(struct args_row){ .name = r->name, .arg = r->arg, .about = r->about });
}

/* ---- arguments ---- */

static int set_number(struct order *o, const struct option_row *r, const char *text)
{
    struct shown safe;
    uint64_t value;

    if (span_u64(span_of(text), r->most, &value) < 0 || value < r->least) {
        fprintf(stderr, "dray bench: --%s: %s is not a number from %u to %u\n", r->name, shown(&safe, span_of(text)), r->least, r->most);
        return BENCH_USAGE;
    }
    *(unsigned *)(void *)((char *)o + r->at) = (unsigned)value;
    return BENCH_GO;
}

static int set(struct order *o, const struct option_row *r, const char *text)
{
    char *at = (char *)o + r->at;

    if (r == &options[HELP_ROW])
        return help();
    if (r->kind == NUMBER)
        return set_number(o, r, text);
    if (r->kind == SWITCH)
        *(bool *)at = true;
    else
        *(const char **)(void *)at = text;
    return BENCH_GO;
}

/* What is left behind the options: "models", or "servers" and some of them. */
static int choose_what(struct order *o, int argc, char **argv)
{
    bool servers = argc && strcmp(argv[0], "servers") == 0;

    if (!servers && (!argc || strcmp(argv[0], "models") != 0))
        return complain(argc ? argv[0] : "nothing to do", "there are `dray bench models` and `dray bench servers`");
    if (!servers && argc > 1)
        return complain(argv[1], "the models are given by --models");
    if (servers && argc == 1)
        return complain("servers", "none is given; `dray bench --help` tells how");
    if (servers && o->models)
        return complain("--models", "is for `dray bench models`");
    o->bench.what = servers ? "servers" : "models";
    o->servers = servers ? argv + 1 : NULL;
    return BENCH_GO;
}

static int parse_options(struct order *o, int argc, char **argv)
{
    struct option longs[OPTIONS + 1] = { 0 };
    int c, rc = BENCH_GO;

    for (int i = 0; i < OPTIONS; i++)
        longs[i] = (struct option){ options[i].name, options[i].arg ? required_argument : no_argument, NULL, ARGS_LONG + i };
    while (rc == BENCH_GO && (c = getopt_long(argc, argv, ARGS_QUIETLY, longs, NULL)) != -1)
        rc = c >= ARGS_LONG ? set(o, &options[c - ARGS_LONG], optarg) : args_mistake(argv, c);
    if (rc != BENCH_GO)
        return rc;
    return choose_what(o, argc - optind, argv + optind);
}

static unsigned choose(unsigned asked, unsigned otherwise)
{
    return asked ? asked : otherwise;
}

static void choose_sizes(struct order *o)
{
    const struct load_size *a = &o->asked, *d = o->quick ? &quick : &normal;

    o->bench.size = (struct load_size){
        .rounds = choose(a->rounds, d->rounds),
        .crowds = a->rounds && a->rounds < d->crowds ? a->rounds : d->crowds,
        .logins = choose(a->logins, d->logins),
        .passwords = choose(a->passwords, d->passwords),
        .files = choose(a->files, d->files),
        .entries = choose(a->entries, d->entries),
        .crowd = choose(a->crowd, d->crowd),
        .probes = choose(a->probes, d->probes),
        .bulk = choose(a->bulk, d->bulk) / LOAD_STREAMS * LOAD_STREAMS,
        .settle = choose(a->settle, d->settle),
    };
}

/* ---- what is to be measured ---- */

static bool in_list(const char *list, const char *name)
{
    struct span rest = span_of(list);

    while (rest.len)
        if (span_eq(span_trim(span_cut(&rest, ',')), span_of(name)))
            return true;
    return false;
}

static bool is_model(struct span name)
{
    for (const struct model *const *m = models; *m; m++)
        if (span_eq(name, span_of((*m)->name)))
            return true;
    return false;
}

static bool is_load(struct span name)
{
    for (unsigned i = 0; i < load_count; i++)
        if (span_eq(name, span_of(loads[i].name)))
            return true;
    return false;
}

static int check_list(const char *list, bool (*known)(struct span), const char *about)
{
    struct span rest = span_of(list);

    if (list && !rest.len)
        return complain("\"\"", about);
    while (rest.len) {
        struct span name = span_trim(span_cut(&rest, ','));

        if (!known(name))
            return complain_of(name, about);
    }
    return BENCH_GO;
}

static const struct target_kind *kind_of(const char *model)
{
    const struct target_kind *k = kinds;

    while (k->name && strcmp(k->name, model) != 0)
        k++;
    return k;
}

static int choose_loads(struct order *o)
{
    int rc = check_list(o->loads, is_load, "there is no such load; `dray bench --help` lists them");

    for (unsigned i = 0; i < load_count; i++)
        o->bench.wanted[i] = !o->loads || in_list(o->loads, loads[i].name);
    return rc;
}

static int choose_models(struct order *o)
{
    int rc = check_list(o->models, is_model, "there is no such model; `dray serve --help` lists them");

    for (const struct model *const *m = models; *m; m++)
        if (!o->models || in_list(o->models, (*m)->name))
            bench_add_model(&o->bench, kind_of((*m)->name), (*m)->name);
    return rc;
}

static int choose_servers(struct order *o)
{
    char why[256];
    struct buf err = BUF(why);

    for (char **text = o->servers; *text; text++) {
        struct bench_server s;

        if (bench_server_parse(*text, &s, &err) < 0) {
            fprintf(stderr, "dray bench: %s\n", buf_cstr(&err));
            return BENCH_USAGE;
        }
        if (bench_add_server(&o->bench, s.name, s.folder, &s.server) < 0)
            return complain(s.name, "these are more servers than can be measured at once");
    }
    return BENCH_GO;
}

static int choose_targets(struct order *o)
{
    int rc = o->servers ? choose_servers(o) : choose_models(o);

    bench_add_floors(&o->bench);
    return rc;
}

static int parse(struct order *o, int argc, char **argv)
{
    int rc = parse_options(o, argc, argv);

    if (rc == BENCH_GO)
        rc = choose_loads(o);
    if (rc == BENCH_GO)
        rc = choose_targets(o);
    choose_sizes(o);
    return rc;
}

/* ---- the run ---- */

static int draw(struct order *o)
{
    int n = o->plots ? plot_draw(&o->plot, &o->bench, stderr) : 0;

    if (n > 0 && !o->json)
        printf("  %-17s %d in %s: .svg, .png, the data (.tsv) and the script of each (.gp)\n", "plots", n, o->plots);
    fflush(stdout);
    return n == -ECANCELED ? BENCH_INTERRUPTED : n < 0 ? BENCH_FAILED : BENCH_DONE;
}

static int show(struct order *o)
{
    int rc;

    (o->json ? report_json : report_table)(&o->bench, stdout);
    fflush(stdout);
    rc = draw(o);
    return report_failures(&o->bench, stderr) && rc == BENCH_DONE ? BENCH_FAILED : rc;
}

static int measure(struct order *o, int interrupt)
{
    int rc = interrupt;

    if (rc >= 0) {
        proc_raise_files();
        o->bench.live = term_is(STDERR);
        o->bench.task = rt_block_task((struct rt_stop){ .drain = -1, .now = interrupt });
        rc = bench_run(&o->bench);
        bench_end(&o->bench);
    }
    if (rc == -ECANCELED)
        return BENCH_INTERRUPTED;
    if (rc >= 0)
        return show(o);
    fprintf(stderr, "dray bench: cannot begin: %s\n", err_text(rc));
    return BENCH_FAILED;
}

static int run(struct order *o)
{
    CLEANUP(close_fd) int interrupt = interrupt_open();
    int rc = BENCH_FAILED;

    if (!o->plots || plot_open(&o->plot, o->plots, stderr) == 0)
        rc = measure(o, interrupt);
    plot_close(&o->plot);
    return rc;
}

static void order_free(struct order **o)
{
    free(*o);
    *o = NULL;
}

int cmd_bench(int argc, char **argv)
{
    CLEANUP(order_free) struct order *o = calloc(1, sizeof *o);
    int rc;

    if (!o)
        return BENCH_FAILED;
    rc = parse(o, argc, argv);
    return rc == BENCH_GO ? run(o) : rc;
}

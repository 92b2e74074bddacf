/* sim: runs the simulation over many seeds, or one of them again. See usage(). Workers are forked: each has a folder of its
 * own; one that finds something says so and ends, and another goes on behind that seed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "oracle.h"
#include "run.h"
#include "sys/scratch.h"

enum { JOBS_MAX = 64, AGAIN = 50 /* every so many seeds one runs twice */ };

struct tally {
    uint64_t at; /* what the worker is at, so that its end can be told */
    uint64_t seeds, runs, calls, steps, faults, kills, waits, failed;
    uint64_t hit[CALLS + 1];
    uint64_t trail; /* of all runs, whatever their order */
    struct oracle_counts oracle;
};

static struct choices {
    uint64_t from, count;
    unsigned jobs, seconds, failures;
    bool one, plain, again, sweep;
    struct plan plan;
} choices = { .from = 1, .count = 1000, .jobs = 2, .failures = 1 };

static struct tally *tallies;
static char folder[100];

static int usage(void)
{
    puts("sim [--from N] [--count N] [--jobs N] [--seconds N] [--failures N]   seeds N, N+1, ...; stops at so many failures\n"
         "sim --sweep [--from N] [--count N]    each of these seeds with every fault of every call, and a kill before each\n"
         "sim --seed N [-v] [--again] [--plain | --kill N | --fault CALL:N.ERROR[+] | --wait N.WAY]    one seed again; -v tells all that happens");
    return 2;
}

/* ---- a worker ---- */

static void note(struct tally *t, const struct outcome *o)
{
    t->runs++;
    t->calls += o->calls;
    t->steps += o->steps;
    t->faults += o->faulted && !world.plan.wait_at;
    t->hit[fault_hit()] += !o->killed;
    t->waits += o->faulted && world.plan.wait_at;
    t->trail ^= o->trail * 31 + world.plan.seed;
    t->kills += o->killed;
    t->oracle = oracle_counts();
}

static struct outcome run_one(struct tally *t, const struct plan *plan)
{
    struct outcome o;

    alarm(120); /* a loop that never waits */
    o = run_plan(plan);
    alarm(0);
    note(t, &o);
    return o;
}

static void run_seed(struct tally *t, uint64_t seed)
{
    struct plan plan = run_plan_of(seed);
    struct outcome first = run_one(t, &plan), again;

    if (seed % AGAIN || plan.kill_at)
        return;
    again = run_one(t, &plan);
    if (again.trail != first.trail || again.calls != first.calls)
        world_fail("the same seed took another way: %u steps and %u calls, then %u and %u", first.steps, first.calls,
                   again.steps, again.calls);
}

/* Every call fails once in each of its ways, and is once the last; at every wait everything goes wrong once. */
static void sweep_seed(struct tally *t, uint64_t seed)
{
    struct plan plan = { .seed = seed };
    struct outcome plain = run_one(t, &plan);
    unsigned calls = plain.calls, waits = plain.waits;
    unsigned char *ways = malloc(calls + 1);

    CHECK(ways);
    for (unsigned n = 1; n <= calls; n++)
        ways[n] = (unsigned char)fault_ways(n);
    for (unsigned n = 1; n <= calls; n++) {
        for (unsigned way = 0; way < ways[n]; way++) {
            plan = (struct plan){ .seed = seed, .fault_at = n, .fault_error = way };
            if (!run_one(t, &plan).faulted)
                world_fail("call %u did not come again", n);
        }
        plan = (struct plan){ .seed = seed, .kill_at = n };
        run_one(t, &plan);
    }
    free(ways);
    for (unsigned n = 1; n <= waits; n++)
        for (unsigned way = 0; way < WAIT_WAYS; way++) {
            plan = (struct plan){ .seed = seed, .wait_at = n, .wait_way = way };
            if (!run_one(t, &plan).faulted)
                world_fail("wait %u did not come again", n);
        }
}

static _Noreturn void worker(unsigned job, uint64_t first)
{
    struct tally *t = &tallies[job];
    time_t until = time(NULL) + choices.seconds;
    char own[200];

    snprintf(own, sizeof own, "%s/%u", folder, job);
    oracle_map();
    run_prepare(own);
    for (uint64_t i = first; i < choices.count && (!choices.seconds || time(NULL) < until); i += choices.jobs) {
        t->at = i;
        (choices.sweep ? sweep_seed : run_seed)(t, choices.from + i);
        t->seeds++;
    }
    t->at = UINT64_MAX;
    fflush(stdout);
    exit(0);
}

/* ---- all of them ---- */

static pid_t start(unsigned job, uint64_t first)
{
    pid_t pid;

    fflush(stdout);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        worker(job, first);
    return pid;
}

static unsigned failures(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < choices.jobs; i++)
        n += (unsigned)tallies[i].failed;
    return n;
}

/* A worker has ended: well, or another goes on behind what it found. */
static pid_t ended(unsigned job, int status)
{
    struct tally *t = &tallies[job];

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    t->failed++;
    if (WIFSIGNALED(status) || WEXITSTATUS(status) != FAILED)
        printf("seed %llu: the process ended by %s %d\n", (unsigned long long)(choices.from + t->at),
               WIFSIGNALED(status) ? "signal" : "exit code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (failures() >= choices.failures || t->at == UINT64_MAX)
        return 0;
    return start(job, t->at + choices.jobs);
}

static void run_all(void)
{
    pid_t pids[JOBS_MAX];

    for (unsigned i = 0; i < choices.jobs; i++)
        pids[i] = start(i, i);
    for (;;) {
        int status;
        pid_t pid = wait(&status);

        if (pid < 0)
            return;
        for (unsigned i = 0; i < choices.jobs; i++)
            if (pids[i] == pid)
                pids[i] = ended(i, status);
    }
}

static double seconds(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return (double)now.tv_sec + (double)now.tv_usec / 1e6;
}

static void report(double took)
{
    struct tally s = { 0 };

    for (unsigned i = 0; i < choices.jobs; i++) {
        s.seeds += tallies[i].seeds;
        s.runs += tallies[i].runs;
        s.calls += tallies[i].calls;
        s.steps += tallies[i].steps;
        s.faults += tallies[i].faults;
        s.kills += tallies[i].kills;
        s.waits += tallies[i].waits;
        s.trail ^= tallies[i].trail;
        s.oracle.ops += tallies[i].oracle.ops;
        s.oracle.looks += tallies[i].oracle.looks;
        s.oracle.versions += tallies[i].oracle.versions;
        s.oracle.partials += tallies[i].oracle.partials;
    }
    printf("sim: %llu seeds, %llu runs in %.1f s (%.0f a second): %llu steps, %llu calls of the server, %llu of them failed, %llu kills, "
           "%llu stops, cuts and delays at a wait; %llu operations, %llu versions of names and %llu of partials, %llu looks; trail %016llx; %u failed\n",
           (unsigned long long)s.seeds, (unsigned long long)s.runs, took, (double)s.runs / took, (unsigned long long)s.steps, (unsigned long long)s.calls,
           (unsigned long long)s.faults, (unsigned long long)s.kills, (unsigned long long)s.waits,
           (unsigned long long)s.oracle.ops,
           (unsigned long long)s.oracle.versions, (unsigned long long)s.oracle.partials, (unsigned long long)s.oracle.looks,
           (unsigned long long)s.trail, failures());
}

/* What was not said the seed decides. */
static struct plan plan_of_words(void)
{
    const struct plan *said = &choices.plan;
    struct plan p = said->fault_at || said->kill_at || said->wait_at || choices.plain ? *said : run_plan_of(said->seed);

    p.verbose = said->verbose;
    return p;
}

/* Which calls have failed how often, and which never have. */
static void report_calls(void)
{
    printf("sim: failed:");
    for (unsigned call = 0; call < CALLS; call++) {
        uint64_t n = 0;

        for (unsigned i = 0; i < choices.jobs; i++)
            n += tallies[i].hit[call];
        printf(" %s %llu", fault_name(call), (unsigned long long)n);
    }
    putchar('\n');
}

static int run_once(void)
{
    struct plan plan = plan_of_words();
    char own[200];
    struct outcome o;

    snprintf(own, sizeof own, "%s/0", folder);
    oracle_map();
    run_prepare(own);
    o = run_plan(&plan);
    if (choices.again) {
        puts("---- again");
        o = run_plan(&plan);
    }
    printf("seed %llu: well, %u steps, %u calls, trail %016llx\n", (unsigned long long)choices.plan.seed, o.steps, o.calls,
           (unsigned long long)o.trail);
    return 0;
}

/* In a child: whatever happens to it, the folder is removed. */
static int run_apart(void)
{
    int status = 0;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        exit(run_once());
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* ---- arguments ---- */

/* CALL:N.ERROR; of all calls with "any". */
static bool take_fault(const char *text)
{
    struct plan *p = &choices.plan;
    size_t len = strcspn(text, ":");
    unsigned call = fault_find(text, len);

    p->fault_call = call == CALLS ? 0 : call + 1;
    p->fault_stays = strchr(text, '+');
    return text[len] && sscanf(text + len + 1, "%u.%u", &p->fault_at, &p->fault_error) == 2;
}

static bool take(int *i, int argc, char **argv)
{
    const char *name = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : "";
    static const struct {
        const char *name;
        unsigned *to;
    } rows[] = { { "--jobs", &choices.jobs }, { "--seconds", &choices.seconds }, { "--failures", &choices.failures },
                 { "--kill", &choices.plan.kill_at } };

    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (strcmp(name, rows[k].name) == 0) {
            *rows[k].to = (unsigned)strtoul(argv[++*i < argc ? *i : 0], NULL, 10);
            return true;
        }
    if (strcmp(name, "-v") == 0)
        return choices.plan.verbose = true;
    if (strcmp(name, "--plain") == 0)
        return choices.plain = true;
    if (strcmp(name, "--again") == 0)
        return choices.again = true;
    if (strcmp(name, "--sweep") == 0)
        return choices.sweep = true;
    ++*i;
    if (strcmp(name, "--from") == 0)
        return (choices.from = strtoull(value, NULL, 10)) > 0;
    if (strcmp(name, "--count") == 0)
        return (choices.count = strtoull(value, NULL, 10)) > 0;
    if (strcmp(name, "--fault") == 0)
        return take_fault(value);
    if (strcmp(name, "--wait") == 0)
        return sscanf(value, "%u.%u", &choices.plan.wait_at, &choices.plan.wait_way) == 2;
    if (strcmp(name, "--seed") == 0) {
        choices.one = true;
        choices.plan.seed = strtoull(value, NULL, 10);
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    double began = seconds();
    int rc = 0;

    for (int i = 1; i < argc; i++)
        if (!take(&i, argc, argv))
            return usage();
    if (choices.jobs < 1 || choices.jobs > JOBS_MAX || scratch_make(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL, folder, sizeof folder) < 0)
        return usage();
    tallies = mmap(NULL, sizeof *tallies * JOBS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(tallies != MAP_FAILED);
    if (choices.one)
        rc = run_apart();
    else {
        run_all();
        report(seconds() - began);
        report_calls();
        rc = failures() > 0;
    }
    scratch_remove(folder);
    return rc;
}

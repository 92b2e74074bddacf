/* run: sets the stage (see run.h): a folder, a server of the unchanged sessions on the simulated runtime, clients, and a
 * director who stops the server when the clients have gone, or earlier. Afterwards nothing may be left: no seat, no
 * descriptor, no memory, no task. A run with a kill lives in a forked child, and a second life begins on its folder. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/check.h"
#include "client.h"
#include "model/model.h"
#include "net.h"
#include "oracle.h"
#include "proto/session.h"
#include "store/partials.h"
#include "store/shared.h"
#include "sys/scratch.h"
#include "wrap.h"

enum { GUESTS = SIM_TASKS, FDS = 96, FOLDER_CAP = 200 };

/* What the seed decides before anything begins. */
struct stage {
    struct sim_pace sim;
    struct net_pace net;
    struct fault_pace fault;
    unsigned clients, ops, names;
    bool one_host; /* all clients are there */
    bool durable, late;
    unsigned sums;
    int64_t hide_from;
    const char *quota[ACCOUNTS]; /* NULL: none */
    struct oracle_rules rules;
    bool stops, stops_now;
    int64_t stop_at;
};

struct visit {
    struct arrival arrival;
    bool here;
};

static struct {
    char folder[FOLDER_CAP];
    struct board *board;
    struct log log;
    struct conf conf;
    struct auth auth;
    struct storage storage;
    struct server server;
    struct listeners listeners;
    struct model_env env;
    struct visit guest[GUESTS];
    struct client client[CLIENTS];
    unsigned clients_here, guests_here;
    struct stage stage;
    int root; /* the oracle's */
} run = { .root = -1 };

/* ---- what the seed makes of it ---- */

static unsigned one_of(uint64_t *luck, const unsigned *choices, unsigned n)
{
    return choices[sim_next(luck) % n];
}
#define ONE_OF(luck, ...) \
    one_of(luck, (const unsigned[]){ __VA_ARGS__ }, sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))

/* Few bytes and few files, so that uploads meet their end. */
static void choose_quotas(struct stage *s, uint64_t *luck)
{
    static const struct {
        const char *text[ACCOUNTS];
        int64_t bytes[ACCOUNTS], files[ACCOUNTS];
    } rows[] = {
        { { NULL, NULL }, { -1, -1 }, { 0, 0 } },
        { { "bob=60K:4", "ann=10K:2" }, { 60 << 10, 10 << 10 }, { 4, 2 } },
        { { "bob=5K", "ann=0:0" }, { 5 << 10, 0 }, { INT64_MAX, 0 } },
        { { "bob=300K:3", NULL }, { 300 << 10, -1 }, { 3, 0 } },
    };
    unsigned i = ONE_OF(luck, 0, 0, 1, 2, 3);

    memcpy(s->quota, rows[i].text, sizeof s->quota);
    memcpy(s->rules.bytes, rows[i].bytes, sizeof s->rules.bytes);
    memcpy(s->rules.files, rows[i].files, sizeof s->rules.files);
}

static struct stage stage_of(uint64_t seed)
{
    uint64_t luck = seed * 0x2545F4914F6CDD1Du + 1;
    struct stage s = { .sim = { .steps = 400000 } };

    s.sim.turn = ONE_OF(&luck, 0, 50, 300);
    s.sim.slow = ONE_OF(&luck, 0, 0, 30, 150);
    s.sim.slow_for = ONE_OF(&luck, 1, 50, 3000) * INT64_C(1000000);
    s.sim.step = ONE_OF(&luck, 10, 1000, 50000);
    s.net.window = ONE_OF(&luck, 9000, 16384, NET_WINDOW);
    s.net.torn = ONE_OF(&luck, 0, 50, 300);
    s.net.delay = ONE_OF(&luck, 0, 100, 20000, 200000) * INT64_C(1000);
    s.fault.race = ONE_OF(&luck, 0, 100, 500);
    s.fault.pause = ONE_OF(&luck, 1, 20, 500) * INT64_C(1000000);
    s.fault.torn = ONE_OF(&luck, 0, 100, 300);
    s.clients = 1 + (unsigned)(sim_next(&luck) % 5);
    s.ops = ONE_OF(&luck, 2, 4, 8);
    s.names = ONE_OF(&luck, 1, 2, NAMES, NAMES);
    s.stops = sim_next(&luck) % 100 < 5;
    choose_quotas(&s, &luck);
    s.durable = sim_next(&luck) % 3 == 0;
    s.late = s.rules.expires = sim_next(&luck) % 8 == 0;
    s.hide_from = ONE_OF(&luck, 0, 1, 3000, 20000);
    s.sums = ONE_OF(&luck, SUM_BIT(SUM_CRC32), SUM_BIT(SUM_CRC32), 0, SUM_BIT(SUM_SHA256) | SUM_BIT(SUM_CRC32));
    s.one_host = sim_next(&luck) % 3 == 0;
    s.stops_now = sim_next(&luck) % 2;
    s.stop_at = (int64_t)(sim_next(&luck) % (uint64_t)RT_SECONDS(15));
    return s;
}

struct plan run_plan_of(uint64_t seed)
{
    uint64_t luck = seed * 0x9E3779B97F4A7C15u + 7, way = sim_next(&luck) % 100;
    unsigned at = 1 + (unsigned)(sim_next(&luck) % ONE_OF(&luck, 60, 300, 1500));
    struct plan p = { .seed = seed };

    if (way < 15)
        p.kill_at = at;
    else if (way < 35) {
        p.fault_at = at;
        p.fault_error = (unsigned)(sim_next(&luck) % 4);
        if (sim_next(&luck) % 2) { /* what is called seldom fails as often as the rest */
            p.fault_call = 1 + (unsigned)(sim_next(&luck) % CALLS);
            p.fault_at = 1 + (unsigned)(sim_next(&luck) % 12);
        }
    } else if (way < 50) {
        p.wait_at = at;
        p.wait_way = (unsigned)(sim_next(&luck) % WAIT_WAYS);
    }
    return p;
}

static bool is_calm(const struct plan *p)
{
    return !p->fault_at && !p->kill_at && !p->wait_at && !run.stage.stops;
}

/* ---- tasks ---- */

unsigned run_session(void)
{
    const struct rt_task *task = sim_current(world.sim);
    const struct visit *g = task && sim_is_server(task) ? sim_arg(task) : NULL;

    return g >= run.guest && g < run.guest + GUESTS ? sock_addr_port(&g->arrival.peer) : 0;
}

static void visit_task(struct rt_task *task, void *arg)
{
    struct visit *g = arg;

    session_main(task, &g->arrival, &run.server);
    oracle_session_over(sock_addr_port(&g->arrival.peer));
    g->here = false;
    run.guests_here--;
}

static struct visit *visit_new(void)
{
    for (unsigned i = 0; i < GUESTS; i++)
        if (!run.guest[i].here)
            return &run.guest[i];
    return NULL;
}

static void acceptor_task(struct rt_task *task, void *arg)
{
    struct arrival a;

    (void)arg;
    while (model_accept(&run.env, task, -1, &a) == 0) {
        struct visit *g = visit_new();

        if (!g || sim_start(world.sim, visit_task, g, true) < 0) {
            model_turn_away(&run.env, &a, -EAGAIN);
            continue;
        }
        *g = (struct visit){ a, true };
        run.guests_here++;
    }
    listen_close_all(&run.listeners);
}

static void client_task(struct rt_task *task, void *arg)
{
    client_run(task, arg);
    run.clients_here--;
}

static void director_task(struct rt_task *task, void *arg)
{
    (void)arg;
    if (run.stage.stops) {
        rt_sleep(task, rt_now(task) + run.stage.stop_at);
        world_note("stop%s", run.stage.stops_now ? " now" : "");
        sim_stop(world.sim, run.stage.stops_now);
    }
    while (run.clients_here)
        rt_sleep(task, rt_now(task) + RT_SECONDS(1));
    for (unsigned i = 0; run.guests_here; i++) {
        if (i == 1000)
            world_fail("%u sessions have not ended", run.guests_here);
        rt_sleep(task, rt_now(task) + RT_SECONDS(1));
    }
    sim_stop(world.sim, false);
}

/* ---- the stage ---- */

/* As the front door does. */
static void open_storage(void)
{
    char text[200];
    struct buf err = BUF(text);
    struct store_shared *shared = store_shared_new();

    CHECK(store_local_open(run.folder, false, &run.storage) == 0 && shared);
    run.storage.shared = shared;
    run.storage.durable = run.stage.durable;
    run.storage.keep = true;
    run.storage.keep_days = 7;
    run.storage.sums = run.stage.sums;
    run.storage.hide_from = run.stage.hide_from;
    run.conf.quota.n = 0;
    for (unsigned a = 0; a < ACCOUNTS; a++)
        if (run.stage.quota[a])
            run.conf.quota.item[run.conf.quota.n++] = run.stage.quota[a];
    CHECK(quotas_new(&run.conf.quota, GUESTS, &shared->quotas, &err) == 0 && store_count(&run.storage) == 0);
}

static void open_server(void)
{
    static const struct service *const services[] = { &ftp_service };

    run.listeners.n = 0;
    open_storage();
    CHECK(listen_open(&run.listeners, "10.0.0.1", 2121, 0) == 0);
    run.server = (struct server){ .conf = &run.conf, .auth = &run.auth, .storage = &run.storage, .board = run.board,
                                  .log = &run.log, .passive = passive_new(0, 0, 1), .services = services };
    CHECK(run.server.passive);
    run.env = (struct model_env){ .listeners = &run.listeners, .stop = { -1, -1 }, .board = run.board, .log = &run.log,
                                  .chores = session_chores, .ctx = &run.server };
}

static void close_server(void)
{
    passive_free(&run.server.passive);
    partials_end(&run.storage);
    close(run.storage.root);
    wrap_unshare();
}

static void start_client(unsigned i, uint64_t seed)
{
    struct client *c = &run.client[i];
    unsigned char ip[4] = { 10, 0, 0, (unsigned char)(run.stage.one_host ? 10 : 10 + i) }, server[4] = { 10, 0, 0, 1 };

    memset(c, 0, offsetof(struct client, in));
    c->from = c->to = c->text_len = 0;
    c->id = i;
    c->luck = seed * 1000003 + i * 7919 + world.lives;
    c->ops = run.stage.ops;
    c->account = client_chance(c, 15);
    c->calm = is_calm(&world.plan);
    c->names = run.stage.names;
    script_choose(c, seed);
    sock_addr_make(ip, 4, 0, &c->host);
    sock_addr_make(server, 4, 2121, &c->server);
    CHECK(sim_start(world.sim, client_task, c, false) == 0);
    run.clients_here++;
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < FDS; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void look_for_leaks(unsigned descriptors, int64_t allocations)
{
    if (net_open())
        world_fail("%u sockets are left open", net_open());
    if (open_descriptors() != descriptors)
        world_fail("%u descriptors before, %u after", descriptors, open_descriptors());
    if (wrap_allocations() != allocations)
        world_fail("%lld pieces of memory are left", (long long)(wrap_allocations() - allocations));
    if (board_count(run.board))
        world_fail("%u seats are left taken", board_count(run.board));
}

static void play(void)
{
    unsigned descriptors = open_descriptors();
    int64_t allocations = wrap_allocations();
    enum sim_end end;

    sim_begin(world.sim, world.plan.seed + world.lives, &run.stage.sim);
    net_begin(&run.stage.net, world.lives);
    fault_begin(&run.stage.fault);
    memset(run.guest, 0, sizeof run.guest);
    run.clients_here = run.guests_here = 0;
    open_server();
    if (world.lives == 1)
        oracle_begin(run.root, &run.stage.rules);
    else
        oracle_restart(run.root);
    CHECK(sim_start(world.sim, acceptor_task, NULL, true) == 0);
    CHECK(sim_start(world.sim, director_task, NULL, false) == 0);
    for (unsigned i = 0; i < run.stage.clients; i++)
        start_client(i, world.plan.seed);
    end = sim_run(world.sim);
    if (end != SIM_DONE)
        world_fail(end == SIM_STUCK ? "nobody can go on" : "it goes on for ever");
    oracle_end(&run.storage, world.lives == 1 && !world.plan.fault_at);
    close_server();
    look_for_leaks(descriptors, allocations);
}

/* ---- the run ---- */

void run_prepare(const char *folder)
{
    static const struct sim_world net = { .ready = net_ready, .next = net_next, .wait = fault_wait };
    char text[200];
    struct buf err = BUF(text);

    CHECK(strlen(folder) < FOLDER_CAP);
    strcpy(run.folder, folder);
    run.conf = (struct conf){ .no_anonymous = true, .idle_timeout = 300, .login_timeout = 60, .data_timeout = 60,
                              .account = { 2, { "bob:secret:write", "ann:secret:add" } } };
    run.log.fd = -1;
    run.board = board_new(GUESTS);
    CHECK(run.board && auth_init(&run.auth, &run.conf, &err) == 0 && sim_new(&net, &world.sim) == 0);
    wrap_keep_shared();
}

static void fresh_folder(void)
{
    char sub[FOLDER_CAP + 4];

    scratch_remove(run.folder);
    snprintf(sub, sizeof sub, "%s/d", run.folder);
    CHECK(mkdir(run.folder, 0700) == 0 && mkdir(sub, 0700) == 0);
    if (run.root >= 0)
        close(run.root);
    run.root = open(run.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(run.root >= 0);
}

static _Noreturn void first_life(void)
{
    play();
    _exit(0);
}

/* true: it was killed, and another life begins. */
static bool killed_in_child(void)
{
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        first_life();
    CHECK(waitpid(pid, &status, 0) == pid);
    board_reap(run.board, pid);
    if (WIFSIGNALED(status))
        world_fail("ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) == KILLED)
        return true;
    if (WEXITSTATUS(status))
        _exit(WEXITSTATUS(status));
    return false;
}

static struct outcome outcome(bool killed)
{
    return (struct outcome){ .calls = fault_count(), .waits = fault_waits(), .steps = sim_steps(world.sim), .trail = sim_trail(world.sim),
                             .killed = killed, .faulted = fault_happened() };
}

struct outcome run_plan(const struct plan *plan)
{
    world.plan = *plan;
    world.lives = 1;
    run.stage = stage_of(plan->seed);
    run.stage.rules.faults = plan->fault_at;
    world.late = run.stage.late;
    fresh_folder();
    if (!plan->kill_at) {
        play();
        return outcome(false);
    }
    if (!killed_in_child())
        return (struct outcome){ 0 };
    world_note("---- a second life");
    world.lives = 2;
    play();
    return outcome(true);
}

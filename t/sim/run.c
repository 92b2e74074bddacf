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
#include "stage.h"
#include "store/partials.h"
#include "store/shared.h"
#include "store/store_impl.h"
#include "sys/proc_id.h"
#include "sys/scratch.h"
#include "wrap.h"

enum { MEMORY_BYTES = 32 << 20, GUESTS = SIM_TASKS, FDS = 96, FOLDER_CAP = 200 };

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

const struct storage *run_storage(void)
{
    return &run.storage;
}

static void visit_task(struct rt_task *task, void *arg)
{
    struct visit *g = arg;

    session_main(task, &g->arrival, &run.server);
    oracle_look();
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

static void open_memory(void)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    struct store st;

    CHECK(store_mem_open(MEMORY_BYTES, false, &run.storage) == 0);
    st = store_bind(&run.storage, &task, "", RIGHTS_WRITE);
    CHECK(run.storage.ops->change(&st, &(struct store_change){ .verb = STORE_MKDIR, .path = "/d" }) == 0);
}

/* As the front door does. */
static void open_storage(void)
{
    char text[200];
    struct buf err = BUF(text);
    struct store_shared *shared = store_shared_new();

    if (run.stage.memory)
        open_memory();
    else
        CHECK(store_local_open(run.folder, false, &run.storage) == 0);
    CHECK(shared);
    run.storage.shared = shared;
    run.storage.durable = run.stage.durable;
    run.storage.keep = true;
    run.storage.keep_days = 7;
    run.storage.sums = run.stage.sums;
    run.storage.hide_from = run.stage.hide_from;
    run.storage.keep_free = run.stage.keep_free;
    run.conf.quota.n = 0;
    for (unsigned a = 0; a < ACCOUNTS; a++)
        if (run.stage.quota[a])
            run.conf.quota.item[run.conf.quota.n++] = run.stage.quota[a];
    CHECK(quotas_new(&run.conf.quota, GUESTS, &shared->quotas, &err) == 0 && store_count(&run.storage) == 0);
}

static void open_server(void)
{
    static const struct service *const services[] = { &ftp_service };

    open_storage();
    run.server = (struct server){ .conf = &run.conf, .auth = &run.auth, .storage = &run.storage, .board = run.board,
                                  .log = &run.log, .passive = passive_new(0, 0, 1), .services = services };
    CHECK(run.server.passive);
    run.env = (struct model_env){ .listeners = &run.listeners, .stop = { -1, -1 }, .board = run.board, .log = &run.log,
                                  .chores = session_chores, .ctx = &run.server };
}

/* The listeners that this worker keeps for the next transfer. */
static void passive_forget(void)
{
    passive_free(&run.server.passive);
    run.server.passive = passive_new(0, 0, 1);
}

static void close_server(void)
{
    passive_free(&run.server.passive);
    partials_end(&run.storage);
    if (run.storage.root >= 0)
        close(run.storage.root);
    wrap_unshare();
}

static void start_client(unsigned i, uint64_t seed)
{
    struct client *c = &run.client[i];
    unsigned char ip[4] = { 10, 0, 0, (unsigned char)(run.stage.one_host ? 10 : 10 + i) }, server[4] = { 10, 0, 0, 1 };

    memset(c, 0, offsetof(struct client, in));
    c->from = c->to = c->text_len = 0;
    c->text_mode = false;
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

/* A worker comes to life, and clients come to it. */
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
    proc_self(); /* remembered from now on: the first run is like the others */
    run.listeners.n = 0;
    CHECK(listen_open(&run.listeners, "10.0.0.1", 2121, 0) == 0);
    CHECK(sim_start(world.sim, acceptor_task, NULL, true) == 0);
    CHECK(sim_start(world.sim, director_task, NULL, false) == 0);
    for (unsigned i = 0; i < run.stage.clients; i++)
        start_client(i, world.plan.seed);
    end = sim_run(world.sim);
    if (end != SIM_DONE)
        world_fail(end == SIM_STUCK ? "nobody can go on" : "it goes on for ever");
    oracle_end(world.lives == 1 && !world.plan.fault_at);
    passive_forget();
    look_for_leaks(descriptors, allocations);
}

/* ---- the run ---- */

/* In memory nothing is a system call: what a task has done until it waits is looked at as one. */
static void after_step(void)
{
    if (run.stage.memory)
        oracle_look();
}

void run_prepare(const char *folder)
{
    static const struct sim_world net = { .ready = net_ready, .next = net_next, .wait = fault_wait, .step = after_step };
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
    wrap_inodes_map();
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

static void begin(void)
{
    fresh_folder();
    wrap_inodes_begin();
    open_server();
    oracle_begin(&(struct oracle_folder){ run.root, run.stage.memory ? &run.storage : NULL }, &run.stage.rules);
}

/* The server, or only the worker that was killed. */
static void begin_again(void)
{
    world_note("---- a second life");
    world.lives = 2;
    if (!run.stage.survives) {
        close_server();
        open_server();
    }
    oracle_restart(!run.stage.survives);
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
    bool killed;

    world.plan = *plan;
    world.lives = 1;
    run.stage = stage_of(plan->seed);
    run.stage.rules.faults = plan->fault_at;
    world.late = run.stage.late;
    world.memory = run.stage.memory;
    begin();
    killed = plan->kill_at && killed_in_child();
    if (killed)
        begin_again();
    if (!plan->kill_at || killed)
        play();
    close_server();
    return plan->kill_at && !killed ? (struct outcome){ 0 } : outcome(killed);
}

/* crew: starts, steers and ends the clients of one measurement (see crew.h): all prepare, then all work, then all stay, so that
 * what is measured between two steps is work alone. Called by bench/; owns the processes, an event and a shared page. A crew
 * that takes longer than LONGEST is ended: -ETIMEDOUT; the first failure of a client is the crew's. */
#include "bench/crew.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bench/times.h"
#include "bench/worker.h"
#include "rt/loop.h"
#include "sys/proc.h"

enum { LONGEST = 180, TICK = 2000000, BLOCK = 1 << 20 };

struct crew_board {
    atomic_uint ready, done;
    atomic_int failed;
    atomic_bool broken; /* a process is missing: nobody shall be waited for */
    atomic_llong pieces;
    struct times times;
};

void worker_count(struct worker *w, int64_t pieces)
{
    atomic_fetch_add(&w->board->pieces, pieces);
}

void worker_time(struct worker *w, int64_t since)
{
    times_note(&w->board->times, rt_now(w->task) - since);
    worker_count(w, 1);
}

/* ---- in a client process ---- */

struct shift {
    struct loop *loop;
    struct worker *worker;
    unsigned count;
    int go;
};

/* A failed worker takes the remaining steps all the same, or the others would be waited for in vain. */
static void step(struct worker *w, int (*fn)(struct worker *), atomic_uint *counter)
{
    int rc = atomic_load(&w->board->failed) ? 0 : fn(w), none = 0;

    if (rc < 0)
        atomic_compare_exchange_strong(&w->board->failed, &none, rc);
    atomic_fetch_add(counter, 1);
}

static void life(struct rt_task *task, void *arg)
{
    struct worker *w = *(struct worker **)arg;

    w->task = task;
    step(w, w->how->load->prepare, &w->board->ready);
    loop_rest(task, RT_NEVER);
    step(w, w->how->load->work, &w->board->done);
    rt_sleep(task, RT_NEVER); /* until crew_end */
}

/* A descriptor is for one task: this one hears the event, and tells the others. */
static void gate(struct rt_task *task, void *arg)
{
    const struct shift *s = *(struct shift **)arg;
    struct pollfd p = { .fd = s->go, .events = POLLIN };

    rt_wait(task, &p, 1, RT_NEVER);
    for (unsigned i = 0; i < s->count; i++)
        loop_rouse(s->worker[i].task);
    rt_sleep(task, RT_NEVER);
}

/* The clients `first` and each crew->count-th behind it. */
static int begin_shift(struct shift *s, const struct crew *crew, const struct crew_how *how, unsigned first)
{
    struct span block = { malloc(BLOCK), BLOCK };

    s->go = crew->go;
    s->worker = calloc(how->clients, sizeof *s->worker);
    if (!block.at || !s->worker)
        return -ENOMEM;
    TRY(loop_new(&loop_epoll, (struct rt_stop){ -1, -1 }, how->clients + 1, &s->loop));
    for (unsigned i = first; i < how->clients; i += crew->count) {
        struct worker *w = &s->worker[s->count++];

        *w = (struct worker){ .how = how, .index = i, .block = block, .file = -1, .board = crew->board };
        TRY(loop_start(s->loop, life, &w, sizeof w));
    }
    return loop_start(s->loop, gate, &s, sizeof s);
}

static _Noreturn void be_clients(const struct crew *crew, const struct crew_how *how, unsigned first)
{
    struct shift s = { 0 };
    int rc, none = 0;

    if (how->meek)
        child_be_meek();
    rc = begin_shift(&s, crew, how, first);
    if (rc == 0)
        loop_run(s.loop); /* until crew_end */
    atomic_compare_exchange_strong(&crew->board->failed, &none, rc);
    atomic_store(&crew->board->broken, true);
    child_exit(1);
}

/* ---- in the measuring process ---- */

static int wait_count(struct rt_task *task, const struct crew *crew, atomic_uint *counter)
{
    int64_t until = rt_after(task, LONGEST);

    while (atomic_load(counter) < crew->clients) {
        if (rt_now(task) > until)
            return -ETIMEDOUT;
        if (atomic_load(&crew->board->broken))
            break;
        TRY(rt_sleep(task, rt_now(task) + TICK));
    }
    return crew_failure(crew);
}

static int make_ready(struct crew *crew)
{
    if (!crew->board) {
        crew->board = proc_shared(sizeof *crew->board);
        if (!crew->board)
            return -ENOMEM;
        crew->go = proc_event();
    }
    memset(crew->board, 0, sizeof *crew->board);
    proc_event_clear(crew->go);
    return crew->go < 0 ? crew->go : 0;
}

static unsigned processes_for(unsigned clients)
{
    unsigned most = child_cpus(CHILD_SECOND_HALF);

    if (most > CREW_PROCESSES)
        most = CREW_PROCESSES;
    return clients < most ? clients : most;
}

int crew_start(struct rt_task *task, const struct crew_how *how, struct crew *crew)
{
    TRY(make_ready(crew));
    crew->clients = how->clients;
    crew->count = processes_for(how->clients);
    for (unsigned i = 0; i < crew->count; i++) {
        int rc = child_fork(CHILD_SECOND_HALF, &crew->process[i]);

        TRY(rc);
        if (rc == 1)
            be_clients(crew, how, i);
    }
    return wait_count(task, crew, &crew->board->ready);
}

void crew_go(struct crew *crew)
{
    proc_event_raise(crew->go);
}

int64_t crew_work(struct rt_task *task, struct crew *crew)
{
    crew_go(crew);
    TRY(wait_count(task, crew, &crew->board->done));
    return crew_pieces(crew);
}

int64_t crew_pieces(const struct crew *crew)
{
    return crew->board ? atomic_load(&crew->board->pieces) : 0;
}

double crew_quantile(const struct crew *crew, double part)
{
    return times_quantile(&crew->board->times, part);
}

int crew_failure(const struct crew *crew)
{
    return atomic_load(&crew->board->failed);
}

int64_t crew_cpu(const struct crew *crew)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < crew->count; i++)
        sum += child_cpu(&crew->process[i]);
    return sum;
}

/* Hard, all at once: a client that just goes away is what servers meet every day. */
void crew_end(struct crew *crew)
{
    while (crew->count)
        child_end(&crew->process[--crew->count], 0);
}

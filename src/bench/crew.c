/* crew: the clients of one measurement, each a process, kept in step (see load.h): all prepare, then all work,
 * then all stay, so that what is measured between two steps is work alone. Called by bench/; owns the processes,
 * an event and a shared page. A crew that takes longer than LONGEST is ended: -ETIMEDOUT; the first failure of a
 * worker is the crew's. */
#include <errno.h>
#include <stdatomic.h>

#include "base/cleanup.h"
#include "bench/worker.h"
#include "sys/proc.h"

enum { LONGEST = 180, TICK = 2000000 };

struct crew_board {
    atomic_uint ready, done;
    atomic_int failed;
    atomic_llong pieces;
};

void worker_count(struct worker *w, int64_t pieces)
{
    atomic_fetch_add(&w->board->pieces, pieces);
}

/* ---- in the client process ---- */

/* A failed worker takes the remaining steps all the same, or the others would be waited for in vain. */
static void step(struct worker *w, int (*fn)(struct worker *), atomic_uint *counter)
{
    int rc = atomic_load(&w->board->failed) ? 0 : fn(w), none = 0;

    if (rc < 0)
        atomic_compare_exchange_strong(&w->board->failed, &none, rc);
    atomic_fetch_add(counter, 1);
}

static void wait_for(struct worker *w, int event)
{
    struct pollfd p = { .fd = event, .events = POLLIN };

    while (rt_wait(&w->task, &p, 1, RT_NEVER) == -EINTR)
        ;
}

static _Noreturn void be_worker(const struct crew *crew, const struct crew_how *how, unsigned index)
{
    struct worker w = { .how = how, .task = rt_block_task((struct rt_stop){ -1, -1 }), .index = index, .file = -1,
                        .board = crew->board };

    step(&w, how->load->prepare, &w.board->ready);
    wait_for(&w, crew->go);
    step(&w, how->load->work, &w.board->done);
    rt_sleep(&w.task, RT_NEVER); /* until crew_end */
    child_exit(0);
}

/* ---- in the measuring process ---- */

static int wait_count(struct rt_task *task, const struct crew *crew, atomic_uint *counter)
{
    int64_t until = rt_after(task, LONGEST);

    while (atomic_load(counter) < crew->count) {
        if (rt_now(task) > until)
            return -ETIMEDOUT;
        TRY(rt_sleep(task, rt_now(task) + TICK));
    }
    return atomic_load(&crew->board->failed);
}

static int make_ready(struct crew *crew)
{
    if (!crew->board) {
        crew->board = proc_shared(sizeof *crew->board);
        if (!crew->board)
            return -ENOMEM;
        crew->go = proc_event();
    }
    *crew->board = (struct crew_board){ 0 };
    proc_event_clear(crew->go);
    return crew->go < 0 ? crew->go : 0;
}

int crew_start(struct rt_task *task, const struct crew_how *how, struct crew *crew)
{
    TRY(make_ready(crew));
    while (crew->count < how->clients) {
        int rc = child_fork(CHILD_SECOND_HALF, &crew->worker[crew->count]);

        TRY(rc);
        if (rc == 1)
            be_worker(crew, how, crew->count);
        crew->count++;
    }
    return wait_count(task, crew, &crew->board->ready);
}

int64_t crew_work(struct rt_task *task, struct crew *crew)
{
    proc_event_raise(crew->go);
    TRY(wait_count(task, crew, &crew->board->done));
    return crew_pieces(crew);
}

int64_t crew_pieces(const struct crew *crew)
{
    return atomic_load(&crew->board->pieces);
}

/* Hard, all at once: a client that just goes away is what servers meet every day. */
void crew_end(struct crew *crew)
{
    while (crew->count)
        child_end(&crew->worker[--crew->count], 0);
}

/* What is to be done now and then is done on every model, while nobody comes: each serves here without a client. */
#include "unit.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/model.h"
#include "sys/proc.h"

enum { ROUNDS = 4, EVERY_MS = 30, PATIENCE_S = 60 };

static atomic_int *done;

static int64_t chores(struct rt_task *task, void *ctx)
{
    int64_t *due = ctx, now = rt_now(task);

    if (now >= *due) {
        *due = now + (int64_t)EVERY_MS * 1000000;
        atomic_fetch_add(done, 1);
    }
    return *due;
}

static _Noreturn void serve(const struct model *model, struct rt_stop stop)
{
    struct listeners none = { 0 };
    struct log log = { .fd = -1 };
    int64_t due = 0;
    struct model_env env = { .listeners = &none, .stop = stop, .children = proc_event(), .workers = 1, .board = board_new(8),
                             .log = &log, .chores = chores, .ctx = &due };

    _exit(env.board && model->serve(&env) == 0 ? 0 : 1);
}

static void idle_servers_do_their_chores(void **state)
{
    (void)state;
    for (const struct model *const *m = models; *m; m++) {
        struct rt_stop stop = { .drain = proc_event(), .now = proc_event() };
        pid_t pid;
        int code = -1;

        atomic_store(done, 0);
        pid = fork();
        if (pid == 0)
            serve(*m, stop);
        for (int i = 0; i < PATIENCE_S * 100 && atomic_load(done) < ROUNDS && waitpid(pid, &code, WNOHANG) == 0; i++)
            usleep(10000);
        if (atomic_load(done) < ROUNDS)
            fail_msg("%s did its chores %d times (%d)", (*m)->name, atomic_load(done), code);
        proc_event_raise(stop.drain);
        assert_int_equal(waitpid(pid, &code, 0), pid);
        same_int((*m)->name, 0, code, 0);
        close(stop.drain);
        close(stop.now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(idle_servers_do_their_chores) };

    done = proc_shared(sizeof *done);
    return done ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}

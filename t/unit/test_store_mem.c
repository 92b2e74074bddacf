/* The store in memory: what every store promises, and what is its own: running out, and processes that are killed. */
#include "any_store.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mem_sound.h"
#include "sys/proc.h"

enum { BLOCKS = 1024, SIZE = BLOCKS * MEM_BLOCK };

#define OPS (any.storage->ops)

static struct mem_used fresh; /* as it was when it was empty */

static struct mem_heap *heap(void)
{
    return any.storage->state;
}

int any_open(struct storage *out)
{
    TRY(store_mem_open(SIZE, false, out));
    fresh = mem_sound(out->state);
    return 0;
}

static void expect_all_there(void)
{
    assert_true(mem_sound(heap()).all == fresh.all);
}

/* Nothing is left open, and nothing was lost. */
void any_close(struct storage *s)
{
    expect_all_there();
    assert_int_equal(mem_sound(s->state).claims, 0);
    mem_free(s->state);
}

static void expect_empty(void)
{
    struct mem_used used = mem_sound(heap());

    assert_int_equal(used.nodes, 1);
    assert_int_equal(used.blocks, 0);
    assert_int_equal(used.claims, 0);
    expect_all_there();
}

static int64_t space(void)
{
    int64_t bytes = -1;

    assert_int_equal(OPS->space(&any, "/", &bytes, &(int64_t){ 0 }), 0);
    return bytes;
}

/* ---- running out ---- */

static void a_full_store_says_so_and_loses_nothing(void **state)
{
    struct file *f = NULL, *r = NULL;

    (void)state;
    assert_int_equal(space(), SIZE);
    assert_int_equal(any_put("/old", "old"), 0);
    assert_int_equal(space(), SIZE - MEM_BLOCK);
    assert_int_equal(OPS->create(&any, "/old", &f), 0);
    assert_int_equal(any_write_pattern(f, 1, SIZE), -ENOSPC);
    assert_int_equal(f->size, SIZE - MEM_BLOCK);
    assert_int_equal(space(), 0);
    assert_int_equal(any_put("/other", "x"), -ENOSPC);
    assert_int_equal(any_put("/empty", ""), 0);
    any_folder("/folder");
    any_is("/old", "old");
    assert_int_equal(f->ops->commit(f, true), 0);
    file_close(&f);
    assert_int_equal(OPS->open(&any, "/old", &r), 0);
    any_holds_pattern(r, 1, SIZE - MEM_BLOCK);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = "/old"), 0);
    assert_int_equal(space(), MEM_BLOCK); /* its reader still has it */
    any_holds_pattern(r, 1, SIZE - MEM_BLOCK);
    file_close(&r);
    assert_int_equal(space(), SIZE);
}

static void an_upload_that_breaks_off_gives_all_back(void **state)
{
    struct file *f = NULL;

    (void)state;
    assert_int_equal(OPS->create(&any, "/f", &f), 0);
    assert_int_equal(any_write_pattern(f, 1, 2 * SIZE), -ENOSPC);
    file_close(&f);
    expect_empty();
}

static void names_run_out(void **state)
{
    struct file *f = NULL;
    char path[40];
    int n = 0, rc = 0;

    (void)state;
    for (; rc == 0 && n < 100000; n++) {
        snprintf(path, sizeof path, "/folder %d", n);
        rc = ANY_CHANGE(.verb = STORE_MKDIR, .path = path);
    }
    assert_int_equal(rc, -ENOSPC);
    assert_int_equal(OPS->create(&any, "/f", &f), -ENOSPC);
    assert_int_equal(any_count("/"), n - 1);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = "/folder 7"), 0);
    assert_int_equal(any_put("/f", "f"), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MKDIR, .path = "/folder 7"), -ENOSPC);
    any_is("/f", "f");
}

static void open_files_run_out(void **state)
{
    enum { MOST = 1 << 18 };
    struct file **f = calloc(MOST, sizeof *f);
    int n = 0, rc;

    (void)state;
    any_put("/f", "content");
    while ((rc = OPS->open(&any, "/f", &f[n])) == 0 && n < MOST - 1)
        n++;
    assert_int_equal(rc, -ENFILE);
    assert_true(n > 65536);
    assert_int_equal(OPS->create(&any, "/g", &f[n]), -ENFILE);
    expect_all_there();
    any_holds(f[n - 1], "content");
    file_close(&f[0]);
    assert_int_equal(OPS->open(&any, "/f", &f[0]), 0);
    for (int i = 0; i < n; i++)
        file_close(&f[i]);
    free(f);
}

/* A resumed file that is cut gives back what it does not need, at the latest when nobody has it open any more. */
static void cutting_gives_back(void **state)
{
    struct file *f = NULL, *r = NULL;
    int64_t replaced;

    (void)state;
    assert_int_equal(OPS->create(&any, "/f", &f), 0);
    assert_int_equal(f->ops->hide(f, "/.dray-x", &replaced), 0);
    any_write_pattern(f, 1, 10 * MEM_BLOCK);
    file_close(&f);
    assert_int_equal(OPS->resume(&any, "/.dray-x", "/f", 2 * MEM_BLOCK + 1, &f), 0);
    assert_int_equal(mem_sound(heap()).blocks, 3);
    any_write_pattern(f, 1, 8 * MEM_BLOCK - 1);
    file_close(&f);
    assert_int_equal(OPS->open(&any, "/.dray-x", &r), 0);
    assert_int_equal(OPS->resume(&any, "/.dray-x", "/f", 0, &f), 0);
    any_write_pattern(f, 1, 3 * MEM_BLOCK);
    any_holds_pattern(r, 1, 10 * MEM_BLOCK);
    assert_int_equal(mem_sound(heap()).blocks, 10);
    file_close(&r);
    assert_int_equal(f->ops->commit(f, false), 0);
    file_close(&f);
    assert_int_equal(mem_sound(heap()).blocks, 3);
    assert_int_equal(OPS->open(&any, "/f", &r), 0);
    any_holds_pattern(r, 1, 3 * MEM_BLOCK);
    file_close(&r);
    assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = "/f"), 0);
    expect_empty();
}

static void an_overwritten_file_keeps_its_place_in_listings(void **state)
{
    CLEANUP(dir_close) struct dir *d = NULL;
    const struct dir_entry *e;
    unsigned n = 1;
    char path[20];

    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "/%d", i);
        any_put(path, "old");
    }
    assert_int_equal(OPS->list(&any, "/", true, &d), 0);
    assert_int_equal(d->ops->next(d, &e), 1);
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "/%d", i);
        any_put(path, "new one");
    }
    while (d->ops->next(d, &e) > 0)
        n++;
    assert_int_equal(n, 300);
}

/* ---- processes ---- */

/* Runs in a process of its own, which ends by SIGKILL. */
static void in_a_process_that_is_killed(void (*run)(void))
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        run();
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void put_a_file(void)
{
    any_put("/f", "from another process");
}

static void what_one_process_stores_another_one_reads(void **state)
{
    (void)state;
    in_a_process_that_is_killed(put_a_file);
    any_is("/f", "from another process");
}

static void leave_much_open(void)
{
    struct file *f[4] = { NULL };
    int64_t replaced;

    OPS->create(&any, "/new", &f[0]);
    any_write_pattern(f[0], 1, SIZE / 2);
    OPS->open(&any, "/read", &f[1]);
    ANY_CHANGE(.verb = STORE_RM, .path = "/read");
    OPS->create(&any, "/part", &f[2]);
    f[2]->ops->hide(f[2], "/.dray-x", &replaced);
    f[2]->ops->write(f[2], "part", 4);
}

static void the_dead_hold_nothing_that_is_needed(void **state)
{
    struct file *f = NULL;

    (void)state;
    any_put("/read", "read");
    in_a_process_that_is_killed(leave_much_open);
    assert_int_equal(mem_sound(heap()).claims, 3);
    assert_int_equal(OPS->create(&any, "/big", &f), 0);
    assert_int_equal(any_write_pattern(f, 1, SIZE - MEM_BLOCK), 0); /* all but the partial's block */
    assert_int_equal(mem_sound(heap()).claims, 1);
    file_close(&f);
    in_a_process_that_is_killed(leave_much_open);
    assert_int_equal(OPS->resume(&any, "/.dray-x", "/part", -1, &f), 0); /* its writer is dead */
    any_holds(f, "part");
    assert_int_equal(f->ops->commit(f, false), 0);
    file_close(&f);
    any_is("/part", "part");
    assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = "/part"), 0);
    expect_empty();
}

static void the_space_of_the_dead_is_space(void **state)
{
    (void)state;
    any_put("/read", "read");
    in_a_process_that_is_killed(leave_much_open);
    assert_int_equal(space(), SIZE - MEM_BLOCK);
    assert_int_equal(mem_sound(heap()).claims, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ANY_OPS(ANY_TEST)
        ANY_FRONT(ANY_TEST)
        ANY_TEST(a_full_store_says_so_and_loses_nothing)
        ANY_TEST(an_upload_that_breaks_off_gives_all_back)
        ANY_TEST(names_run_out)
        ANY_TEST(open_files_run_out)
        ANY_TEST(cutting_gives_back)
        ANY_TEST(an_overwritten_file_keeps_its_place_in_listings)
        ANY_TEST(what_one_process_stores_another_one_reads)
        ANY_TEST(the_dead_hold_nothing_that_is_needed)
        ANY_TEST(the_space_of_the_dead_is_space)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

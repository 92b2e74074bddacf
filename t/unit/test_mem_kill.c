/* The store in memory when processes are killed: stopped at one instruction after the other of every change, and in the middle
 * of everything at once. What is there afterwards is old or new, whole, and nothing is lost.
 *
 * MEM_KILL_SAMPLES: at how many instructions of each change a process is killed (8; 0: at every one). MEM_KILL_ROUNDS: how
 * many processes are killed in the crowd (60). */
#include "any_store.h"

#include <limits.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mem_sound.h"
#include "sys/proc.h"

enum { SIZE = 256 * MEM_BLOCK, DUMP = 8192 };

#define OPS (any.storage->ops)
#define PART STORE_OWN_FOLDER "/part"
#define OTHER STORE_OWN_FOLDER "/other"

int any_open(struct storage *out)
{
    return store_mem_open(SIZE, true, out);
}

void any_close(struct storage *s)
{
    mem_free(s->state);
}

static struct mem_heap *heap(void)
{
    return any.storage->state;
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 10) : otherwise;
}

/* ---- all that can be seen, as text ---- */

static void dump_file(struct buf *b, const char *path)
{
    CLEANUP(file_close) struct file *f = NULL;
    struct mark m;
    char text[200];
    unsigned sum = 0;
    ssize_t n;

    assert_int_equal(OPS->open(&any, path, &f), 0);
    for (int64_t off = 0; (n = f->ops->read(f, text, sizeof text, off)) > 0; off += n)
        for (ssize_t i = 0; i < n; i++)
            sum = sum * 31 + (unsigned char)text[i];
    buf_printf(b, "%s: %lld bytes, %u, %d\n", path, (long long)f->size, sum,
               f->ops->get_mark(f, &m) == 0 ? m.sums.of[SUM_CRC32][0] : -1);
}

static void dump(struct buf *b, const char *path)
{
    CLEANUP(dir_close) struct dir *d = NULL;
    const struct dir_entry *e;

    assert_int_equal(OPS->list(&any, path, true, &d), 0);
    while (d->ops->next(d, &e) > 0) {
        char below[200];

        snprintf(below, sizeof below, "%s/%.*s", path[1] ? path : "", SPAN_ARG(e->name));
        buf_printf(b, "%s %o\n", below, e->stat.mode);
        if (e->stat.kind == STORE_DIR)
            dump(b, below);
        else
            dump_file(b, below);
    }
}

struct seen {
    char *text;
    struct mem_used used;
};

static struct seen look(void)
{
    struct seen s = { .text = malloc(DUMP) };
    struct buf b = { .at = s.text, .cap = DUMP };
    int64_t bytes;

    assert_int_equal(OPS->space(&any, "/", &bytes, &(int64_t){ 0 }), 0); /* the dead let go of what they held */
    s.used = mem_sound(heap());
    assert_int_equal(s.used.claims, 0);
    dump(&b, "/");
    dump(&b, STORE_OWN_FOLDER);
    assert_false(b.over);
    buf_cstr(&b);
    return s;
}

/* ---- the changes ---- */

static struct file *open_file;

static void prepare(void)
{
    struct file *f;
    int64_t replaced;

    open_file = NULL;
    any_folder("/a");
    any_folder("/b");
    any_folder("/b/empty");
    any_folder(STORE_OWN_FOLDER);
    any_put("/a/f", "the old file");
    any_put("/a/g", "another one");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(OPS->create(&any, "/a/f", &f), 0);
        assert_int_equal(any_write_pattern(f, 3, 3 * MEM_BLOCK - 100), 0);
        assert_int_equal(f->ops->hide(f, i ? OTHER : PART, &replaced), 0);
        file_close(&f);
    }
}

static void uploading(void)
{
    assert_int_equal(OPS->create(&any, "/a/f", &open_file), 0);
    assert_int_equal(any_write_pattern(open_file, 5, 2 * MEM_BLOCK + 5), 0);
}

static void uploading_new(void)
{
    assert_int_equal(OPS->create(&any, "/b/new", &open_file), 0);
    assert_int_equal(open_file->ops->write(open_file, "new", 3), 0);
}

static void resuming(void)
{
    assert_int_equal(OPS->resume(&any, PART, "/a/f", -1, &open_file), 0);
}

static void reading(void)
{
    assert_int_equal(OPS->open(&any, "/a/f", &open_file), 0);
}

static void reading_removed(void)
{
    reading();
    ANY_CHANGE(.verb = STORE_RM, .path = "/a/f");
}

/* But what a process does once for itself. */
static void nothing(void)
{
    reading();
    file_close(&open_file);
}

static void commit(void)
{
    assert_int_equal(open_file->ops->commit(open_file, true), 0);
}

static void hide(void)
{
    int64_t replaced;

    assert_int_equal(open_file->ops->hide(open_file, OTHER, &replaced), 0);
}

static void cut(void)
{
    assert_int_equal(OPS->resume(&any, PART, "/a/f", 100, &open_file), 0);
}

static void drop(void)
{
    int64_t size;

    assert_int_equal(OPS->drop(&any, PART, &size), 0);
}

static void mark(void)
{
    struct mark m = { .account = "bob", .sums.of[SUM_CRC32] = { 77 } };

    assert_int_equal(open_file->ops->set_mark(open_file, &m), 0);
}

static void write_some(void)
{
    assert_int_equal(open_file->ops->write(open_file, "some", 4), 0);
}

static void close_it(void)
{
    file_close(&open_file);
}

#define CHANGE(name, ...) \
    static void name(void) \
    { \
        assert_int_equal(ANY_CHANGE(__VA_ARGS__), 0); \
    }
CHANGE(rm, .verb = STORE_RM, .path = "/a/f")
CHANGE(mkdir_, .verb = STORE_MKDIR, .path = "/b/dir")
CHANGE(rmdir_, .verb = STORE_RMDIR, .path = "/b/empty")
CHANGE(mv, .verb = STORE_MV, .path = "/a/f", .to = "/b/h")
CHANGE(mv_over, .verb = STORE_MV, .path = "/a/f", .to = "/a/g")
CHANGE(mv_folder, .verb = STORE_MV, .path = "/a", .to = "/b/empty/a")
CHANGE(mode, .verb = STORE_MODE, .path = "/a/f", .mode = 0600)

static const struct act {
    const char *name;
    void (*before)(void), (*run)(void);
} acts[] = {
    { "commit a new file", uploading_new, commit }, { "commit over an old one", uploading, commit },
    { "commit a partial", resuming, commit },       { "hide over a partial", uploading, hide },
    { "cut a partial", nothing, cut },              { "drop a partial", nothing, drop },
    { "write", uploading, write_some },             { "write a partial", resuming, write_some },
    { "mark", reading, mark },                      { "close an upload", uploading, close_it },
    { "close the last reader", reading_removed, close_it },
    { "rm", nothing, rm },                          { "mkdir", nothing, mkdir_ },
    { "rmdir", nothing, rmdir_ },                   { "mv", nothing, mv },
    { "mv over", nothing, mv_over },                { "mv a folder", nothing, mv_folder },
    { "mode", nothing, mode },
};

static pid_t act_in_a_process(const struct act *a)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid)
        return pid;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    a->before();
    raise(SIGSTOP);
    a->run();
    raise(SIGSTOP);
    _exit(0);
}

/* So many instructions, then it is killed; how many there were, if it had done before. */
static unsigned long kill_after(const struct act *a, unsigned long most)
{
    pid_t pid = act_in_a_process(a);
    unsigned long n = 0;
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    while (n < most) {
        assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSTOPPED(status));
        n++;
        if (WSTOPSIG(status) == SIGSTOP)
            break;
        assert_int_equal(WSTOPSIG(status), SIGTRAP);
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return n;
}

static struct seen after_being_killed(const struct act *a, unsigned long most, unsigned long *steps)
{
    struct seen seen;

    any_set_up(NULL);
    prepare();
    *steps = kill_after(a, most);
    seen = look();
    any_put("/b/and on it goes", "some content"); /* for whoever comes next */
    any_tear_down(NULL);
    return seen;
}

static bool is_same(const struct seen *a, const struct seen *b)
{
    return strcmp(a->text, b->text) == 0 && mem_used_same(a->used, b->used);
}

static unsigned kill_everywhere(const struct act *a, unsigned long samples)
{
    unsigned long steps, all, n = 0;
    struct seen old = after_being_killed(a, 0, &steps), new = after_being_killed(a, ULONG_MAX, &all);
    unsigned olds = 0;

    for (unsigned long at = 1; at < all; at += samples && all > samples ? all / samples : 1, n++) {
        struct seen got = after_being_killed(a, at, &steps);

        if (is_same(&got, &old))
            olds++;
        else if (!is_same(&got, &new))
            fail_msg("%s, killed after %lu of %lu instructions: neither\n%s(%u nodes, %u blocks) nor\n%s(%u, %u) but\n%s(%u, %u)",
                     a->name, at, all, old.text, old.used.nodes, old.used.blocks, new.text, new.used.nodes, new.used.blocks,
                     got.text, got.used.nodes, got.used.blocks);
        free(got.text);
    }
    assert_true(olds > 0 && n > 1);
    free(old.text);
    free(new.text);
    return (unsigned)n;
}

static void a_change_that_is_killed_is_done_or_not(void **state)
{
    unsigned long samples = setting("MEM_KILL_SAMPLES", 8);
    unsigned n = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(acts); i++)
        n += kill_everywhere(&acts[i], samples);
    print_message("# killed at %u instructions of %zu changes\n", n, COUNT(acts));
}

/* ---- a crowd ---- */

enum { CROWD = 8, NAMES = 6, MOST = 300000 };

static const char *crowd_path(unsigned n)
{
    static char path[40];

    snprintf(path, sizeof path, n % 2 ? "/a/%u" : "/b/%u", n % NAMES);
    return path;
}

/* Content that says what it is: its size, and then the pattern of that number. */
static int put_some(unsigned random)
{
    CLEANUP(file_close) struct file *f = NULL;
    uint32_t size = random % (random % 3 ? 5000 : MOST);
    int64_t replaced;

    TRY(OPS->create(&any, crowd_path(random >> 8), &f));
    TRY(f->ops->write(f, &size, sizeof size));
    if (random % 5 == 0)
        TRY(f->ops->hide(f, crowd_path(random >> 9)[1] == 'a' ? PART : OTHER, &replaced));
    TRY(any_write_pattern(f, size, size));
    return random % 7 ? f->ops->commit(f, true) : 0;
}

static int read_some(const char *path)
{
    CLEANUP(file_close) struct file *f = NULL;
    uint32_t size;

    TRY(OPS->open(&any, path, &f));
    if (f->ops->read(f, &size, sizeof size, 0) != sizeof size || f->size != (int64_t)sizeof size + size)
        return -EBADMSG;
    for (int64_t off = sizeof size; off < f->size;) {
        char got[500], want[500];
        ssize_t n = f->ops->read(f, got, sizeof got, off);

        if (n <= 0)
            return -EBADMSG;
        any_fill(want, size, off, (size_t)n);
        if (memcmp(got, want, (size_t)n) != 0)
            return -EBADMSG;
        off += n;
    }
    return 0;
}

static int resume_some(unsigned random)
{
    CLEANUP(file_close) struct file *f = NULL;
    const char *own = random % 2 ? PART : OTHER;
    uint32_t size;

    if (random % 3 == 0)
        return OPS->drop(&any, own, &(int64_t){ 0 });
    TRY(OPS->resume(&any, own, crowd_path(random >> 8), -1, &f));
    if (f->size < (int64_t)sizeof size || f->ops->read(f, &size, sizeof size, 0) != sizeof size)
        return 0;
    TRY(any_write_pattern(f, size, (int64_t)sizeof size + size - f->size));
    return f->ops->commit(f, true);
}

static int act_at_random(unsigned random)
{
    char to[40];

    switch (random % 8) {
    case 0:
    case 1:
    case 2:
        return put_some(random >> 3);
    case 3:
    case 4:
        return read_some(crowd_path(random >> 8));
    case 5:
        return resume_some(random >> 3);
    case 6:
        return ANY_CHANGE(.verb = STORE_RM, .path = crowd_path(random >> 8));
    default:
        strcpy(to, crowd_path(random >> 12));
        return ANY_CHANGE(.verb = STORE_MV, .path = crowd_path(random >> 8), .to = to);
    }
}

static bool is_fine(int rc)
{
    return rc == 0 || rc == -ENOENT || rc == -EBUSY || rc == -ENOSPC;
}

/* Until it is killed; what is wrong is left in *wrong for whoever looks. */
static pid_t start_one(unsigned seed, int *wrong)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    while (pid == 0) {
        int rc;

        seed = seed * 1664525 + 1013904223;
        rc = act_at_random(seed >> 4);
        if (!is_fine(rc) && !*wrong)
            *wrong = rc;
    }
    return pid;
}

static void end_one(pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* not by a check of its own */
}

/* Everything that has a name is whole; and when all of it is removed, everything is free. */
static void expect_all_whole(struct mem_used before)
{
    int64_t bytes;

    for (unsigned i = 0; i < 2 * NAMES; i++) {
        int rc = read_some(crowd_path(i));

        assert_true(rc == 0 || rc == -ENOENT);
        ANY_CHANGE(.verb = STORE_RM, .path = crowd_path(i));
    }
    heap()->swept = 0;
    assert_int_equal(OPS->space(&any, "/", &bytes, &(int64_t){ 0 }), 0);
    OPS->drop(&any, PART, &bytes);
    OPS->drop(&any, OTHER, &bytes);
    assert_true(mem_used_same(mem_sound(heap()), before));
}

static void a_crowd_that_is_killed_one_by_one_harms_nobody(void **state)
{
    unsigned long rounds = setting("MEM_KILL_ROUNDS", 60);
    int *wrong = proc_shared(sizeof *wrong);
    pid_t pid[CROWD];
    struct mem_used before;

    (void)state;
    any_folder("/a");
    any_folder("/b");
    any_folder(STORE_OWN_FOLDER);
    before = mem_sound(heap());
    for (unsigned i = 0; i < CROWD; i++)
        pid[i] = start_one(i + 1, wrong);
    for (unsigned long i = 0; i < rounds; i++) {
        usleep((unsigned)(i * 7919 % 20000));
        end_one(pid[i % CROWD]);
        pid[i % CROWD] = start_one((unsigned)i * 77 + 99, wrong);
    }
    for (unsigned i = 0; i < CROWD; i++)
        end_one(pid[i]);
    assert_int_equal(*wrong, 0);
    expect_all_whole(before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_that_is_killed_is_done_or_not),
        ANY_TEST(a_crowd_that_is_killed_one_by_one_harms_nobody)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

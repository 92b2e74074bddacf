/* coro: switches, what survives them, memory, the guard, deep sleep; a random schedule beside the same one on
 * swapcontext. Built twice: with the machine's own switch and with -DCORO_UCONTEXT. Includes coro.c, to choose the
 * kind of guard. */
#include <execinfo.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

#include "coro_oracle.h"
#include "unit.h"

#include "rt/coro.c" // NOLINT(bugprone-suspicious-include)

#define NOINLINE __attribute__((noinline, noclone))
#if !defined(__GNUC__) || defined(__clang__)
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

#define SANITIZED (SWITCH_ASAN || SWITCH_TSAN)

static struct coro_pool *pool_of(unsigned max, size_t room)
{
    struct coro_pool *pool = NULL;

    same_int("coro_pool_new", max, coro_pool_new(max, room, &pool), 0);
    return pool;
}

/* Runs fn in a coroutine from beginning to end, through all its parks. */
static void run_in(struct coro_pool *pool, void (*fn)(struct coro *, void *), void *arg)
{
    struct coro *co = coro_new(pool, fn, arg);

    assert_non_null(co);
    while (coro_resume(co))
        ;
}

/* ---- order, arguments, room ---- */

struct said {
    char text[64];
    size_t len;
};

struct voice {
    struct said *said;
    char name;
};

static void speak(struct coro *co, void *arg)
{
    struct voice *voice = arg;

    for (int i = 0; i < 3; i++) {
        voice->said->text[voice->said->len++] = voice->name;
        coro_park(co);
    }
    voice->said->text[voice->said->len++] = '!';
}

static void switches_in_order(void **state)
{
    struct coro_pool *pool = pool_of(2, 0);
    struct said said = { .len = 0 };
    struct voice a = { &said, 'a' }, b = { &said, 'b' };
    struct coro *first = coro_new(pool, speak, &a), *second = coro_new(pool, speak, &b);

    (void)state;
    assert_int_equal(said.len, 0); /* nothing runs before it is resumed */
    for (int i = 0; i < 3; i++) {
        assert_true(coro_resume(first));
        said.text[said.len++] = '-';
        assert_true(coro_resume(second));
    }
    assert_false(coro_resume(second));
    assert_false(coro_resume(first));
    assert_string_equal(said.text, "a-ba-ba-b!!");
    coro_pool_free(&pool);
    assert_null(pool);
    coro_pool_free(&pool);
}

struct sum {
    unsigned seed, total, turns;
};

static void add_up(struct coro *co, void *arg)
{
    struct sum *sum = arg;
    unsigned local[32];

    for (unsigned i = 0; i < COUNT(local); i++)
        local[i] = sum->seed * 31 + i;
    for (unsigned turn = 0; turn < sum->turns; turn++) {
        coro_park(co);
        for (unsigned i = 0; i < COUNT(local); i++)
            local[i]++;
    }
    for (unsigned i = 0; i < COUNT(local); i++)
        sum->total += local[i] - (sum->seed * 31 + i);
}

static void thousands_alive(void **state)
{
    enum { N = SWITCH_TSAN ? 500 : 5000 };
    struct coro_pool *pool = pool_of(N, sizeof(void *));
    struct sum *sums = calloc(N, sizeof *sums);
    struct coro **all = calloc(N, sizeof(void *));
    unsigned alive = N;

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        sums[i] = (struct sum){ .seed = i, .turns = 1 + i % 7 };
        all[i] = coro_new(pool, add_up, &sums[i]);
        assert_non_null(all[i]);
    }
    while (alive)
        for (unsigned i = 0; i < N; i++)
            if (all[i] && !coro_resume(all[i])) {
                all[i] = NULL;
                alive--;
            }
    for (unsigned i = 0; i < N; i++)
        same_int("total", i, sums[i].total, 32 * sums[i].turns);
    free(all);
    free(sums);
    coro_pool_free(&pool);
}

static void rooms_are_apart_zeroed_and_aligned(void **state)
{
    enum { N = 20, SIZE = 41 };
    static const char zero[SIZE];
    struct coro_pool *pool = pool_of(N, SIZE);
    struct sum sum = { 0 };
    struct coro *all[N];

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < N; i++) {
            all[i] = coro_new(pool, add_up, &sum);
            assert_memory_equal(coro_room(all[i]), zero, SIZE);
            assert_int_equal((uintptr_t)coro_room(all[i]) % alignof(max_align_t), 0);
            assert_ptr_equal(coro_of_room(coro_room(all[i])), all[i]);
            memset(coro_room(all[i]), (int)i + 1, SIZE);
        }
        for (unsigned i = 0; i < N; i++) {
            for (unsigned k = 0; k < SIZE; k++)
                assert_int_equal(((char *)coro_room(all[i]))[k], i + 1);
            assert_false(coro_resume(all[i]));
        }
    }
    coro_pool_free(&pool);
}

/* ---- what must survive ---- */

struct numbers {
    volatile double d[8];
    volatile long l[10];
    double d_out;
    long l_out;
};

/* More of both than there are registers that calls preserve: all of those are in use across the park. */
static void hold_registers(struct coro *co, void *arg)
{
    struct numbers *n = arg;
    double a = n->d[0], b = n->d[1], c = n->d[2], d = n->d[3], e = n->d[4], f = n->d[5], g = n->d[6], h = n->d[7];
    long i = n->l[0], j = n->l[1], k = n->l[2], l = n->l[3], m = n->l[4], o = n->l[5], p = n->l[6], q = n->l[7],
         r = n->l[8], s = n->l[9];

    for (int turn = 0; turn < 5; turn++) {
        coro_park(co);
        a += 1, b += a, c += b, d += c, e += d, f += e, g += f, h += g;
        i += 1, j += i, k += j, l += k, m += l, o += m, p += o, q += p, r += q, s += r;
    }
    n->d_out = a + 2 * b + 3 * c + 5 * d + 7 * e + 11 * f + 13 * g + 17 * h;
    n->l_out = i + 2 * j + 3 * k + 5 * l + 7 * m + 11 * o + 13 * p + 17 * q + 19 * r + 23 * s;
}

static void registers_survive(void **state)
{
    enum { N = 3 };
    struct coro_pool *pool = pool_of(N, 0);
    struct numbers together[N], alone;
    struct coro *all[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < 8; k++)
            together[i].d[k] = i * 100 + k + 0.5;
        for (int k = 0; k < 10; k++)
            together[i].l[k] = i * 1000 + k;
        all[i] = coro_new(pool, hold_registers, &together[i]);
    }
    for (int turn = 0; turn < 6; turn++)
        for (int i = 0; i < N; i++)
            assert_int_equal(coro_resume(all[i]), turn < 5);
    for (int i = 0; i < N; i++) {
        alone = together[i];
        run_in(pool, hold_registers, &alone);
        assert_true(together[i].d_out == alone.d_out);
        assert_int_equal(together[i].l_out, alone.l_out);
    }
    coro_pool_free(&pool);
}

static void print(struct coro *co, void *arg)
{
    alignas(16) char aligned[16];
    volatile double third = 1.0 / 3;
    char text[100];

    CHECK((uintptr_t)aligned % 16 == 0);
    coro_park(co);
    (void)snprintf(text, sizeof text, "%d %s %.17g %Lg %e", 42, "words", third, 1.0L / 7, third * 1e300);
    coro_park(co);
    (void)snprintf(arg, 100, "%s", text);
}

static void printf_and_floating_point(void **state)
{
    struct coro_pool *pool = pool_of(1, 0);
    char got[100], want[100];

    (void)state;
    (void)snprintf(want, sizeof want, "%d %s %.17g %Lg %e", 42, "words", 1.0 / 3, 1.0L / 7, 1.0 / 3 * 1e300);
    run_in(pool, print, got);
    assert_string_equal(got, want);
    coro_pool_free(&pool);
}

static void look_up(struct coro *co, void *arg)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found = NULL;

    coro_park(co);
    *(int *)arg = getaddrinfo("::1", "21", &hints, &found);
    if (found)
        freeaddrinfo(found);
}

static void numeric_look_up(void **state)
{
    struct coro_pool *pool = pool_of(1, 0);
    int rc = -1;

    (void)state;
    run_in(pool, look_up, &rc);
    assert_int_equal(rc, 0);
    coro_pool_free(&pool);
}

static volatile sig_atomic_t signals;

static void count_signal(int sig)
{
    (void)sig;
    signals = signals + 1;
}

static void signal_self(struct coro *co, void *arg)
{
    (void)arg;
    (void)raise(SIGUSR1);
    coro_park(co);
    (void)raise(SIGUSR1);
}

static void signals_arrive_on_the_stack(void **state)
{
    struct coro_pool *pool = pool_of(1, 0);
    struct sigaction count = { .sa_handler = count_signal }, old;

    (void)state;
    (void)sigaction(SIGUSR1, &count, &old);
    run_in(pool, signal_self, NULL);
    (void)sigaction(SIGUSR1, &old, NULL);
    assert_int_equal(signals, 2);
    coro_pool_free(&pool);
}

/* ---- the end of the stack ---- */

struct depth {
    struct coro *co;
    const char *top;
    size_t bytes;
    bool park;
};

/* Goes down until `bytes` of the stack are used, and then parks, if told so. */
NOINLINE static unsigned descend(const struct depth *d)
{
    volatile char frame[200];
    unsigned sum = 0;

    frame[0] = 1;
    frame[sizeof frame - 1] = 1;
    if ((size_t)(d->top - (const char *)__builtin_frame_address(0)) < d->bytes)
        sum = descend(d);
    else if (d->park)
        coro_park(d->co);
    return sum + (unsigned)(frame[0] + frame[sizeof frame - 1]);
}

static void go_deep(struct coro *co, void *arg)
{
    struct depth *d = arg;

    d->co = co;
    d->top = coro_top(co);
    CHECK(descend(d) > 0);
}

static void deep_calls_fit(void **state)
{
    struct coro_pool *pool = pool_of(2, 0);
    /* their frames, and a ucontext_t, are large */
    struct depth d = { .bytes = (SANITIZED || SWITCH_BELOW > 0 ? 36 : 44) * 1024, .park = true };

    (void)state;
    for (int i = 0; i < 3; i++)
        run_in(pool, go_deep, &d);
    coro_pool_free(&pool);
}

/* fn in a child process; the signal that killed it, or 0. */
static int death_of(void (*fn)(struct coro_pool *), struct coro_pool *pool)
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        (void)close(2);
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGABRT, SIG_DFL);
        fn(pool);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void overflow(struct coro_pool *pool)
{
    struct depth d = { .bytes = 80 * 1024 }; /* over the guard, and not as far as the next one */
    struct sum sum = { .turns = 1 };
    struct coro *below = coro_new(pool, add_up, &sum), *co = coro_new(pool, go_deep, &d);

    (void)coro_resume(below); /* its stack is the next one down */
    (void)coro_resume(co);
}

static void overflow_is_a_segfault(void **state)
{
    struct coro_pool *pool = pool_of(2, 0);

    (void)state;
    assert_int_equal(pool->stacks.guarded, 2);
    assert_string_not_equal(coro_pool_guard_text(pool), "unguarded");
    assert_int_equal(death_of(overflow, pool), SIGSEGV);
    coro_pool_free(&pool);
}

static void overflow_with_mprotect(void **state)
{
    struct coro_pool *pool = pool_of(3, 0);

    (void)state;
    pool->stacks.kind = GUARD_MPROTECT;
    assert_string_equal(coro_pool_guard_text(pool), "guarded by mprotect");
    assert_int_equal(death_of(overflow, pool), SIGSEGV);
    pool->stacks.guarded = 2;
    assert_string_equal(coro_pool_guard_text(pool), "the first guarded by mprotect, the rest unguarded");
    pool->stacks.kind = GUARD_NONE;
    assert_string_equal(coro_pool_guard_text(pool), "unguarded");
    coro_pool_free(&pool);
}

/* ---- misuse ---- */

static void resume_itself(struct coro *co, void *arg)
{
    (void)arg;
    (void)coro_resume(co);
}

static void resume_inside(struct coro_pool *pool)
{
    run_in(pool, resume_itself, NULL);
}

static void *resume_there(void *arg)
{
    (void)coro_resume(arg);
    return NULL;
}

static void resume_elsewhere(struct coro_pool *pool)
{
    struct sum sum = { 0 };
    pthread_t thread;

    if (pthread_create(&thread, NULL, resume_there, coro_new(pool, add_up, &sum)) == 0)
        (void)pthread_join(thread, NULL);
}

static void park_outside(struct coro_pool *pool)
{
    struct sum sum = { 0 };

    coro_park(coro_new(pool, add_up, &sum));
}

static void misuse_aborts(void **state)
{
    struct coro_pool *pool = pool_of(2, 0);

    (void)state;
    assert_int_equal(death_of(resume_inside, pool), SIGABRT);
    if (!SWITCH_TSAN) /* a child of fork may not start threads there */
        assert_int_equal(death_of(resume_elsewhere, pool), SIGABRT);
    assert_int_equal(death_of(park_outside, pool), SIGABRT);
    coro_pool_free(&pool);
}

/* ---- slots ---- */

static void a_pool_is_exhausted(void **state)
{
    struct coro_pool *pool = pool_of(3, 0), *untouched = pool;
    struct sum sum = { 0 };
    struct coro *a = coro_new(pool, add_up, &sum), *b = coro_new(pool, add_up, &sum), *c = coro_new(pool, add_up, &sum);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    assert_null(coro_new(pool, add_up, &sum));
    assert_false(coro_resume(b));
    assert_ptr_equal(coro_new(pool, add_up, &sum), b);
    assert_null(coro_new(pool, add_up, &sum));
    coro_free(&c);
    assert_null(c);
    coro_free(&c);
    assert_non_null(coro_new(pool, add_up, &sum));
    assert_int_equal(coro_pool_new(0, 0, &untouched), -EINVAL);
    assert_ptr_equal(untouched, pool);
    coro_pool_free(&pool);
}

static void last_in_first_out(void **state)
{
    enum { N = 4 };
    struct coro_pool *pool = pool_of(N, 0);
    struct sum sum = { 0 };
    struct coro *all[N];

    (void)state;
    for (int i = 0; i < N; i++)
        all[i] = coro_new(pool, add_up, &sum);
    for (int i = 0; i < N; i++)
        assert_false(coro_resume(all[i]));
    for (int i = N - 1; i >= 0; i--)
        assert_ptr_equal(coro_new(pool, add_up, &sum), all[i]);
    coro_pool_free(&pool);
}

/* ---- memory ---- */

/* Resident bytes of whole pages. */
static size_t resident(const struct coro_pool *pool, char *low, size_t len)
{
    unsigned char in[256];
    size_t page = pool->stacks.page, n = (len + page - 1) / page, count = 0;

    assert_in_range(n, 1, sizeof in);
    assert_int_equal(mincore(low, len, in), 0);
    for (size_t i = 0; i < n; i++)
        count += in[i] & 1;
    return count * page;
}

static size_t stacks_resident(const struct coro_pool *pool)
{
    const struct stacks *s = &pool->stacks;
    size_t sum = 0;

    for (unsigned i = 0; i < s->ready; i++)
        sum += resident(pool, stack_low(s, i), s->slot - s->guard);
    return sum;
}

#if !SANITIZED
static void same_size(const char *what, size_t got, size_t want)
{
    same_int(what, 0, (long long)got, (long long)want);
}

/* Rss of the mappings of the slab, as the machine's owner sees it. */
static size_t stacks_rss(const struct stacks *s)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    unsigned long from = 0, to = 0, kib;
    size_t sum = 0;
    char line[512];

    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            continue;
        if (sscanf(line, "Rss: %lu kB", &kib) == 1 && to > (uintptr_t)s->base &&
            from < (uintptr_t)(s->base + s->max * s->slot))
            sum += kib * 1024;
    }
    (void)fclose(f);
    return sum;
}

/* Parks with about what a session has live, after a deep call if `arg` says so. */
static void live_like_a_session(struct coro *co, void *arg)
{
    struct depth *d = arg;
    volatile char frames[200] = { 1 };

    d->top = coro_top(co);
    d->co = co;
    CHECK(descend(d) > 0);
    coro_park(co);
    CHECK(frames[0] == 1);
}

static void what_a_parked_one_costs(void **state)
{
    enum { N = 1000, ROOM = 64 };
    struct coro_pool *pool = pool_of(N, ROOM);
    struct depth d = { .bytes = 500 };
    static struct coro *all[N];
    size_t page = pool->stacks.page, heap, live = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        all[i] = coro_new(pool, live_like_a_session, &d);
        assert_true(coro_resume(all[i]));
        live += coro_live(all[i]);
    }
    same_size("a page each", stacks_resident(pool), N * page);
    same_size("a page each, smaps", stacks_rss(&pool->stacks), N * page);
    heap = mallinfo2().uordblks;
    for (int i = 0; i < N; i++)
        assert_int_equal(coro_sleep_deep(all[i]), 0);
    heap = mallinfo2().uordblks - heap;
    same_size("no page", stacks_resident(pool), 0);
    same_size("no page, smaps", stacks_rss(&pool->stacks), 0);
    assert_in_range(heap / N, 0, live / N + 24); /* malloc rounds up */
    if (SWITCH_BELOW == 0)
        assert_in_range(live / N, 200, 600);
    assert_in_range(pool->stride, ROOM, ROOM + 32);
    assert_in_range(resident(pool, pool->handles, N * pool->stride), page, N * pool->stride + page);
    print_message("# live %zu, heap %zu, handle %zu bytes\n", live / N, heap / N, pool->stride - ROOM);
    for (int i = 0; i < N; i++) {
        assert_true(coro_is_deep(all[i]));
        assert_false(coro_resume(all[i]));
    }
    same_size("warm", stacks_resident(pool), WARM * page);
    coro_pool_free(&pool);
}

static void trimmed_to_one_page(void **state)
{
    enum { N = 50 };
    struct coro_pool *pool = pool_of(N, 0);
    struct depth d = { .bytes = 20 * 1024 };
    struct coro *all[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        all[i] = coro_new(pool, live_like_a_session, &d);
        assert_true(coro_resume(all[i]));
    }
    assert_true(stacks_resident(pool) >= N * 20 * 1024);
    for (int i = 0; i < N; i++)
        coro_trim(all[i]);
    same_size("a page each", stacks_resident(pool), N * pool->stacks.page);
    for (int i = 0; i < N; i++)
        assert_false(coro_resume(all[i]));
    coro_pool_free(&pool);
}
#endif

/* ---- deep sleep ---- */

struct dream {
    char *address;
    int turns;
    bool wrong;
};

static void dream(struct coro *co, void *arg)
{
    struct dream *d = arg;
    char local[64], *pointer = local;
    double half = 0.5;

    d->address = local;
    for (; d->turns; d->turns--) {
        memset(local, d->turns, sizeof local);
        coro_park(co);
        for (size_t i = 0; i < sizeof local; i++)
            d->wrong = d->wrong || pointer[i] != (char)d->turns;
        d->wrong = d->wrong || d->address != local;
        half /= 2;
    }
    d->wrong = d->wrong || half > 0.25;
}

static void deep_sleep_keeps_all(void **state)
{
    struct coro_pool *pool = pool_of(4, sizeof(int));
    struct dream d = { .turns = 20 };
    struct coro *co = coro_new(pool, dream, &d);

    (void)state;
    if (SWITCH_ASAN) {
        assert_int_equal(coro_sleep_deep(co), -ENOTSUP);
        assert_false(coro_is_deep(co));
    }
    do {
        *(int *)coro_room(co) = d.turns;
        if (!SWITCH_ASAN) {
            assert_int_equal(coro_sleep_deep(co), 0); /* in the first round it has not begun */
            assert_int_equal(coro_sleep_deep(co), 0);
            assert_true(coro_is_deep(co));
            coro_trim(co);
            assert_int_equal(stacks_resident(pool), 0);
            if (d.address && !SANITIZED)
                assert_int_equal(d.address[0], 0); /* the page is a new one */
        }
        assert_int_equal(*(int *)coro_room(co), d.turns);
    } while (coro_resume(co));
    assert_false(d.wrong);
    assert_int_equal(d.turns, 0);
    coro_pool_free(&pool);
}

static void deep_sleepers_are_dropped(void **state)
{
    struct coro_pool *pool = pool_of(3, 0);
    struct dream d = { .turns = 2 }, other = { .turns = 2 };
    struct coro *co = coro_new(pool, dream, &d), *left = coro_new(pool, dream, &other), *same = co;

    (void)state;
    assert_true(coro_resume(co));
    assert_true(coro_resume(left));
    (void)coro_sleep_deep(co);
    (void)coro_sleep_deep(left);
    coro_free(&co);
    assert_ptr_equal(coro_new(pool, dream, &d), same);
    assert_false(coro_is_deep(same));
    coro_pool_free(&pool); /* with one deep, one not begun: the leak check is the sanitizers' */
}

static void too_much_alive_stays(void **state)
{
    struct coro_pool *pool = pool_of(1, 0);
    struct depth d = { .bytes = 8 * pool->stacks.page < 40960 ? 2 * pool->stacks.page : 40960, .park = true };
    struct coro *co = coro_new(pool, go_deep, &d);

    (void)state;
    assert_true(coro_resume(co));
    if (!SWITCH_ASAN)
        assert_int_equal(coro_sleep_deep(co), -E2BIG);
    assert_false(coro_is_deep(co));
    assert_false(coro_resume(co));
    coro_pool_free(&pool);
}

/* ---- the deepest use ---- */

static void paint_tells_the_deepest_use(void **state)
{
    struct coro_pool *pool = pool_of(3, 0), *plain = pool_of(1, 0);
    struct depth small = { .bytes = 2000, .park = true }, parked = { .bytes = 30000, .park = true };
    struct depth large = { .bytes = 20000 };
    struct coro *co;

    (void)state;
    run_in(plain, go_deep, &large);
    assert_int_equal(coro_stack_used(plain), 0);
    coro_pool_paint(pool);
    run_in(pool, go_deep, &small);
    assert_in_range(coro_stack_used(pool), 2000, SANITIZED ? 12000 : 5000);
    run_in(pool, go_deep, &large);
    assert_in_range(coro_stack_used(pool), 20000, SANITIZED ? 30000 : 23000);
    co = coro_new(pool, go_deep, &small);
    assert_true(coro_resume(co));
    coro_trim(co);
    (void)coro_sleep_deep(co);
    assert_false(coro_resume(co));
    assert_in_range(coro_stack_used(pool), 20000, SANITIZED ? 30000 : 23000);
    co = coro_new(pool, go_deep, &parked);
    assert_true(coro_resume(co));
    assert_in_range(coro_stack_used(pool), 30000, SANITIZED ? 40000 : 33000); /* one that lives counts too */
    coro_pool_free(&pool);
    coro_pool_free(&plain);
}

/* ---- backtraces ---- */

struct trail {
    int frames, chain;
    bool saw_main;
    void *last;
    int backtrace;
    _Unwind_Reason_Code end;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
    struct trail *trail = arg;

    if (!_Unwind_GetIP(context)) /* asked once more, beyond the end */
        return _URC_NO_REASON;
    trail->last = _Unwind_FindEnclosingFunction((void *)(_Unwind_GetIP(context) - 1));
    trail->saw_main = trail->saw_main || trail->last == (void *)coro_main;
    return ++trail->frames < 100 ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

static void look_back(struct coro *co, void *arg)
{
    struct trail *trail = arg;
    void *ips[100];

    coro_park(co);
    trail->end = _Unwind_Backtrace(step, trail);
    trail->backtrace = backtrace(ips, 100);
#ifndef CORO_UCONTEXT
    for (void **fp = __builtin_frame_address(0); fp && trail->chain < 100; fp = *fp)
        trail->chain++;
#endif
}

static void backtraces_end(void **state)
{
    struct coro_pool *pool = pool_of(1, 0);
    struct trail trail = { 0 };

    (void)state;
    run_in(pool, look_back, &trail);
    assert_true(trail.saw_main);
    assert_in_range(trail.frames, 3, 6);
    assert_in_range(trail.backtrace, 2, 6);
#ifndef CORO_UCONTEXT
    assert_int_equal(trail.end, _URC_END_OF_STACK);
    assert_ptr_equal(trail.last, (void *)coro_entry);
    assert_int_equal(trail.chain, 2); /* this function's frame and coro_main's */
#endif
    coro_pool_free(&pool);
}

/* ---- beside the oracle ---- */

enum { PLAYERS = 40, MOVES = 20000, LOG = 4 * MOVES };

struct game {
    const struct coro_ways *ways;
    uint32_t *log;
    size_t len;
};

struct player {
    struct game *game;
    uint32_t seed;
};

static uint32_t random_next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void game_note(struct game *game, uint32_t what)
{
    if (game->len < LOG)
        game->log[game->len++] = what;
}

/* Parks at a random depth, with locals in each frame that must be there afterwards. */
NOINLINE static uint32_t play(struct coro *co, struct player *player, uint32_t *seed, unsigned depth)
{
    uint32_t local[3] = { random_next(seed), random_next(seed), random_next(seed) };
    uint32_t before = local[0] ^ local[1] ^ local[2];
    double weight = local[0] / 3.0;

    if (depth)
        before += play(co, player, seed, depth - 1) * 3;
    else
        player->game->ways->park(co);
    game_note(player->game, local[0] ^ local[1] ^ local[2]);
    return before + (uint32_t)(weight / 7);
}

static void player_run(struct coro *co, void *arg)
{
    struct player *player = arg;
    uint32_t seed = player->seed, rounds = random_next(&seed) % 30;

    for (uint32_t i = 0; i < rounds; i++)
        game_note(player->game, play(co, player, &seed, random_next(&seed) % 5));
    game_note(player->game, player->seed);
}

static void game_move(struct game *game, struct coro_pool *pool, struct coro **co, struct player *player,
    uint32_t *seed)
{
    uint32_t dice = random_next(seed);

    if (!*co) {
        *player = (struct player){ .game = game, .seed = dice | 1 };
        *co = game->ways->create(pool, player_run, player);
        game_note(game, *co != NULL);
    } else if (dice % 16 == 0) {
        (void)game->ways->sleep_deep(*co);
    } else if (dice % 16 == 1) {
        game->ways->trim(*co);
    } else if (dice % 256 == 2) {
        game->ways->drop(co);
    } else if (!game->ways->resume(*co)) {
        *co = NULL;
    }
}

static void game_play(struct game *game, uint32_t seed, unsigned moves)
{
    struct coro *all[PLAYERS] = { NULL };
    struct player players[PLAYERS];
    struct coro_pool *pool = NULL;

    assert_int_equal(game->ways->pool_new(PLAYERS - 5, 0, &pool), 0); /* some have to wait */
    for (unsigned i = 0; i < moves; i++) {
        unsigned k = random_next(&seed) % PLAYERS;

        game_note(game, k);
        game_move(game, pool, &all[k], &players[k], &seed);
    }
    game->ways->pool_free(&pool);
}

static const struct coro_ways native = {
    coro_pool_new, coro_pool_free, coro_new, coro_free, coro_resume, coro_park, coro_trim, coro_sleep_deep,
};

static void same_as_swapcontext(void **state)
{
    struct game ours = { .ways = &native, .log = calloc(LOG, sizeof(uint32_t)) },
                theirs = { .ways = &oracle, .log = calloc(LOG, sizeof(uint32_t)) };

    (void)state;
    for (uint32_t seed = 1; seed < 4; seed++) {
        ours.len = theirs.len = 0;
        game_play(&ours, seed * 2654435761U, MOVES);
        game_play(&theirs, seed * 2654435761U, MOVES);
        assert_true(ours.len > MOVES);
        assert_int_equal(ours.len, theirs.len);
        assert_memory_equal(ours.log, theirs.log, ours.len * sizeof *ours.log);
    }
    free(ours.log);
    free(theirs.log);
}

static void *play_there(void *arg)
{
    game_play(arg, 4711, MOVES / 4);
    return NULL;
}

static void a_pool_for_each_thread(void **state)
{
    enum { N = 4 };
    struct game games[N];
    pthread_t threads[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        games[i] = (struct game){ .ways = &native, .log = calloc(LOG, sizeof(uint32_t)) };
        assert_int_equal(pthread_create(&threads[i], NULL, play_there, &games[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_int_equal(games[i].len, games[0].len);
        assert_memory_equal(games[i].log, games[0].log, games[0].len * sizeof *games[0].log);
    }
    for (int i = 0; i < N; i++)
        free(games[i].log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switches_in_order),
        cmocka_unit_test(thousands_alive),
        cmocka_unit_test(rooms_are_apart_zeroed_and_aligned),
        cmocka_unit_test(registers_survive),
        cmocka_unit_test(printf_and_floating_point),
        cmocka_unit_test(numeric_look_up),
        cmocka_unit_test(signals_arrive_on_the_stack),
        cmocka_unit_test(deep_calls_fit),
        cmocka_unit_test(overflow_is_a_segfault),
        cmocka_unit_test(overflow_with_mprotect),
        cmocka_unit_test(misuse_aborts),
        cmocka_unit_test(a_pool_is_exhausted),
        cmocka_unit_test(last_in_first_out),
#if !SANITIZED /* their frames and heap are larger */
        cmocka_unit_test(what_a_parked_one_costs),
        cmocka_unit_test(trimmed_to_one_page),
#endif
        cmocka_unit_test(deep_sleep_keeps_all),
        cmocka_unit_test(deep_sleepers_are_dropped),
        cmocka_unit_test(too_much_alive_stays),
        cmocka_unit_test(paint_tells_the_deepest_use),
        cmocka_unit_test(backtraces_end),
        cmocka_unit_test(same_as_swapcontext),
        cmocka_unit_test(a_pool_for_each_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

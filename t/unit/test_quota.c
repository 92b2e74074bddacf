/* Quotas: limits, credits, claims of the dead, and sums that stay exact however many processes count at once. */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/quota.h"
#include "sys/proc.h"

enum { CLAIMS = 64, KIB = 1024, MIB = 1 << 20 };

static char text[300];

static struct quotas *make(unsigned claims, const char *const *items)
{
    struct conf_list list = { 0 };
    struct buf err = BUF(text);
    struct quotas *q = NULL;

    while (items[list.n]) {
        list.item[list.n] = items[list.n];
        list.n++;
    }
    assert_int_equal(quotas_new(&list, claims, &q, &err), 0);
    return q;
}

#define QUOTAS(...) make(CLAIMS, (const char *const[]){ __VA_ARGS__, NULL })

static void uses(struct quotas *q, const char *account, int64_t bytes, int64_t files, int64_t claimed)
{
    struct quota_use u;

    assert_int_equal(quota_use(q, account, &u), 0);
    same_int("bytes", 0, u.bytes, bytes);
    same_int("files", 0, u.files, files);
    same_int("claimed", 0, u.claimed, claimed);
}

static struct quota_claim *claim(struct quotas *q, const char *account, int64_t replaces)
{
    struct quota_claim *c = NULL;

    assert_int_equal(quota_claim(q, account, replaces, &c), 0);
    assert_non_null(c);
    return c;
}

static void commit(struct quotas *q, struct quota_claim *c, int64_t bytes)
{
    assert_int_equal(quota_commit(q, &c, bytes, "", -1), 0);
    assert_null(c);
}

/* ---- what the operator says ---- */

static void limits(void **state)
{
    static const struct {
        const char *item;
        int64_t bytes, files; /* -1: it is a mistake */
    } rows[] = {
        { "a=1000", 1000, INT64_MAX },  { "a=1K", 1024, INT64_MAX },     { "a=2M:7", 2 * MIB, 7 },
        { "a=:3", INT64_MAX, 3 },       { "a=0", 0, INT64_MAX },         { "a=1g", 1 << 30, INT64_MAX },
        { "2M", 2 * MIB, INT64_MAX },   { ":5", INT64_MAX, 5 },          { "a=", -1, 0 },
        { "", -1, 0 },                  { "=1M", -1, 0 },                { "a=1X", -1, 0 },
        { "a=-1", -1, 0 },              { "a=1M:", MIB, INT64_MAX },     { "a=1M:x", -1, 0 },
        { "a=1M:1:1", -1, 0 },          { "a=9000000T", -1, 0 },         { "a=1.5G", -1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct conf_list list = { .n = 1, .item = { rows[i].item } };
        struct buf err = BUF(text);
        struct quotas *q = NULL;
        struct quota_use u;
        int rc = quotas_new(&list, CLAIMS, &q, &err);

        same_int("result", i, rc, rows[i].bytes < 0 ? -EINVAL : 0);
        if (rc < 0) {
            assert_non_null(strstr(buf_cstr(&err), rows[i].item));
            continue;
        }
        assert_int_equal(quota_use(q, "a", &u), 0);
        same_int("bytes", i, u.most_bytes, rows[i].bytes);
        same_int("files", i, u.most_files, rows[i].files);
    }
}

static void whose_limit(void **state)
{
    struct quotas *q = QUOTAS("1M", "ann=2M", "bob=:5");
    struct conf_list twice = { .n = 2, .item = { "a=1", "a=2" } };
    struct buf err = BUF(text);
    struct quota_use u;

    (void)state;
    assert_int_equal(quota_left(q, "ann"), 2 * MIB);
    assert_int_equal(quota_left(q, "bob"), INT64_MAX); /* files only */
    assert_int_equal(quota_left(q, "who"), MIB);
    assert_int_equal(quota_use(q, "", &u), -ENOENT); /* what nobody has stored counts for nobody */
    assert_int_equal(quota_use(QUOTAS("ann=1M"), "who", &u), -ENOENT);
    assert_int_equal(quotas_new(&twice, CLAIMS, &q, &err), -EINVAL);
}

static void without_a_table_there_is_no_limit(void **state)
{
    struct conf_list none = { 0 };
    struct buf err = BUF(text);
    struct quotas *q = (void *)&none;
    struct quota_claim *c = (void *)&none;

    (void)state;
    assert_int_equal(quotas_new(&none, CLAIMS, &q, &err), 0);
    assert_null(q);
    assert_int_equal(quota_claim(q, "a", -1, &c), 0);
    assert_null(c);
    assert_int_equal(quota_add(q, c, INT64_MAX), 0);
    quota_is_named(q, c);
    assert_int_equal(quota_commit(q, &c, 1, "", -1), 0);
    assert_int_equal(quota_resume(q, "a", 1, 1, -1, &c), 0);
    quota_kept(q, &c, 1);
    quota_release(q, &c);
    quota_came(q, "a", 1);
    quota_went(q, "a", 1);
    quota_shrank(q, "a", 1);
    assert_int_equal(quota_left(q, "a"), INT64_MAX);
}

/* ---- uploads ---- */

static void bytes_count_while_they_arrive(void **state)
{
    struct quotas *q = QUOTAS("1000");
    struct quota_claim *one = claim(q, "a", -1), *two = claim(q, "a", -1);

    (void)state;
    assert_int_equal(quota_add(q, one, 600), 0);
    assert_int_equal(quota_add(q, two, 401), -EDQUOT);
    assert_int_equal(quota_add(q, two, 400), 0);
    assert_int_equal(quota_left(q, "a"), 0);
    assert_int_equal(quota_left(q, "b"), 1000);
    uses(q, "a", 0, 0, 1000);
    quota_release(q, &two);
    assert_null(two);
    assert_int_equal(quota_add(q, one, 400), 0);
    commit(q, one, 1000);
    uses(q, "a", 1000, 1, 0);
    quota_went(q, "a", 1000);
    uses(q, "a", 0, 0, 0);
}

static void what_is_replaced_is_credited(void **state)
{
    struct quotas *q = QUOTAS("1000:1");
    struct quota_claim *c;

    (void)state;
    quota_came(q, "a", 900);
    assert_int_equal(quota_claim(q, "a", -1, &c), -EDQUOT); /* a second file */
    c = claim(q, "a", 900);
    assert_int_equal(quota_add(q, c, 1001), -EDQUOT);
    assert_int_equal(quota_add(q, c, 1000), 0);
    assert_int_equal(quota_commit(q, &c, 1000, "a", 900), 0);
    uses(q, "a", 1000, 1, 0);
    /* what stood there at the end was somebody else's: no credit, and it is the other who has lost a file */
    quota_went(q, "a", 1000);
    quota_came(q, "b", 700);
    c = claim(q, "a", -1);
    assert_int_equal(quota_commit(q, &c, 1001, "b", 700), -EDQUOT);
    assert_int_equal(quota_commit(q, &c, 300, "b", 700), 0);
    uses(q, "a", 300, 1, 0);
    uses(q, "b", 0, 0, 0);
}

static void a_commit_that_does_not_fit_any_more_changes_nothing(void **state)
{
    struct quotas *q = QUOTAS("1000");
    struct quota_claim *c;

    (void)state;
    quota_came(q, "a", 900);
    c = claim(q, "a", 900);
    assert_int_equal(quota_add(q, c, 800), 0);
    quota_came(q, "a", 50); /* and the old file has got another name: its credit is gone */
    assert_int_equal(quota_commit(q, &c, 800, "", -1), -EDQUOT);
    assert_non_null(c);
    quota_release(q, &c);
    uses(q, "a", 950, 2, 0);
}

static void what_is_kept_counts_whatever_the_limit_says(void **state)
{
    struct quotas *q = QUOTAS("1000");
    struct quota_claim *c, *other;

    (void)state;
    quota_came(q, "a", 900);
    c = claim(q, "a", 900);
    assert_int_equal(quota_add(q, c, 950), 0);
    quota_kept(q, &c, 950); /* the line broke: the old file and the partial are both there */
    assert_null(c);
    uses(q, "a", 1850, 2, 0);
    assert_int_equal(quota_left(q, "a"), 0);
    assert_int_equal(quota_claim(q, "a", -1, &other), -EDQUOT);
    assert_int_equal(quota_resume(q, "a", 950, 500, 900, &c), 0); /* goes on from its first 500 */
    uses(q, "a", 900, 1, 500);
    assert_int_equal(quota_add(q, c, 501), -EDQUOT);
    assert_int_equal(quota_add(q, c, 500), 0);
    assert_int_equal(quota_commit(q, &c, 1000, "a", 900), 0);
    uses(q, "a", 1000, 1, 0);
}

static void a_partial_that_may_not_go_on_stays_counted(void **state)
{
    struct quotas *q = QUOTAS("1000");
    struct quota_claim *c;

    (void)state;
    quota_came(q, "a", 900);
    quota_came(q, "a", 600); /* a partial, as a restart finds it */
    assert_int_equal(quota_resume(q, "a", 600, 400, -1, &c), -EDQUOT);
    assert_null(c);
    uses(q, "a", 1300, 2, 0); /* it was cut to its first 400 before */
}

static void no_more_claims_than_there_is_room_for(void **state)
{
    struct quotas *q = make(2, (const char *const[]){ "1M", NULL });
    struct quota_claim *a = claim(q, "a", -1), *b = claim(q, "b", -1), *c = NULL;

    (void)state;
    assert_int_equal(quota_claim(q, "c", -1, &c), -ENOMEM);
    quota_release(q, &a);
    c = claim(q, "c", -1);
    quota_release(q, &b);
    quota_release(q, &c);
}

/* ---- processes ---- */

static pid_t child(void (*run)(struct quotas *, unsigned), struct quotas *q, unsigned k)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        run(q, k);
        _exit(0);
    }
    return pid;
}

static void claim_and_die(struct quotas *q, unsigned named)
{
    struct quota_claim *c;

    if (quota_claim(q, "a", -1, &c) < 0 || quota_add(q, c, 700) < 0)
        _exit(1);
    if (named)
        quota_is_named(q, c);
    kill(getpid(), SIGKILL);
}

static void the_dead_hold_what_has_a_name(void **state)
{
    for (unsigned named = 0; named <= 1; named++) {
        struct quotas *q = QUOTAS("1000");
        struct quota_claim *c = NULL;
        pid_t pid = child(claim_and_die, q, named);
        siginfo_t end;

        (void)state;
        /* a zombie has died as well, though its number is still taken */
        assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
        assert_int_equal(end.si_code, CLD_KILLED);
        assert_int_equal(quota_claim(q, "a", -1, &c), 0);
        assert_int_equal(quota_add(q, c, 1000), named ? -EDQUOT : 0);
        if (named)
            assert_int_equal(quota_add(q, c, 300), 0);
        uses(q, "a", named ? 700 : 0, named, named ? 300 : 1000);
        waitpid(pid, NULL, 0);
    }
}

static void claims_run_out_only_for_the_living(void **state)
{
    struct quotas *q = make(3, (const char *const[]){ ":1000", NULL });
    struct quota_claim *c;

    (void)state;
    for (int i = 0; i < 20; i++)
        waitpid(child(claim_and_die, q, 0), NULL, 0);
    c = claim(q, "a", -1);
    quota_release(q, &c);
    uses(q, "a", 0, 0, 0);
}

enum { WORKERS = 6, TURNS = 3000, FILES = 40 };

static unsigned next(unsigned *r)
{
    return *r = *r * 1103515245 + 12345, *r >> 8;
}

struct store {
    struct quotas *q;
    int64_t files[WORKERS][FILES]; /* sizes; -1: not there */
};

static struct store *shared;

/* Stores, overwrites, removes and gives up; what it has is noted as the disk would know it. */
static void one_turn(struct store *s, int64_t *file, unsigned *r)
{
    struct quota_claim *c;
    int64_t size = 0;
    unsigned parts = next(r) % 4;

    if (next(r) % 4 == 0 && *file >= 0) {
        quota_went(s->q, "a", *file);
        *file = -1;
        return;
    }
    if (quota_claim(s->q, "a", *file, &c) < 0)
        return;
    for (unsigned i = 0; i < parts; i++) {
        int64_t more = next(r) % 3000;

        if (quota_add(s->q, c, more) < 0) {
            quota_release(s->q, &c);
            return;
        }
        size += more;
    }
    if (next(r) % 5 && quota_commit(s->q, &c, size, *file < 0 ? "" : "a", *file) == 0)
        *file = size;
    quota_release(s->q, &c);
}

static void work(struct quotas *q, unsigned k)
{
    unsigned r = k + 1;

    (void)q;
    for (int64_t *f = shared->files[k]; f < shared->files[k] + FILES; f++)
        *f = -1;
    for (int i = 0; i < TURNS; i++)
        one_turn(shared, &shared->files[k][next(&r) % FILES], &r);
}

/* Somebody looks on all the time: what is stored and under way, less what it replaces, never exceeds the limit. */
static void many_processes_never_exceed_the_limit(void **state)
{
    int64_t bytes = 0, files = 0;
    pid_t pid[WORKERS];
    int left = WORKERS, code;

    (void)state;
    shared = proc_shared(sizeof *shared);
    shared->q = QUOTAS("200000:150");
    for (unsigned k = 0; k < WORKERS; k++)
        pid[k] = child(work, NULL, k);
    while (left) {
        struct quota_use u;

        assert_int_equal(quota_use(shared->q, "a", &u), 0);
        assert_true(u.bytes >= 0 && u.bytes <= 200000 && u.files >= 0 && u.files <= 150);
        for (unsigned k = 0; k < WORKERS; k++) {
            if (pid[k] && waitpid(pid[k], &code, WNOHANG) > 0) {
                assert_int_equal(code, 0);
                pid[k] = 0;
                left--;
            }
        }
    }
    for (unsigned k = 0; k < WORKERS; k++) {
        for (unsigned i = 0; i < FILES; i++) {
            bytes += shared->files[k][i] > 0 ? shared->files[k][i] : 0;
            files += shared->files[k][i] >= 0;
        }
    }
    assert_true(bytes > 100000); /* the limit was met */
    uses(shared->q, "a", bytes, files, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(whose_limit),
        cmocka_unit_test(without_a_table_there_is_no_limit),
        cmocka_unit_test(bytes_count_while_they_arrive),
        cmocka_unit_test(what_is_replaced_is_credited),
        cmocka_unit_test(a_commit_that_does_not_fit_any_more_changes_nothing),
        cmocka_unit_test(what_is_kept_counts_whatever_the_limit_says),
        cmocka_unit_test(a_partial_that_may_not_go_on_stays_counted),
        cmocka_unit_test(no_more_claims_than_there_is_room_for),
        cmocka_unit_test(the_dead_hold_what_has_a_name),
        cmocka_unit_test(claims_run_out_only_for_the_living),
        cmocka_unit_test(many_processes_never_exceed_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

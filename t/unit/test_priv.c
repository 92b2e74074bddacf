/* The broker against a session that is in an attacker's hands: each way to become somebody else is tried by system calls, before and
 * after a login. PAM is the pam_matrix of pam_wrapper, and the users are those of nss_wrapper (see main): without root, nothing but that
 * root is needed can be seen. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "priv/priv_impl.h"
#include "sys/proc.h"

enum { ALICE = 5001, ALICES = 6001, SHARED = 6100, BOB = 5002 };

static struct rt_task task(void)
{
    return rt_block_task((struct rt_stop){ .drain = proc_event(), .now = proc_event() });
}

static int try_uid(unsigned id) { return syscall(SYS_setresuid, id, id, id) < 0 ? -errno : 0; }
static int try_gid(unsigned id) { return syscall(SYS_setresgid, id, id, id) < 0 ? -errno : 0; }
static int try_groups(unsigned n, const gid_t *list) { return syscall(SYS_setgroups, n, list) < 0 ? -errno : 0; }

static int check(struct priv *p, const char *name, const char *password)
{
    struct rt_task t = task();

    return priv_check(p, &t, span_of(name), span_of(password), "127.0.0.1");
}

/* Which of them has not been refused: its line; 0: all were. */
#define REFUSED(e) do { if ((e) != -EPERM) return __LINE__ - first; } while (0)

static gid_t *elsewhere(int flags, int fd, const gid_t *list, size_t n)
{
    gid_t *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (at == MAP_FAILED)
        _exit(99);
    memcpy(at, list, n * sizeof *list);
    return at;
}

static int all_refused(void)
{
    const int first = __LINE__;
    static const gid_t root[] = { 0 };

    REFUSED(try_uid(0));
    REFUSED(try_uid(ALICE));
    REFUSED(try_uid(BOB));
    REFUSED(try_gid(0));
    REFUSED(try_gid(ALICES));
    REFUSED(try_groups(0, NULL));
    REFUSED(try_groups(1, root));
    return 0;
}

static int stranger(struct priv *p)
{
    if (all_refused())
        return 1;
    if (check(p, "alice", "wrong") != -EACCES || check(p, "nobody-knows", "x") != -EACCES)
        return 2;
    return all_refused() ? 3 : 0;
}

static int low(struct priv *p)
{
    return check(p, "root", "secret") != -EACCES || check(p, "low", "secret") != -EACCES ||
           check(p, "nobody", "secret") != -EACCES || all_refused();
}

/* Right words, and then another's numbers, another order, lists that others could write. */
static int known(struct priv *p)
{
    const gid_t right[] = { ALICES, SHARED }, wrong[] = { ALICES, 0 }, swapped[] = { SHARED, ALICES };
    int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);

    if (file < 0 || ftruncate(file, 4096) < 0 || check(p, "alice", "secret") != 0)
        return 1;
    if (all_refused())
        return 2;
    if (try_groups(2, wrong) != -EPERM || try_groups(2, swapped) != -EPERM || try_groups(1, right) != -EPERM)
        return 3;
    if (try_groups(2, elsewhere(MAP_SHARED | MAP_ANONYMOUS, -1, right, 2)) != -EPERM)
        return 4;
    if (try_groups(2, elsewhere(MAP_SHARED, file, right, 2)) != -EPERM || try_groups(2, elsewhere(MAP_PRIVATE, file, right, 2)) != -EPERM)
        return 5;
    if (try_gid(ALICES) != -EPERM || try_uid(ALICE) != -EPERM) /* out of turn */
        return 6;
    if (try_groups(2, right) != 0 || try_groups(2, right) != -EPERM) /* once */
        return 7;
    if (check(p, "bob2", "secret") != -EBUSY)
        return 8;
    if (try_gid(0) != -EPERM || try_uid(ALICE) != -EPERM || try_gid(ALICES) != 0 || try_gid(ALICES) != -EPERM)
        return 9;
    if (syscall(SYS_setresuid, ALICE, ALICE, BOB) == 0 || try_uid(0) != -EPERM || try_uid(ALICE) != 0)
        return 10;
    return all_refused() ? 11 : 0;
}

static int becomes(struct priv *p)
{
    gid_t list[8];

    if (priv_become(p) != -EPERM || priv_changed(p))
        return 1;
    if (check(p, "alice", "secret") != 0 || priv_become(p) != 0 || !priv_changed(p))
        return 2;
    if (getuid() != ALICE || getegid() != ALICES || getgroups(8, list) != 2 || list[0] != ALICES || list[1] != SHARED)
        return 3;
    if (all_refused() || check(p, "bob2", "secret") != -EACCES || priv_become(p) != -EPERM)
        return 4;
    return 0;
}

/* Another process has nothing of what this one has been told. */
static int child_of_known(struct priv *p)
{
    const gid_t right[] = { ALICES, SHARED };
    int status = 0;
    pid_t pid;

    if (check(p, "alice", "secret") != 0)
        return 1;
    pid = fork();
    if (pid == 0)
        _exit(try_groups(2, right) == -EPERM && !all_refused() ? 0 : 1);
    waitpid(pid, &status, 0);
    return status != 0;
}

static int flood(struct priv *p)
{
    int tries = 0;

    while (tries < 100 && check(p, "alice", "wrong") == -EACCES)
        tries++;
    return tries != PRIV_TRIES || check(p, "alice", "secret") != -EBUSY;
}

/* ---- a session of its own for each ---- */

static _Noreturn void session(int (*act)(struct priv *))
{
    struct user u = { .uid = PRIV_NOBODY, .gid = PRIV_NOBODY };
    struct priv *p = NULL;
    int rc = priv_begin("dray", &p);

    if (rc == 0)
        rc = user_become(&u, USER_CHANGES);
    if (rc == 0)
        rc = priv_watch(p);
    if (rc < 0) {
        fprintf(stderr, "%d\n", rc);
        _exit(100);
    }
    _exit(act(p));
}

static void run(int (*act)(struct priv *))
{
    int status = 0;
    pid_t pid;

    if (!user_is_root())
        return;
    pid = fork();
    if (pid == 0)
        session(act);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_stranger_becomes_nobody(void **state) { (void)state; run(stranger); }
static void root_and_low_numbers_are_no_people(void **state) { (void)state; run(low); }
static void who_is_known_becomes_exactly_that_user(void **state) { (void)state; run(known); }
static void who_has_become_a_user_stays_it(void **state) { (void)state; run(becomes); }
static void what_one_process_may_no_other_may(void **state) { (void)state; run(child_of_known); }
static void guesses_are_counted(void **state) { (void)state; run(flood); }
static void other_services_have_no_name(void **state)
{
    struct priv *p = NULL;

    (void)state;
    assert_int_equal(priv_begin("", &p), -EINVAL);
    assert_int_equal(priv_begin("../passwd", &p), -EINVAL);
    assert_null(p);
}

/* An orphan of ours: within ten seconds it has ended. */
static void orphan_ends(void)
{
    pid_t pid = 0;

    for (int i = 0; i < 1000 && pid == 0; i++) {
        pid = waitpid(-1, NULL, WNOHANG);
        usleep(10000);
    }
    assert_true(pid > 0);
}

static void it_ends_with_the_last_who_could_ask(void **state)
{
    struct priv *p = NULL;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(priv_begin("dray", &p), 0);
    priv_end(&p);
    orphan_ends();
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* ---- PAM and users of this test's own ---- */

static char place[] = "/tmp/dray-priv-XXXXXX";
static const char *const names[] = { "passwd", "group", "passdb", "dray" };

/* Under that name, which the environment variable (NULL: none) says. */
static void put(const char *name, const char *variable, const char *text)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", place, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    if (variable)
        setenv(variable, path, 1);
}

/* pam_wrapper's folders are /tmp/pam.0 to /tmp/pam.z, all processes': what has just begun one may be taken for a dead one's, and removed.
 * So who uses it (t/e2e/test_pam.py, too) does so alone; as long as this program lasts. */
static void alone(void)
{
    int lock = open("/tmp/dray-test-pam.lock", O_CREAT | O_RDWR, 0600);

    if (lock >= 0 && flock(lock, LOCK_EX) < 0)
        close(lock);
}

/* This program again, with the wrappers before the C library. */
static void begin_again(char **argv)
{
    char service[400];
    glob_t found;

    alone();
    assert_non_null(mkdtemp(place));
    assert_int_equal(glob("/usr/lib/*/pam_wrapper/pam_matrix.so", 0, NULL, &found), 0);
    put("passwd", "NSS_WRAPPER_PASSWD", "root:x:0:0::/:\nnobody:x:65534:65534::/:\nlow:x:500:500::/:\nalice:x:5001:6001::/:\nbob2:x:5002:6002::/:\n");
    put("group", "NSS_WRAPPER_GROUP", "root:x:0:\nalice:x:6001:\nbob2:x:6002:\nboth:x:6100:alice,bob2\n");
    put("passdb", NULL, "root:secret:dray\nnobody:secret:dray\nlow:secret:dray\nalice:secret:dray\nbob2:secret:dray\n");
    snprintf(service, sizeof service, "auth required %s passdb=%s/passdb\naccount required %s passdb=%s/passdb\n", found.gl_pathv[0], place,
             found.gl_pathv[0], place);
    put("dray", NULL, service);
    globfree(&found);
    setenv("LD_PRELOAD", "libpam_wrapper.so libnss_wrapper.so", 1);
    setenv("PAM_WRAPPER", "1", 1);
    setenv("PAM_WRAPPER_SERVICE_DIR", place, 1);
    setenv("DRAY_TEST_PLACE", place, 1);
    execv("/proc/self/exe", argv);
    _exit(1);
}

static int clean(void **state)
{
    char path[64];

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", getenv("DRAY_TEST_PLACE"), names[i]);
        unlink(path);
    }
    return rmdir(getenv("DRAY_TEST_PLACE"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_becomes_nobody),
        cmocka_unit_test(root_and_low_numbers_are_no_people),
        cmocka_unit_test(who_is_known_becomes_exactly_that_user),
        cmocka_unit_test(who_has_become_a_user_stays_it),
        cmocka_unit_test(what_one_process_may_no_other_may),
        cmocka_unit_test(guesses_are_counted),
        cmocka_unit_test(other_services_have_no_name),
        cmocka_unit_test(it_ends_with_the_last_who_could_ask),
    };

    if (argc && !getenv("DRAY_TEST_PLACE"))
        begin_again(argv);
    return cmocka_run_group_tests_name("priv", tests, NULL, clean);
}

/* walk: everything below a folder once, whatever the shape of the tree and whatever happens to it meanwhile. */
#include "store/walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "any_local.h"

static void link_to(const char *name, const char *target)
{
    char path[120];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(symlink(target, path), 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *names[200];
static size_t n;

/* Is this folder among the names already? */
static bool was_told(const char *path, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(names[i], path, len) == 0 && strcmp(names[i] + len, "/") == 0)
            return true;
    return false;
}

/* All that a walk of this folder tells, sorted; folders with a slash at the end, and before what is in them. */
static const char *told(const char *folder)
{
    static char text[4096];
    struct buf b = BUF(text);
    struct walk *w = NULL;
    struct walk_entry e;
    int rc;

    n = 0;
    assert_int_equal(walk_open(&any, folder, &w), 0);
    while ((rc = walk_next(w, &e)) == 1) {
        size_t parent = (size_t)(strrchr(e.path, '/') - e.path);

        assert_true(parent <= strlen(folder) || was_told(e.path, parent));
        assert_true(n < COUNT(names));
        assert_true(asprintf(&names[n++], "%s%s", e.path, e.stat.kind == STORE_DIR ? "/" : "") > 0);
    }
    assert_int_equal(rc, 0);
    walk_close(&w);
    assert_null(w);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&b, "%s%s", i ? " " : "", names[i]);
        free(names[i]);
    }
    return buf_cstr(&b);
}

static void a_tree(void)
{
    any_folder("/a");
    any_folder("/a/b");
    any_folder("/a/b/c");
    any_folder("/d");
    assert_int_equal(any_put("/a/b/c/x", "x"), 0);
    assert_int_equal(any_put("/a/y", "y"), 0);
    assert_int_equal(any_put("/z", "z"), 0);
}

static void everything_once(void **state)
{
    (void)state;
    assert_string_equal(told("/"), "");
    a_tree();
    assert_string_equal(told("/"), "/a/ /a/b/ /a/b/c/ /a/b/c/x /a/y /d/ /z");
    assert_string_equal(told("/a"), "/a/b/ /a/b/c/ /a/b/c/x /a/y");
    assert_string_equal(told("/d"), "");
}

static void what_is_no_folder(void **state)
{
    struct walk *w = NULL;

    (void)state;
    a_tree();
    assert_int_equal(walk_open(&any, "/z", &w), -ENOTDIR);
    assert_int_equal(walk_open(&any, "/q", &w), -ENOENT);
    assert_null(w);
    walk_close(&w);
}

static void no_link_leads_round_or_out(void **state)
{
    (void)state;
    a_tree();
    link_to("a/b/up", "..");
    link_to("a/b/top", "../..");
    link_to("a/self", ".");
    link_to("d/side", "../a/b");
    link_to("d/out", "/etc");
    assert_string_equal(told("/"),
                        "/a/ /a/b/ /a/b/c/ /a/b/c/x /a/y /d/ /d/side/ /d/side/c/ /d/side/c/x /d/side/up/ /d/side/up/y /z");
}

static void what_may_not_be_seen(void **state)
{
    struct rights rules;

    (void)state;
    a_tree();
    assert_int_equal(any_put("/.hidden", "h"), 0);
    assert_int_equal(rights_parse(SPAN("read,/a/b=none,/d=drop"), &rules), 0);
    any.rules = &rules;
    assert_string_equal(told("/"), "/a/ /a/y /z");
    assert_int_equal(rights_parse(SPAN("none,/a/b/c=read"), &rules), 0);
    assert_string_equal(told("/"), "/a/ /a/b/ /a/b/c/ /a/b/c/x");
    any.rules = NULL;
}

/* The first is told, and all others go: nothing more is. */
static void what_vanishes_meanwhile(void **state)
{
    struct walk *w;
    struct walk_entry e;

    (void)state;
    any_folder("/a");
    any_folder("/b");
    any_folder("/c");
    assert_int_equal(walk_open(&any, "/", &w), 0);
    assert_int_equal(walk_next(w, &e), 1);
    for (char name[] = "/a"; name[1] <= 'c'; name[1]++)
        assert_int_equal(ANY_CHANGE(.verb = STORE_RMDIR, .path = name), 0);
    assert_int_equal(walk_next(w, &e), 0);
    assert_int_equal(walk_next(w, &e), 0);
    walk_close(&w);
}

/* As deep as a path can be long; what lies still deeper fails the walk, so that nobody takes the rest for all. */
static void as_deep_as_a_path_is_long(void **state)
{
    struct walk *w;
    struct walk_entry e;
    int fd = open(dir, O_RDONLY | O_DIRECTORY), found = 0, rc;

    (void)state;
    for (int i = 0; i < PATH_CAP / 2; i++) {
        int next;

        assert_int_equal(mkdirat(fd, "d", 0700), 0);
        next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(fd);
        fd = next;
    }
    close(fd);
    assert_int_equal(walk_open(&any, "/", &w), 0);
    while ((rc = walk_next(w, &e)) == 1)
        found++;
    assert_int_equal(rc, -ENAMETOOLONG);
    assert_int_equal(found, PATH_CAP / 2 - 1);
    walk_close(&w);
}

/* More names than the room for them is at first. */
static void many_folders_beside_each_other(void **state)
{
    struct walk *w;
    struct walk_entry e;
    int found = 0, rc;

    (void)state;
    for (int i = 0; i < 500; i++) {
        char path[40];

        snprintf(path, sizeof path, "/folder-%d", i);
        any_folder(path);
    }
    assert_int_equal(walk_open(&any, "/", &w), 0);
    while ((rc = walk_next(w, &e)) == 1)
        found++;
    assert_int_equal(rc, 0);
    assert_int_equal(found, 500);
    walk_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { ANY_TEST(everything_once) ANY_TEST(what_is_no_folder)
                                            ANY_TEST(no_link_leads_round_or_out) ANY_TEST(what_may_not_be_seen)
                                                ANY_TEST(what_vanishes_meanwhile) ANY_TEST(as_deep_as_a_path_is_long)
                                                    ANY_TEST(many_folders_beside_each_other) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

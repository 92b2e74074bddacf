/* The promises of store_impl.h about listings, counts, and all changes together (see any_store.h). */
#include "any_store.h"

#include "base/cleanup.h"

#define OPS (any.storage->ops)

/* ---- listings ---- */

enum { FILES = 600 };

static const char *numbered(unsigned n)
{
    static char path[60];

    snprintf(path, sizeof path, "/list/entry of a folder, number %u", n);
    return path;
}

static void make_entries(void)
{
    any_folder("/list");
    for (unsigned i = 0; i < FILES; i++)
        if (i % 10 == 9)
            any_folder(numbered(i));
        else
            assert_int_equal(any_put(numbered(i), i % 2 ? "odd" : ""), 0);
}

/* Which entry this is. */
static unsigned number_of(const struct dir_entry *e)
{
    char text[60];
    unsigned n = FILES;

    snprintf(text, sizeof text, "%.*s", SPAN_ARG(e->name));
    sscanf(text, "entry of a folder, number %u", &n);
    return n;
}

static struct dir *list(const char *path, bool stats)
{
    struct dir *d = NULL;

    assert_int_equal(OPS->list(&any, path, stats, &d), 0);
    return d;
}

static void look_at(const struct dir_entry *e, unsigned n, bool stats)
{
    assert_true(n < FILES);
    same_int("kind", n, e->stat.kind, n % 10 == 9 ? STORE_DIR : STORE_FILE);
    if (stats && e->stat.kind == STORE_FILE) {
        same_int("size", n, e->stat.size, n % 2 ? 3 : 0);
        assert_int_not_equal(e->stat.mtime, 0);
        assert_int_not_equal(e->stat.ino, 0);
    }
}

void listings_tell_everything_once(void **state)
{
    (void)state;
    make_entries();
    for (int stats = 0; stats < 2; stats++) {
        CLEANUP(dir_close) struct dir *d = list("/list", stats);
        unsigned char seen[FILES] = { 0 };
        const struct dir_entry *e;

        while (d->ops->next(d, &e) > 0) {
            look_at(e, number_of(e), stats);
            seen[number_of(e)]++;
        }
        for (unsigned i = 0; i < FILES; i++)
            same_int("seen", i, seen[i], 1);
        assert_int_equal(d->ops->next(d, &e), 0); /* the end stays the end */
    }
    assert_int_equal(any_count(numbered(9)), 0);
    assert_int_equal(any_count("/"), 1);
}

/* Every second entry goes, some come, others change, the folder gets another name: those that stay are told once. */
void a_listing_survives_what_happens_meanwhile(void **state)
{
    CLEANUP(dir_close) struct dir *d = NULL;
    unsigned char seen[FILES] = { 0 };
    unsigned n = 0;
    const struct dir_entry *e;
    char path[60];

    (void)state;
    make_entries();
    d = list("/list", true);
    for (; n < 5 && d->ops->next(d, &e) > 0; n++)
        seen[number_of(e)]++;
    for (unsigned i = 0; i < FILES; i += 2) {
        assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = numbered(i)), 0);
        snprintf(path, sizeof path, "/list/new %u", i);
        assert_int_equal(any_put(path, "new"), 0);
    }
    assert_int_equal(ANY_CHANGE(.verb = STORE_MODE, .path = numbered(1), .mode = 0600), 0);
    assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = "/list", .to = "/other"), 0);
    for (; n < 3 * FILES && d->ops->next(d, &e) > 0; n++)
        if (number_of(e) < FILES)
            seen[number_of(e)]++;
    assert_true(n < 3 * FILES);
    for (unsigned i = 1; i < FILES; i += 2)
        same_int("seen", i, seen[i], 1);
    for (unsigned i = 0; i < FILES; i += 2)
        assert_true(seen[i] <= 1);
    dir_close(&d);
    assert_int_equal(any_count("/other"), FILES);
}

void own_names_are_never_listed(void **state)
{
    struct storage *s = (struct storage *)(uintptr_t)any.storage;

    (void)state;
    any_put("/.dray-own", "own");
    any_put("/.dot", "dot");
    any_put("/shown", "shown");
    assert_int_equal(any_count("/"), 1);
    s->hidden = true;
    assert_int_equal(any_count("/"), 2);
    s->hidden = false;
    any_is("/.dray-own", "own"); /* the front alone decides who comes this far */
}

struct sum {
    unsigned files;
    int64_t bytes, anns;
};

static void add(void *ctx, const struct store_found *f)
{
    struct sum *s = ctx;

    s->files++;
    s->bytes += f->stat.size;
    if (strcmp(f->account, "ann") == 0)
        s->anns += f->stat.size;
}

void every_file_is_counted(void **state)
{
    struct mark ann = { .account = "ann" };
    struct sum sum = { 0 };
    struct file *f = NULL;
    char path[60];

    (void)state;
    any_folder("/d");
    any_folder("/d/e");
    any_folder("/d/empty");
    any_folder(STORE_OWN_FOLDER);
    any_put("/top", "12345");
    any_put("/d/.dot", "1234567");
    any_put(STORE_OWN_FOLDER "/p", "not this one");
    any_put("/.dray-x", "nor this one");
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof path, "/d/e/%d", i);
        any_put(path, "123");
    }
    assert_int_equal(OPS->create(&any, "/open", &f), 0);
    f->ops->write(f, "has no name yet", 15);
    assert_int_equal(OPS->each(any.storage, add, &sum), 0);
    assert_int_equal(sum.files, 202);
    assert_int_equal(sum.bytes, 612);
    assert_int_equal(sum.anns, 0);
    assert_int_equal(f->ops->set_mark(f, &ann), 0);
    assert_int_equal(f->ops->commit(f, false), 0);
    file_close(&f);
    sum = (struct sum){ 0 };
    OPS->each(any.storage, add, &sum);
    assert_int_equal(sum.files, 203);
    assert_int_equal(sum.anns, 15);
}

/* ---- a model: what stands under each of 3 + 9 + 27 names ---- */

enum { NAMES = 3, FIRST2 = NAMES, FIRST3 = FIRST2 + NAMES * NAMES, PATHS = FIRST3 + NAMES * NAMES * NAMES, TURNS = 4000 };

struct model {
    enum store_kind kind[PATHS];
    unsigned content[PATHS];
    uint64_t random;
};

static int depth(int p)
{
    return p < FIRST2 ? 1 : p < FIRST3 ? 2 : 3;
}

static int up(int p) /* -1: the root */
{
    return depth(p) == 1 ? -1 : depth(p) == 2 ? (p - FIRST2) / NAMES : FIRST2 + (p - FIRST3) / NAMES;
}

static int down(int p, int name)
{
    return p < 0 ? name : depth(p) == 1 ? FIRST2 + p * NAMES + name : FIRST3 + (p - FIRST2) * NAMES + name;
}

static const char *path_of(int p, char *out)
{
    char *at = out + 2 * depth(p);

    *at = '\0';
    for (; p >= 0; p = up(p)) {
        *--at = (char)('a' + p % NAMES);
        *--at = '/';
    }
    return out;
}

static unsigned some(struct model *m, unsigned n)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(m->random >> 33) % n;
}

/* Is there a folder where it would be? From the top, as the way is walked. */
static int way(const struct model *m, int p)
{
    int above = up(p);

    if (above < 0)
        return 0;
    TRY(way(m, above));
    return m->kind[above] == STORE_DIR ? 0 : m->kind[above] ? -ENOTDIR : -ENOENT;
}

static unsigned entries(const struct model *m, int p)
{
    unsigned n = 0;

    for (int i = 0; i < NAMES && (p < 0 || depth(p) < 3); i++)
        n += m->kind[down(p, i)] != 0;
    return n;
}

static int height(const struct model *m, int p)
{
    int most = 0;

    for (int i = 0; i < NAMES && depth(p) < 3; i++)
        if (m->kind[down(p, i)] && height(m, down(p, i)) > most)
            most = height(m, down(p, i));
    return 1 + most;
}

static bool within(int p, int outer)
{
    while (p >= 0 && p != outer)
        p = up(p);
    return p >= 0;
}

static int expect_put(struct model *m, int p, bool replace, unsigned content)
{
    TRY(way(m, p));
    if (m->kind[p] && !replace)
        return -EEXIST;
    if (m->kind[p] == STORE_DIR)
        return -EISDIR;
    m->kind[p] = STORE_FILE;
    m->content[p] = content;
    return 0;
}

static int expect_rm(struct model *m, int p)
{
    TRY(way(m, p));
    if (m->kind[p] != STORE_FILE)
        return m->kind[p] ? -EISDIR : -ENOENT;
    m->kind[p] = 0;
    return 0;
}

static int expect_mkdir(struct model *m, int p)
{
    TRY(way(m, p));
    if (m->kind[p])
        return -EEXIST;
    m->kind[p] = STORE_DIR;
    return 0;
}

static int expect_rmdir(struct model *m, int p)
{
    TRY(way(m, p));
    if (m->kind[p] != STORE_DIR)
        return m->kind[p] ? -ENOTDIR : -ENOENT;
    if (entries(m, p))
        return -ENOTEMPTY;
    m->kind[p] = 0;
    return 0;
}

static void move(struct model *m, int from, int to)
{
    m->kind[to] = m->kind[from];
    m->content[to] = m->content[from];
    m->kind[from] = 0;
    for (int i = 0; i < NAMES && depth(from) < 3; i++)
        if (m->kind[down(from, i)])
            move(m, down(from, i), down(to, i));
}

static int expect_mv(struct model *m, int from, int to)
{
    TRY(way(m, from));
    if (!m->kind[from])
        return -ENOENT;
    TRY(way(m, to));
    if (m->kind[to] == STORE_DIR)
        return -EISDIR;
    if (m->kind[from] == STORE_DIR && m->kind[to])
        return -ENOTDIR;
    if (m->kind[from] == STORE_DIR && within(to, from))
        return -EINVAL;
    if (from != to)
        move(m, from, to);
    return 0;
}

static int do_put(const char *path, bool replace, unsigned content)
{
    CLEANUP(file_close) struct file *f = NULL;
    char text[20];

    TRY(OPS->create(&any, path, &f));
    snprintf(text, sizeof text, "%u", content);
    TRY(f->ops->write(f, text, strlen(text)));
    return f->ops->commit(f, replace);
}

static void compare(const struct model *m)
{
    char path[8], text[20];

    assert_int_equal(any_count("/"), entries(m, -1));
    for (int p = 0; p < PATHS; p++) {
        if (way(m, p) < 0)
            continue;
        path_of(p, path);
        same_int(path, (size_t)p, any_kind(path), m->kind[p]);
        snprintf(text, sizeof text, "%u", m->content[p]);
        if (m->kind[p] == STORE_FILE)
            any_is(path, text);
        else if (m->kind[p])
            assert_int_equal(any_count(path), entries(m, p));
    }
}

static void turn(struct model *m, unsigned n)
{
    int p = (int)some(m, PATHS), to = (int)some(m, PATHS);
    char path[8], other[8];
    bool replace = some(m, 2);

    path_of(p, path);
    path_of(to, other);
    switch (some(m, 7)) {
    case 0:
    case 1:
        same_int(path, n, do_put(path, replace, n), expect_put(m, p, replace, n));
        break;
    case 2:
        same_int(path, n, ANY_CHANGE(.verb = STORE_RM, .path = path), expect_rm(m, p));
        break;
    case 3:
        same_int(path, n, ANY_CHANGE(.verb = STORE_RMDIR, .path = path), expect_rmdir(m, p));
        break;
    case 4:
    case 5:
        same_int(path, n, ANY_CHANGE(.verb = STORE_MKDIR, .path = path), expect_mkdir(m, p));
        break;
    default: /* what would be too deep for the model is left out */
        if (m->kind[p] != STORE_DIR || within(to, p) || height(m, p) + depth(to) <= 4)
            same_int(path, n, ANY_CHANGE(.verb = STORE_MV, .path = path, .to = other), expect_mv(m, p, to));
    }
}

void random_changes_agree_with_a_model(void **state)
{
    struct model m = { .random = 42 };

    (void)state;
    for (unsigned n = 0; n < TURNS; n++) {
        turn(&m, n);
        if (n % 50 == 0)
            compare(&m);
    }
    compare(&m);
}

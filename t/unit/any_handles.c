/* Files that stay open while others change what they stand for: at random, beside a model (see any_store.h). A content is a
 * pattern's number and a length. */
#include "any_store.h"

#define OPS (any.storage->ops)

enum { NAMES = 5, OWNS = 2, HANDLES = 8, TURNS = 3000, MOST = 150000 };

struct content {
    bool there;
    unsigned seed;
    int64_t len;
};

struct handle {
    struct file *file; /* NULL: a free one */
    bool writes;
    struct content content;
    int name, own; /* what it becomes; the hidden name that it has, -1: none */
};

struct model {
    struct content name[NAMES], own[OWNS];
    struct handle handle[HANDLES];
    uint64_t random;
    unsigned seeds;
};

static unsigned some(struct model *m, unsigned n)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(m->random >> 33) % n;
}

static const char *name_of(int n)
{
    static const char *const names[] = { "/0", "/1", "/d/2", "/d/3", "/4" };

    return names[n];
}

static const char *own_of(int n)
{
    return n ? STORE_OWN_FOLDER "/b" : STORE_OWN_FOLDER "/a";
}

static bool is_written(const struct model *m, int own)
{
    for (int i = 0; i < HANDLES; i++)
        if (m->handle[i].file && m->handle[i].own == own)
            return true;
    return false;
}

/* ---- a free handle is opened ---- */

static void create(struct model *m, struct handle *h)
{
    int name = (int)some(m, NAMES);

    *h = (struct handle){ .writes = true, .content = { true, ++m->seeds, 0 }, .name = name, .own = -1 };
    assert_int_equal(OPS->create(&any, name_of(name), &h->file), 0);
}

static void resume(struct model *m, struct handle *h)
{
    int own = (int)some(m, OWNS), name = (int)some(m, NAMES);
    struct content *c = &m->own[own];
    int64_t len = some(m, 2) ? -1 : (int64_t)some(m, MOST);
    int want = !c->there ? -ENOENT : is_written(m, own) ? -EBUSY : len > c->len ? -ERANGE : 0;

    assert_int_equal(OPS->resume(&any, own_of(own), name_of(name), len, &h->file), want);
    if (want < 0)
        return;
    if (len >= 0)
        c->len = len;
    *h = (struct handle){ .file = h->file, .writes = true, .content = *c, .name = name, .own = own };
}

static void open_one(struct model *m, struct handle *h)
{
    int name = (int)some(m, NAMES);

    assert_int_equal(OPS->open(&any, name_of(name), &h->file), m->name[name].there ? 0 : -ENOENT);
    if (h->file)
        *h = (struct handle){ .file = h->file, .content = m->name[name], .own = -1 };
}

/* ---- an open one is used ---- */

static void write_some(struct model *m, struct handle *h)
{
    int64_t len = some(m, 4) ? some(m, 500) : some(m, MOST);

    if (h->content.len + len > MOST)
        return;
    assert_int_equal(any_write_pattern(h->file, h->content.seed, len), 0);
    h->content.len += len;
    if (h->own >= 0)
        m->own[h->own] = h->content;
}

static void commit(struct model *m, struct handle *h)
{
    bool replace = some(m, 2);
    int rc = h->file->ops->commit(h->file, replace);

    assert_int_equal(rc, m->name[h->name].there && !replace ? -EEXIST : 0);
    if (rc < 0)
        return;
    m->name[h->name] = h->content;
    if (h->own >= 0)
        m->own[h->own].there = false;
    file_close(&h->file);
}

static void hide(struct model *m, struct handle *h)
{
    int own = (int)some(m, OWNS);
    struct content *c = &m->own[own];
    int64_t replaced = -1;
    int rc;

    if (h->own >= 0)
        return;
    rc = h->file->ops->hide(h->file, own_of(own), &replaced);
    assert_int_equal(rc, is_written(m, own) ? -EBUSY : 0);
    if (rc < 0)
        return;
    assert_int_equal(replaced, c->there ? c->len : -1);
    *c = h->content;
    h->own = own;
}

static void use(struct model *m, struct handle *h)
{
    unsigned what = some(m, 8);

    if (!h->writes && what)
        any_holds_pattern(h->file, h->content.seed, h->content.len);
    else if (what == 0)
        file_close(&h->file);
    else if (what < 5)
        write_some(m, h);
    else if (what < 7)
        commit(m, h);
    else
        hide(m, h);
}

/* ---- names change beneath them ---- */

static void change(struct model *m)
{
    int a = (int)some(m, NAMES), b = (int)some(m, NAMES), own = (int)some(m, OWNS);
    int want = m->name[a].there ? 0 : -ENOENT;
    int64_t size;

    switch (some(m, 3)) {
    case 0:
        assert_int_equal(ANY_CHANGE(.verb = STORE_RM, .path = name_of(a)), want);
        m->name[a].there = false;
        break;
    case 1:
        assert_int_equal(ANY_CHANGE(.verb = STORE_MV, .path = name_of(a), .to = name_of(b)), want);
        if (want == 0 && a != b) {
            m->name[b] = m->name[a];
            m->name[a].there = false;
        }
        break;
    default:
        want = !m->own[own].there ? -ENOENT : is_written(m, own) ? -EBUSY : 0;
        assert_int_equal(OPS->drop(&any, own_of(own), &size), want);
        if (want == 0) {
            assert_int_equal(size, m->own[own].len);
            m->own[own].there = false;
        }
    }
}

static void compare_one(const char *path, const struct content *c)
{
    struct file *f = NULL;

    same_int(path, 0, OPS->open(&any, path, &f), c->there ? 0 : -ENOENT);
    if (!f)
        return;
    assert_int_equal(f->size, c->len);
    any_holds_pattern(f, c->seed, c->len);
    file_close(&f);
}

static void compare(const struct model *m)
{
    for (int i = 0; i < NAMES; i++)
        compare_one(name_of(i), &m->name[i]);
    for (int i = 0; i < OWNS; i++)
        compare_one(own_of(i), &m->own[i]);
}

static void turn(struct model *m)
{
    struct handle *h = &m->handle[some(m, HANDLES)];

    if (some(m, 5) == 0)
        change(m);
    else if (h->file)
        use(m, h);
    else if (some(m, 3) == 0)
        resume(m, h);
    else if (some(m, 2))
        create(m, h);
    else
        open_one(m, h);
}

void open_files_agree_with_a_model(void **state)
{
    struct model m = { .random = 7 };

    (void)state;
    any_folder("/d");
    any_folder(STORE_OWN_FOLDER);
    for (unsigned n = 0; n < TURNS; n++) {
        turn(&m);
        if (n % 100 == 0)
            compare(&m);
    }
    for (int i = 0; i < HANDLES; i++)
        file_close(&m.handle[i].file);
    compare(&m);
}

/* files: the memory store of fuzz_session: what every run finds in it, and what must hold after each. Called by fuzz_session.c. Owns
 * the storage, which is the same for all runs: whatever a session leaves behind would stay, and is found here. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "session.h"
#include "store/mem_heap.h"
#include "store/partials.h"
#include "store/shared.h"
#include "store/store_impl.h"

enum { BYTES = 2 << 20, MTIME = 1500000000 };

enum { LARGEST = 70000 };

/* What is in each file, as far as it goes. */
static const char *content(void)
{
    static char text[LARGEST];

    for (size_t i = 0; !text[LARGEST - 1] && i < sizeof text; i++)
        text[i] = i % 40 == 39 ? '\n' : (char)('a' + i % 23);
    return text;
}

static const struct {
    const char *path;
    size_t size; /* 0: a folder */
} files[] = {
    { "/a.txt", 300 }, { "/d", 0 }, { "/d/big", LARGEST }, { "/d/e", 0 }, { "/d/e/x", 1 }, { "/odd\r\n226 \"x\"\377\001", 20 },
};
enum { FILES = sizeof files / sizeof *files };

static struct rt_task task = { .ops = &stage_ops, .stop = { -1, -1 } };
static struct { uint32_t nodes, blocks, claims; } empty, filled;

static struct mem_heap *heap(const struct storage *st)
{
    return st->state;
}

static struct store all(const struct storage *st)
{
    return store_bind(st, &task, "", RIGHTS_WRITE);
}

void files_open(struct storage *st)
{
    static struct conf_list quota = { 1, { "bob=400K:12" } };
    char text[200];
    struct buf err = BUF(text);

    CHECK(store_mem_open(BYTES, false, st) == 0);
    st->shared = store_shared_new();
    CHECK(st->shared && quotas_new(&quota, 8, &st->shared->quotas, &err) == 0);
    st->keep = true;
    st->keep_days = 7;
    st->sums = SUM_BIT(SUM_CRC32);
    empty.nodes = heap(st)->node_pool.left;
    empty.blocks = heap(st)->block_pool.left;
    empty.claims = heap(st)->claim_pool.left;
}

/* Past the front: its name is one that no client could give it. */
static void make_file(const struct store *st, const char *path, size_t size)
{
    struct file *f;

    CHECK(st->storage->ops->create(st, path, &f) == 0);
    CHECK(f->ops->write(f, content(), size) == 0 && f->ops->commit(f, true) == 0);
    file_close(&f);
    CHECK(st->storage->ops->change(st, &(struct store_change){ .verb = STORE_MTIME, .path = path, .mtime = MTIME }) == 0);
}

void files_fill(const struct storage *storage)
{
    struct store st = all(storage);

    for (unsigned i = 0; i < FILES; i++) {
        if (files[i].size)
            make_file(&st, files[i].path, files[i].size);
        else
            CHECK(storage->ops->change(&st, &(struct store_change){ .verb = STORE_MKDIR, .path = files[i].path }) == 0);
    }
    filled.nodes = heap(storage)->node_pool.left;
    filled.blocks = heap(storage)->block_pool.left;
}

/* ---- afterwards ---- */

static void check_file(const struct store *st, const char *path, size_t size)
{
    static char is[LARGEST];
    struct store_stat stat;
    struct file *f;

    CHECK(st->storage->ops->stat(st, path, &stat) == 0);
    CHECK(stat.mtime == MTIME && stat.size == (int64_t)size);
    CHECK(st->storage->ops->open(st, path, &f) == 0);
    CHECK(file_read(f, is, size, 0) == (ssize_t)size);
    file_close(&f);
    CHECK(memcmp(is, content(), size) == 0);
}

static void check_rights(const struct store *st, unsigned rights)
{
    if (rights == RIGHTS_READ) {
        CHECK(heap(st->storage)->node_pool.left == filled.nodes);
        CHECK(heap(st->storage)->block_pool.left == filled.blocks);
    }
    for (unsigned i = 0; i < FILES && rights != RIGHTS_WRITE; i++)
        if (files[i].size)
            check_file(st, files[i].path, files[i].size);
}

/* The first entry of a folder. */
static bool first(const struct store *st, const char *folder, char *name, enum store_kind *kind)
{
    const struct dir_entry *e;
    struct dir *d;
    int rc;

    CHECK(st->storage->ops->list(st, folder, true, &d) == 0);
    while ((rc = dir_next(d, &e)) > 0 && span_starts(e->name, SPAN(STORE_OWN_PREFIX)))
        ;
    CHECK(rc >= 0);
    if (rc > 0) {
        memcpy(name, e->name.at, e->name.len);
        name[e->name.len] = '\0';
        *kind = e->stat.kind;
    }
    dir_close(&d);
    return rc > 0;
}

/* By the changes that clients make, so that quotas hear of them; of names that those cannot use, by the store's own. */
static void removed(const struct store *st, const struct store_change *c)
{
    int rc = store_change(st, c);

    if (rc == -EPERM || rc == -ENOENT)
        rc = st->storage->ops->change(st, c);
    CHECK(rc == 0);
}

static void remove_all(const struct store *st)
{
    static char at[2 * PATH_CAP];
    enum store_kind kind;
    size_t len;

    strcpy(at, "/");
    for (;;) {
        len = strlen(at);
        if (first(st, at, at + len + (len > 1), &kind)) {
            at[len - (len == 1)] = '/';
            if (kind == STORE_DIR)
                continue;
            removed(st, &(struct store_change){ .verb = STORE_RM, .path = at });
            at[len] = '\0';
        } else if (len == 1) {
            return;
        } else {
            removed(st, &(struct store_change){ .verb = STORE_RMDIR, .path = at });
            *strrchr(at, '/') = '\0';
            if (!*at)
                strcpy(at, "/");
        }
    }
}

static int note_id(void *ctx, const struct partial_view *v)
{
    strcpy(ctx, v->id);
    return -ECANCELED;
}

static void remove_partials(const struct storage *storage)
{
    char id[33];

    while (partials_each(storage, note_id, id) == -ECANCELED)
        CHECK(partials_drop(storage, id) == 0);
    partials_sweep(storage);
    partials_end(storage);
}

void files_check(struct storage *storage, unsigned rights)
{
    struct store st = all(storage);
    struct quota_use use;

    CHECK(heap(storage)->claim_pool.left == empty.claims);
    check_rights(&st, rights);
    storage->hidden = true;
    remove_all(&st);
    remove_partials(storage);
    CHECK(heap(storage)->node_pool.left == empty.nodes);
    CHECK(heap(storage)->block_pool.left == empty.blocks);
    CHECK(quota_use(storage->shared->quotas, "bob", &use) == 0);
    CHECK(use.bytes == 0 && use.files == 0 && use.claimed == 0);
}

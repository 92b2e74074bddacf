/* oracle: see oracle.h. Owns a shared mapping with the history of every place, the operations and all content. A history is a
 * list of versions, each with the ticks from and to which it was there; the oracle's tick moves with every event. */
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "oracle_impl.h"
#include "rt/rt_sim.h"
#include "store/partial.h"
#include "store/store_impl.h"
#include "world.h"

const char *const oracle_names[NAMES] = { "a", "b", "c", "d/x", "e" };
const char *const oracle_accounts[ACCOUNTS] = { "bob", "ann" };

struct oracle *oracle;

static void name_places(void)
{
    for (unsigned i = 0; i < NAMES; i++)
        strcpy(oracle->place[i].path, oracle_names[i]);
    for (unsigned a = 0; a < ACCOUNTS; a++)
        for (unsigned i = 0; i < NAMES; i++) {
            char path[16], own[PARTIAL_NAME];

            snprintf(path, sizeof path, "/%s", oracle_names[i]);
            CHECK(partial_name(oracle_accounts[a], path, own) == 0);
            strcpy(oracle->place[place_of_partial(a, i)].path, own + 1);
        }
}

void oracle_map(void)
{
    oracle = mmap(NULL, sizeof *oracle, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(oracle != MAP_FAILED);
    name_places();
}

char *oracle_room(size_t len)
{
    char *at = oracle->arena + oracle->used;

    CHECK(oracle->used + len <= sizeof oracle->arena);
    oracle->used += len;
    return at;
}

struct content oracle_payload(size_t len)
{
    uint64_t state = ++oracle->payloads << 32;
    size_t words = (len + 7) / 8;
    char *at = oracle_room(words * 8);

    for (size_t i = 0; i < words; i++) {
        uint64_t word = sim_next(&state);

        memcpy(at + i * 8, &word, 8);
    }
    for (size_t i = 0; i < words * 8; i++) /* so that as text it is the same again */
        at[i] = at[i] == '\r' ? '\n' : at[i];
    return (struct content){ at, len };
}

const char *place_name(unsigned place)
{
    static char text[2][64];
    static unsigned turn;
    unsigned i = place - NAMES;

    if (place < NAMES)
        return oracle_names[place];
    turn = !turn;
    snprintf(text[turn], sizeof text[turn], "%s's partial of %s", oracle_accounts[i / NAMES], oracle_names[i % NAMES]);
    return text[turn];
}

/* ---- the folder ---- */

static char file[CONTENT_MAX + 1]; /* the one that is looked at */

static struct content read_memory(struct file *f)
{
    size_t len = 0;
    ssize_t n;

    while ((n = file_read(f, file + len, CONTENT_MAX - len, (int64_t)len)) > 0)
        len += (size_t)n;
    return (struct content){ file, len };
}

static struct state read_all(int fd, size_t size)
{
    ssize_t n = pread(fd, file, size < CONTENT_MAX ? size + 1 : CONTENT_MAX, 0);

    if (n < 0)
        world_fail("oracle: cannot read: %s", strerror(errno));
    return (struct state){ .kind = IS_FILE, .content = { file, (size_t)n } };
}

/* Through the storage itself, which needs no system call. */
static struct state observe_memory(const char *path)
{
    const struct storage *storage = oracle->where.memory;
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    struct store st = store_bind(storage, &task, "", RIGHTS_WRITE);
    struct state out = { .kind = IS_ABSENT };
    CLEANUP(file_close) struct file *f = NULL;
    char whole[PLACE_PATH + 1];
    struct store_stat found;

    snprintf(whole, sizeof whole, "/%s", path);
    if (storage->ops->stat(&st, whole, &found) < 0)
        return out;
    out.kind = found.kind == STORE_DIR ? IS_DIR : IS_FILE;
    out.ino = found.kind == STORE_DIR ? 0 : found.ino;
    if (out.kind == IS_FILE && storage->ops->open(&st, whole, &f) < 0)
        world_fail("oracle: cannot open %s", path);
    if (f)
        out.content = read_memory(f);
    return out;
}

/* Valid until the next call. */
static struct state observe(const char *path)
{
    struct state out = { .kind = IS_ABSENT };
    int fd = openat(oracle->where.root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno != ENOENT)
        world_fail("oracle: cannot open %s: %s", path, strerror(errno));
    if (fd < 0)
        return out;
    fstat(fd, &st);
    if (S_ISDIR(st.st_mode))
        out.kind = IS_DIR;
    else
        out = read_all(fd, (size_t)st.st_size);
    out.ino = out.kind == IS_FILE ? st.st_ino : 0;
    close(fd);
    return out;
}

struct version *oracle_now(unsigned place)
{
    struct place *p = &oracle->place[place];

    return &p->version[p->n - 1];
}

bool oracle_same(const struct state *a, const struct state *b)
{
    return a->kind == b->kind && a->content.len == b->content.len &&
           (!a->content.len || memcmp(a->content.at, b->content.at, a->content.len) == 0);
}

bool oracle_within(const struct op *op, const struct version *v)
{
    return v->to > op->begin && v->from <= op->end;
}

static struct state kept(struct state s)
{
    char *at = s.content.len ? oracle_room(s.content.len) : NULL;

    if (at)
        memcpy(at, s.content.at, s.content.len);
    s.content.at = at;
    return s;
}

static void add_version(unsigned place, const struct version *v)
{
    struct place *p = &oracle->place[place];

    CHECK(p->n < VERSIONS);
    oracle->tick++;
    if (p->n)
        p->version[p->n - 1].to = oracle->tick;
    p->version[p->n] = *v;
    p->version[p->n].from = oracle->tick;
    p->version[p->n++].to = UINT64_MAX;
    if (place < NAMES)
        oracle->counts.versions++;
    else
        oracle->counts.partials++;
}

/* What is stored belongs to who stored it, whoever renames it. */
static int owner_of(unsigned place, const struct version *v)
{
    if (v->state.kind != IS_FILE)
        return -1;
    if (place >= NAMES)
        return (int)(place - NAMES) / NAMES;
    if (v->by && v->by->kind == OP_RENAME)
        return oracle_now(v->by->name)->owner;
    return v->by ? (int)v->by->by.account : -1;
}

/* ---- quotas ---- */

void oracle_usage(unsigned account, bool all, int64_t *bytes, int64_t *files)
{
    *bytes = *files = 0;
    for (unsigned i = 0; i < PLACES; i++) {
        const struct version *v = oracle_now(i);

        if (v->owner != (int)account || (!all && i >= NAMES))
            continue;
        *bytes += (int64_t)v->state.content.len;
        *files += 1;
    }
}

static void check_quotas(void)
{
    for (unsigned a = 0; a < ACCOUNTS; a++) {
        int64_t bytes, files;

        oracle_usage(a, false, &bytes, &files); /* a partial may go beyond: it was credited for what it was to replace */
        if (oracle->rules.bytes[a] >= 0 && !oracle->unsure[a] && (bytes > oracle->rules.bytes[a] || files > oracle->rules.files[a]))
            world_fail("%s has %lld bytes in %lld files, and may have %lld in %lld", oracle_accounts[a], (long long)bytes,
                       (long long)files, (long long)oracle->rules.bytes[a], (long long)oracle->rules.files[a]);
    }
}

/* ---- looking ---- */

/* There are none before the first. */
static unsigned places_to_look_at(void)
{
    struct stat st;

    for (unsigned i = NAMES; i < PLACES; i++)
        if (oracle_now(i)->state.kind != IS_ABSENT)
            return PLACES;
    if (oracle->where.memory)
        return PLACES;
    return fstatat(oracle->where.root, &STORE_OWN_FOLDER[1], &st, 0) < 0 ? NAMES : PLACES;
}

/* All places that changed, each with what it holds now, then each explained. */
static void compare(void)
{
    struct version now[PLACES];
    bool differs[PLACES] = { false };
    unsigned n = 0, all = places_to_look_at();

    for (unsigned i = 0; i < all; i++) {
        struct state s = (oracle->where.memory ? observe_memory : observe)(oracle->place[i].path);

        differs[i] = s.ino != oracle_now(i)->state.ino || !oracle_same(&s, &oracle_now(i)->state);
        if (differs[i])
            now[i] = (struct version){ .state = kept(s) };
        n += differs[i];
    }
    if (!n)
        return;
    for (unsigned i = 0; i < all; i++)
        if (differs[i]) {
            now[i].by = explain(i, &now[i].state);
            now[i].owner = owner_of(i, &now[i]);
        }
    for (unsigned i = 0; i < all; i++)
        if (differs[i])
            add_version(i, &now[i]);
}

void oracle_look(void)
{
    world.quiet++;
    oracle->counts.looks++;
    compare();
    check_quotas();
    world.quiet--;
}

/* ---- runs ---- */

void oracle_begin(const struct oracle_folder *where, const struct oracle_rules *rules)
{
    struct oracle_counts counts = oracle->counts;
    struct version none = { .state.kind = IS_ABSENT, .owner = -1 };

    oracle->used = 0;
    oracle->payloads = 0;
    memset(oracle->unsure, 0, sizeof oracle->unsure);
    oracle->ops = 0;
    oracle->tick = 0;
    oracle->where = *where;
    oracle->rules = *rules;
    for (unsigned i = 0; i < PLACES; i++) {
        oracle->place[i].n = 0;
        add_version(i, &none);
    }
    oracle->counts = counts;
    oracle_look();
}

/* It is a partial already: what came last was counted, and not written yet. */
static bool is_hidden(const struct op *op)
{
    return oracle_now(place_of_partial(op->by.account, op->name))->by == op;
}

/* What a worker counts and what it does cannot be one step. Who is killed in between leaves a difference until the next start. */
static void be_unsure(const struct op *op)
{
    bool uploads = op->kind == OP_STOR || op->kind == OP_APPE;

    if (!(uploads && (op->sent || is_hidden(op))) && op->kind != OP_DELE && op->kind != OP_RENAME)
        return;
    oracle->unsure[op->by.account] = true;
    for (unsigned i = 0; i < NAMES; i++) /* and of whom it takes a file away */
        if (oracle_now(i)->owner >= 0 && (i == op->name || i == op->to))
            oracle->unsure[oracle_now(i)->owner] = true;
}

void oracle_restart(bool counts_anew)
{
    oracle_look();
    for (unsigned i = 0; i < oracle->ops; i++) {
        struct op *op = &oracle->op[i];

        if (op->stage == FLYING && !counts_anew)
            be_unsure(op);
        op->stage = OVER;
    }
}

struct oracle_counts oracle_counts(void)
{
    return oracle->counts;
}

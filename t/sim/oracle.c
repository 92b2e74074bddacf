/* oracle: see oracle.h. Owns a shared mapping with the history of every name, the operations and all content. A name's history
 * is a list of versions, each with the ticks from and to which it was there; the oracle's tick moves with every event. */
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "oracle_impl.h"
#include "rt/rt_sim.h"
#include "world.h"

const char *const oracle_names[NAMES] = { "a", "b", "c", "d/x", "e" };

struct oracle *oracle;

void oracle_map(void)
{
    oracle = mmap(NULL, sizeof *oracle, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(oracle != MAP_FAILED);
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
    return (struct content){ at, len };
}

/* ---- the folder ---- */

static struct state read_all(int fd, size_t size)
{
    static char file[CONTENT_MAX + 1];
    ssize_t n = pread(fd, file, size < CONTENT_MAX ? size + 1 : CONTENT_MAX, 0);

    if (n < 0)
        world_fail("oracle: cannot read: %s", strerror(errno));
    return (struct state){ .kind = IS_FILE, .content = { file, (size_t)n } };
}

/* Valid until the next call. */
static struct state observe(unsigned name)
{
    struct state out = { .kind = IS_ABSENT };
    int fd = openat(oracle->root, oracle_names[name], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno != ENOENT)
        world_fail("oracle: cannot open %s: %s", oracle_names[name], strerror(errno));
    if (fd < 0)
        return out;
    fstat(fd, &st);
    if (S_ISDIR(st.st_mode))
        out.kind = IS_DIR;
    else
        out = read_all(fd, (size_t)st.st_size);
    close(fd);
    return out;
}

struct version *oracle_now(unsigned name)
{
    struct name *n = &oracle->name[name];

    return &n->version[n->n - 1];
}

bool oracle_same(const struct state *a, const struct state *b)
{
    return a->kind == b->kind && a->content.len == b->content.len &&
           (!a->content.len || memcmp(a->content.at, b->content.at, a->content.len) == 0);
}

static struct state kept(struct state s)
{
    char *at = s.content.len ? oracle_room(s.content.len) : NULL;

    if (at)
        memcpy(at, s.content.at, s.content.len);
    s.content.at = at;
    return s;
}

static void add_version(unsigned name, const struct state *s, struct op *by)
{
    struct name *n = &oracle->name[name];

    CHECK(n->n < VERSIONS);
    oracle->tick++;
    if (n->n)
        n->version[n->n - 1].to = oracle->tick;
    n->version[n->n++] = (struct version){ .state = *s, .from = oracle->tick, .to = UINT64_MAX, .by = by };
    oracle->counts.versions++;
}

/* All names that changed, each with what it holds now, then each explained. */
static void compare(void)
{
    struct state now[NAMES];
    bool differs[NAMES];
    unsigned n = 0;

    for (unsigned i = 0; i < NAMES; i++) {
        struct state s = observe(i);

        differs[i] = !oracle_same(&s, &oracle_now(i)->state);
        if (differs[i])
            now[i] = kept(s);
        n += differs[i];
    }
    if (!n)
        return;
    for (unsigned i = 0; i < NAMES; i++)
        if (differs[i])
            differs[i] = true, oracle->blame[i] = explain(i, &now[i]);
    for (unsigned i = 0; i < NAMES; i++)
        if (differs[i])
            add_version(i, &now[i], oracle->blame[i]);
}

void oracle_look(void)
{
    world.quiet++;
    oracle->counts.looks++;
    compare();
    world.quiet--;
}

/* ---- runs ---- */

void oracle_begin(int root)
{
    struct oracle_counts counts = oracle->counts;
    struct state none = { .kind = IS_ABSENT };

    oracle->used = 0;
    oracle->payloads = 0;
    oracle->ops = 0;
    oracle->tick = 0;
    oracle->root = root;
    for (unsigned i = 0; i < NAMES; i++) {
        oracle->name[i].n = 0;
        add_version(i, &none, NULL);
    }
    oracle->counts = counts;
    oracle_look();
}

void oracle_restart(int root)
{
    oracle->root = root;
    oracle_look();
    for (unsigned i = 0; i < oracle->ops; i++)
        if (oracle->op[i].stage == FLYING)
            oracle->op[i].stage = OVER;
}

struct oracle_counts oracle_counts(void)
{
    return oracle->counts;
}

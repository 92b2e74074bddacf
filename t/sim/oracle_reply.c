/* oracle_reply: what clients were told, held against what was seen to happen. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "fault.h"
#include "oracle_impl.h"
#include "store/store_impl.h"
#include "world.h"

struct op *oracle_op(enum op_kind kind, const struct asker *by, unsigned name, unsigned to, struct content payload,
                     int64_t keep)
{
    struct op *op = &oracle->op[oracle->ops];

    CHECK(oracle->ops < OPS);
    *op = (struct op){ .kind = kind, .by = *by, .name = name, .to = to, .payload = payload, .keep = keep,
                       .begin = ++oracle->tick, .end = UINT64_MAX };
    oracle->ops++;
    oracle->counts.ops++;
    return op;
}

void oracle_sent(struct op *op, size_t len)
{
    op->sent = true;
    op->payload.len = len;
}

void oracle_session_over(unsigned session)
{
    for (unsigned i = 0; i < oracle->ops; i++)
        if (oracle->op[i].by.session == session && !oracle->op[i].answered) {
            oracle->op[i].stage = OVER;
            oracle->op[i].end = ++oracle->tick;
        }
}

/* ---- what was there while the operation was under way ---- */

static bool any_in(const struct op *op, unsigned place, bool (*is)(const struct op *, const struct version *))
{
    const struct place *p = &oracle->place[place];

    for (unsigned i = p->n; i > 0; i--)
        if (oracle_within(op, &p->version[i - 1]) && is(op, &p->version[i - 1]))
            return true;
    return false;
}

bool oracle_any(const struct op *op, bool (*is)(const struct op *, const struct version *))
{
    return any_in(op, op->name, is);
}

static bool is_no_file(const struct op *op, const struct version *v)
{
    (void)op;
    return v->state.kind != IS_FILE;
}

static bool is_folder(const struct op *op, const struct version *v)
{
    (void)op;
    return v->state.kind == IS_DIR;
}

/* ---- changes ---- */

static const struct {
    const char *word;
    int code; /* it has happened; 0: it changes nothing */
} rows[] = {
    [OP_STOR] = { "STOR", 226 },   [OP_APPE] = { "APPE", 226 }, [OP_DELE] = { "DELE", 250 },
    [OP_RENAME] = { "RNTO", 250 }, [OP_MKD] = { "MKD", 257 },   [OP_RMD] = { "RMD", 250 },
    [OP_RETR] = { "RETR", 0 },     [OP_SIZE] = { "SIZE", 0 },   [OP_LIST] = { "a listing", 0 },
};

static bool has_no_partial(const struct op *op)
{
    return oracle_now(place_of_partial(op->by.account, op->name))->state.kind == IS_ABSENT;
}

/* What REST and APPE go on with where no file has the name. */
static bool lost_partial(const struct op *op)
{
    return op->dropped && has_no_partial(op) && oracle_any(op, is_no_file) && !oracle->rules.faults && !oracle->rules.expires;
}

static void judge_change(const struct op *op, int code, bool calm)
{
    const char *name = oracle_names[op->name], *word = rows[op->kind].word;

    if (code == rows[op->kind].code && !op->applied && !(op->kind == OP_RENAME && op->name == op->to))
        world_fail("%s %s was answered %d, but did not happen", word, name, code);
    if (code != rows[op->kind].code && op->applied && fault_hit() != CALL_sync) /* only a loss of power could undo it */
        world_fail("%s %s was answered %d, but it happened", word, name, code);
    if (code != rows[op->kind].code && lost_partial(op))
        world_fail("%s %s was answered %d, and the partial is gone", word, name, code);
    if (calm && oracle->rules.bytes[op->by.account] < 0 && op->kind == OP_STOR && code != 226 && !op->keep && !oracle_any(op, is_folder))
        world_fail("%s %s was answered %d, and nothing stood in its way", word, name, code);
}

/* A file was there all the time; for SIZE, or else the partial. */
static bool may_be_missing(const struct op *op)
{
    if (!oracle_any(op, is_no_file))
        return false;
    return op->kind != OP_SIZE || oracle->rules.expires || oracle_any(op, is_folder) ||
           any_in(op, place_of_partial(op->by.account, op->name), is_no_file);
}

void oracle_reply(struct op *op, int code, bool calm)
{
    op->end = ++oracle->tick;
    oracle_look();
    if (rows[op->kind].code)
        judge_change(op, code, calm);
    else if (calm && op->kind != OP_LIST && code / 100 != 2 && code != 554 && !may_be_missing(op))
        world_fail("%s %s was answered %d, and the file was there", rows[op->kind].word, oracle_names[op->name], code);
    op->answered = true;
    op->stage = OVER;
}

/* ---- downloads and sizes ---- */

static struct content got; /* what is_source compares */
static bool got_all;

static bool is_source(const struct op *op, const struct version *v)
{
    struct content c = v->state.content;
    size_t keep = (size_t)op->keep;

    if (v->state.kind != IS_FILE || keep > c.len || got.len > c.len - keep || (got_all && got.len != c.len - keep))
        return false;
    return !got.len || memcmp(got.at, c.at + keep, got.len) == 0;
}

void oracle_got(struct op *op, struct content data, int code)
{
    op->end = ++oracle->tick;
    got = data;
    got_all = code == 226;
    if (!oracle_any(op, is_source))
        world_fail("RETR %s from %lld gave %zu bytes under %d that were at no time its content", oracle_names[op->name],
                   (long long)op->keep, data.len, code);
}

static bool is_of_size(const struct op *op, const struct version *v)
{
    return v->state.kind == IS_FILE && (int64_t)v->state.content.len == op->keep;
}

void oracle_size(struct op *op, int64_t size)
{
    op->end = ++oracle->tick;
    op->keep = size;
    if (!oracle_any(op, is_of_size) && !any_in(op, place_of_partial(op->by.account, op->name), is_of_size))
        world_fail("%s was said to have %lld bytes, and never had", oracle_names[op->name], (long long)size);
}

/* ---- partials ---- */

/* Another upload of the same account to the same name would keep its own bytes instead. */
static bool has_rival(const struct op *op)
{
    for (unsigned i = 0; i < oracle->ops; i++) {
        const struct op *o = &oracle->op[i];
        bool uploads = o->kind == OP_STOR || o->kind == OP_APPE;

        if (o != op && uploads && o->name == op->name && o->by.account == op->by.account && o->end > op->begin)
            return true;
    }
    return false;
}

void oracle_kept(struct op *op, size_t len)
{
    const struct state *p = &oracle_now(place_of_partial(op->by.account, op->name))->state;
    struct state all = { .kind = IS_FILE, .content = { op->payload.at, len } };

    if (!oracle->rules.expires && !has_rival(op) && !oracle_same(p, &all))
        world_fail("of a broken upload of %s %zu bytes had come, and %zu were kept", oracle_names[op->name], len, p->content.len);
}

/* ---- listings ---- */

static const struct listed *listed_find(const struct listed *l, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (l[i].len == strlen(name) && memcmp(l[i].name, name, l[i].len) == 0)
            return &l[i];
    return NULL;
}

static bool is_known(const struct listed *l)
{
    for (unsigned i = 0; i < NAMES; i++)
        if (listed_find(l, 1, oracle_names[i]))
            return true;
    return listed_find(l, 1, "d") != NULL;
}

static bool is_as_listed(const struct op *op, const struct version *v)
{
    if (op->keep < 0)
        return v->state.kind != IS_ABSENT;
    return v->state.kind == IS_DIR || (v->state.kind == IS_FILE && (int64_t)v->state.content.len == op->keep);
}

static bool is_absent(const struct op *op, const struct version *v)
{
    (void)op;
    return v->state.kind == IS_ABSENT;
}

/* A name that was replaced meanwhile may be missed: the folder is read in steps. */
static bool changed_meanwhile(const struct op *op)
{
    return oracle_now(op->name)->from > op->begin;
}

void oracle_list(struct op *op, const struct listed *list, unsigned n)
{
    op->end = ++oracle->tick;
    for (unsigned i = 0; i < n; i++)
        if (!is_known(&list[i]))
            world_fail("a listing shows %.*s", (int)list[i].len, list[i].name);
    for (op->name = 0; op->name < NAMES; op->name++) {
        const char *name = oracle_names[op->name];
        const struct listed *found = strchr(name, '/') ? NULL : listed_find(list, n, name);

        op->keep = found ? found->size : -1;
        if (found && !oracle_any(op, is_as_listed))
            world_fail("a listing shows %s with %lld bytes, as it never was", name, (long long)found->size);
        if (!oracle->rules.faults && !found && !strchr(name, '/') && !oracle_any(op, is_absent) && !changed_meanwhile(op))
            world_fail("a listing lacks %s", name);
    }
    op->name = 0;
}

/* ---- the end ---- */

/* A partial that is there, or the text beside it. */
static bool is_partial(const char *name)
{
    size_t folder = strlen(STORE_OWN_FOLDER);

    for (unsigned i = NAMES; i < PLACES; i++) {
        const char *own = oracle->place[i].path + folder;
        size_t len = strlen(own);

        if (oracle_now(i)->state.kind == IS_FILE && strncmp(name, own, len) == 0 && (!name[len] || strcmp(name + len, ".of") == 0))
            return true;
    }
    return false;
}

static void look_into(const char *path, bool own)
{
    int fd = openat(oracle->where.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *e;

    CHECK(d || own);
    while (d && (e = readdir(d))) {
        bool dots = e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.');
        bool hidden = !dots && (own || strncmp(e->d_name, ".dray-", 6) == 0);

        if (hidden && !is_partial(e->d_name) && (own || strcmp(e->d_name, &STORE_OWN_FOLDER[1]) != 0))
            world_fail("%s is left in the folder %s", e->d_name, path);
    }
    if (d)
        closedir(d);
}

void look_for_rests(void)
{
    world.quiet++;
    look_into(".", false);
    look_into("d", false);
    look_into(&STORE_OWN_FOLDER[1], true);
    world.quiet--;
}

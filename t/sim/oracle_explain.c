/* oracle_explain: whose doing is it that a name holds something else now? For each operation that is under way: can it have
 * turned the one into the other? The session whose task is running is asked first. */
#include <string.h>

#include "oracle_impl.h"
#include "world.h"

static bool starts(struct content c, size_t off, struct content with)
{
    return off + with.len <= c.len && (!with.len || memcmp(c.at + off, with.at, with.len) == 0);
}

/* `head` (of a), then all of b. */
static bool is_joined(struct content c, struct content head, struct content tail)
{
    return c.len == head.len + tail.len && starts(c, 0, head) && starts(c, head.len, tail);
}

/* ---- one way of explaining for each kind of operation ---- */

static bool by_stor(struct op *op, unsigned name, const struct state *now)
{
    const struct name *n = &oracle->name[name];

    if (op->name != name || now->kind != IS_FILE || !op->sent)
        return false;
    if (!op->keep)
        return is_joined(now->content, (struct content){ 0 }, op->payload);
    for (unsigned i = 0; i < n->n; i++) {
        struct content head = n->version[i].state.content;

        if (n->version[i].to <= op->begin || (int64_t)head.len < op->keep)
            continue;
        head.len = (size_t)op->keep;
        if (is_joined(now->content, head, op->payload))
            return true;
    }
    return false;
}

/* An append that found its file goes on with it when the file gets another name at the same moment. */
static bool is_its_file(const struct op *op, unsigned name)
{
    const struct version *v = oracle_now(name);

    if (op->begun)
        return op->place == name;
    return op->name == name || (v->by && v->by->kind == OP_RENAME && v->by->name == op->name && v->from > op->begin);
}

/* In place: what is there grows until all has come; when it fails it shrinks to what was there. */
static bool by_appe(struct op *op, unsigned name, const struct state *now)
{
    struct content base = op->begun ? op->base : oracle_now(name)->state.content, part = op->payload;

    if (!is_its_file(op, name) || now->kind != IS_FILE || !op->sent || now->content.len < base.len ||
        now->content.len > base.len + part.len)
        return false;
    part.len = now->content.len - base.len;
    if (!is_joined(now->content, base, part))
        return false;
    op->begun = part.len > 0;
    op->place = name;
    op->base = base;
    op->appending = part.len && part.len < op->payload.len;
    op->applied = part.len == op->payload.len;
    return true;
}

static bool by_dele(struct op *op, unsigned name, const struct state *now)
{
    return op->name == name && now->kind == IS_ABSENT && oracle_now(name)->state.kind == IS_FILE;
}

static bool by_rename(struct op *op, unsigned name, const struct state *now)
{
    if (op->name == name)
        return now->kind == IS_ABSENT;
    return op->to == name && oracle_same(now, &oracle_now(op->name)->state);
}

static bool by_mkd(struct op *op, unsigned name, const struct state *now)
{
    return op->name == name && now->kind == IS_DIR && oracle_now(name)->state.kind == IS_ABSENT;
}

static bool by_rmd(struct op *op, unsigned name, const struct state *now)
{
    return op->name == name && now->kind == IS_ABSENT && oracle_now(name)->state.kind == IS_DIR;
}

static bool (*const ways[])(struct op *, unsigned, const struct state *) = {
    [OP_STOR] = by_stor, [OP_APPE] = by_appe, [OP_DELE] = by_dele, [OP_RENAME] = by_rename, [OP_MKD] = by_mkd,
    [OP_RMD] = by_rmd,   [OP_SIZE] = NULL,    [OP_RETR] = NULL,    [OP_LIST] = NULL,
};

/* A rename happens to two names. */
static unsigned bit(const struct op *op, unsigned name)
{
    return op->kind == OP_RENAME && op->to == name ? 2 : 1;
}

/* Who may only add: a new file, or a folder. */
static bool is_allowed(const struct op *op, unsigned name)
{
    bool adds = op->kind == OP_MKD || op->kind == OP_APPE || (op->kind == OP_STOR && !op->keep);

    return !op->by.adder || (adds && oracle_now(name)->state.kind == IS_ABSENT);
}

static bool is_due(const struct op *op, unsigned name)
{
    bool done = op->kind != OP_APPE && op->applied & bit(op, name);

    return op->stage != OVER && ways[op->kind] && !done && is_allowed(op, name);
}

static struct op *find(unsigned session, unsigned name, const struct state *now)
{
    for (unsigned i = 0; i < oracle->ops; i++) {
        struct op *op = &oracle->op[i];

        if ((!session || op->by.session == session) && is_due(op, name) && ways[op->kind](op, name, now))
            return op;
    }
    return NULL;
}

static const char *word(const struct state *s)
{
    return s->kind == IS_ABSENT ? "nothing" : s->kind == IS_DIR ? "a folder" : "a file";
}

struct op *explain(unsigned name, const struct state *now)
{
    const struct state *was = &oracle_now(name)->state;
    struct op *op = find(run_session(), name, now);

    if (!op)
        op = find(0, name, now);
    if (!op)
        world_fail("%s held %s of %zu bytes and now holds %s of %zu bytes, which no operation under way explains",
                   oracle_names[name], word(was), was->content.len, word(now), now->content.len);
    if (op->kind != OP_APPE)
        op->applied |= bit(op, name);
    return op;
}
